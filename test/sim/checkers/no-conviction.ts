/** Checks that nothing an honest node ever signs, across all its crashes, is evidence against it, and that nobody calls it an offender (5). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Notice } from '../../../protocol/machine-types.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { type Evidence, evidenceId } from '../../../protocol/message/evidence.ts'
import { type Checker, Violation } from '../watch.ts'
import { createWitness } from './contradictions.ts'
import { domainOf, domainsIn, placeOf } from './log.ts'

/** Whom a notice accuses; a node that takes itself for a clone accuses itself. */
const accused = (notice: Notice): Key | null => {
  if (notice.kind === 'refused') return notice.proposal.body.hotkey
  if (notice.kind === 'cloned') return notice.message.body.hotkey
  return 'hotkey' in notice ? notice.hotkey : null
}

/** Whether it says that a proposal is wrong by the log, and nothing else. */
const isByLog = ({ messages }: Evidence): boolean => messages.length === 1 && messages[0]?.kind === 'proposal'

/** Whether its messages are of the one whom it names and contradict each other; a proposal alone is wrong only by its log. */
const isSound = (evidence: Evidence, domain: Digest): boolean => {
  const { delegation, messages } = evidence
  const { hotkey } = delegation.body
  const [first, ...more] = messages
  if (first === undefined || more.length > 1 || messages.some(({ body }) => body.hotkey !== hotkey)) return false
  if (isByLog(evidence)) return true
  const hear = createWitness(domain)
  const said = more.length === 0 ? [delegation, first] : messages
  return said.map(hear).some((contradiction) => contradiction !== null)
}

export const noConviction: Checker = {
  name: 'no-conviction',
  watch: (sim, checked) => {
    const hear = createWitness(domainOf(sim))
    /** Whom the evidence on honest disks accuses, by its id. */
    const held = new Map<Digest, Key>()
    const values = new Map<number, Digest>()
    const notarized = new Map<number, Digest>()
    /**
     * Two values of one height were decided, or of one view notarized, over the budget: an honest leader of one looks wrong to who has the
     * other, and only contradictions say something.
     */
    let isSplit = false
    return {
      certified: (certificate) => {
        if (certificate.phase === 'nullify') return
        const value = notarized.get(placeOf(certificate)) ?? certificate.value
        isSplit ||= value !== certificate.value
        notarized.set(placeOf(certificate), value)
      },
      persisted: (node, records) => {
        for (const record of records) {
          if (record.kind !== 'evidence') continue
          const { evidence } = record
          const { hotkey } = evidence.delegation.body
          checked()
          if (sim.isHonest(hotkey) && !(isSplit && isByLog(evidence))) {
            throw new Violation('nobody honest is accused', { node, hotkey, kind: 'evidence' })
          }
          if (!isSound(evidence, domainOf(sim))) throw new Violation('evidence shows an offence', { node, hotkey })
          held.set(evidenceId(evidence, domainsIn(sim)), hotkey)
        }
      },
      decided: (node, { header }) => {
        const { height, evidence } = header
        const value = headerDigest(header)
        isSplit ||= (values.get(height) ?? value) !== value
        values.set(height, value)
        for (const id of evidence) {
          checked()
          if (!held.has(id)) throw new Violation('what convicts is held by someone honest', { node, height, id })
        }
      },
      signed: (node, message) => {
        checked()
        const contradiction = hear(message)
        if (contradiction === null) return
        throw new Violation(`no honest node ${contradiction.what}`, { node, kind: message.kind, body: message.body })
      },
      noticed: (node, notice) => {
        const hotkey = accused(notice)
        if (hotkey === null) return
        checked()
        if (sim.isHonest(hotkey) && !(isSplit && notice.kind === 'refused')) {
          throw new Violation('nobody honest is accused', { node, hotkey, kind: notice.kind })
        }
      },
    }
  },
}
