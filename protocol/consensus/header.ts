/** The header that a height decides: how this node makes one, and what must hold for another's. */
import type { EntryCheck, Judge } from '../application.ts'
import type { Entry, Header } from '../message/entry.ts'
import type { Context } from './context.ts'
import type { LogEnd } from './state.ts'

/** A header for the current height; null while this node's finalised head is behind the log's. */
export const headerFor = (c: Context, entry: Entry): Header | null => {
  const { log, current } = c.state
  const block = c.host.headBlock()
  if (block === null || block < log.block) return null
  return {
    height: current.height,
    previous: log.last,
    logRoot: log.root,
    block,
    epoch: current.committee.epoch,
    entry,
    evidence: c.host.evidence(judgeSoon(c)),
  }
}

/** whether a header continues the log: the height, the digest before, the root of all before, a block that is not earlier. */
export const continuesLog = (log: LogEnd, header: Header): boolean =>
  header.height === log.frontier.size + 1 &&
  header.previous === log.last &&
  header.logRoot === log.root &&
  header.block >= log.block

/** What a judge looks at. */
type View = Pick<Context, 'state' | 'host' | 'at'>

/** what the log and the committee prove wrong is invalid; a block that is not final here yet is waited for. */
export const checkHeader = (c: View, header: Header): EntryCheck => {
  const { log, current } = c.state
  if (!continuesLog(log, header)) return { kind: 'invalid', reason: 'does not continue the log' }
  if (header.epoch !== current.committee.epoch) return { kind: 'invalid', reason: 'names another epoch' }
  if (header.block > (c.host.headBlock() ?? -1))
    return { kind: 'wait', reason: 'its block is not final here', effects: [] }
  return { kind: 'valid' }
}

/** Evidence that a judged proposal itself names is looked at no further: else a chain of them would be. */
const unjudged: Judge = () => ({ kind: 'wait', reason: 'evidence within evidence', effects: [] })

/** what R-16 looked at when the view was nullified, looked at again, by the log alone: no inclusion, no deadline, no parent. */
export const judgeOf =
  (c: View): Judge =>
  ({ header, view }) => {
    const log = checkHeader(c, header)
    return log.kind === 'valid' ? c.host.check({ at: c.at, header, view, fresh: false, judge: unjudged }) : log
  }

/**
 * Views after an invalid proposal whose leaders name it. Where others cannot judge it, by a block that their chain has forgotten for one, a
 * header that names it waits for ever: no more views than these are lost to it.
 */
const NAMED_VIEWS_MAX = 3

/** What a leader goes by when it names evidence itself. */
const judgeSoon = (c: Context): Judge => {
  const { view } = c.state.current
  return (proposal) =>
    proposal.view < view && view <= proposal.view + NAMED_VIEWS_MAX
      ? judgeOf(c)(proposal)
      : { kind: 'wait', reason: 'another view', effects: [] }
}
