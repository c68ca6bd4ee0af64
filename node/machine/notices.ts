/** What the machine tells of itself, as lines of the log. */
import { encodeSs58, type Notice } from '../../protocol/index.ts'
import type { Log } from '../log.ts'

/** R-32; said when it is noticed, and at each start after. */
export const logCloned = (log: Log, facts: object = {}): void => {
  log.error(facts, 'another copy of this node signs with its keys: this one votes no more')
}

export const logNotice = (notice: Notice, log: Log): void => {
  switch (notice.kind) {
    case 'decided': {
      const { header } = notice.decided
      log.info({ height: header.height, entry: header.entry.kind, digest: notice.digest }, 'decided')
      if (header.evidence.length > 0)
        log.warn({ height: header.height, evidence: header.evidence }, 'evidence is decided: see /evidence')
      break
    }
    case 'view':
      log.debug(notice, 'view')
      break
    case 'equivocation':
      log.warn({ hotkey: notice.hotkey, kind: notice.first.kind }, 'two signed messages contradict each other')
      break
    case 'evidence':
      log.warn({ ...notice, hotkey: encodeSs58(notice.hotkey) }, 'evidence of an offence: the next header names it')
      break
    case 'refused':
      log.warn({ hotkey: notice.proposal.body.hotkey, reason: notice.reason }, 'proposal refused')
      break
    case 'cloned':
      logCloned(log, { kind: notice.message.kind })
      break
  }
}
