/** The end of a height: the decided header joins the log, the rounds fold it, the next height opens. */
import { headerDigest } from '../message/entry.ts'
import type { Decided } from '../message/vote.ts'
import { type Context, notify, persist } from './context.ts'
import { continuesLog } from './header.ts'
import { receive } from './receive.ts'
import { extendLog, openHeight, remember } from './state.ts'

/** decided is durable before anything that follows from it; messages that came early are looked at now. */
export const decideHeight = (c: Context, decided: Decided): void => {
  const { state, host, at } = c
  const { header } = decided
  const digest = headerDigest(header)
  persist(c, { kind: 'decided', decided })
  notify(c, { kind: 'decided', decided, digest })
  state.log = extendLog(state.log, header)
  remember(state.recent, decided)
  state.decidedAt = at
  const before = state.current.committee
  c.effects.push(...host.apply({ header, digest, at }))
  const committee = host.committee()
  state.current = openHeight(header.height + 1, committee)
  const early = [...state.early.values()]
  state.early = new Map()
  // Signatures were checked against the committee before: a new one may have other keys.
  if (committee === before) for (const message of early) receive(c, message)
}

/** Takes a decided height from a peer. What does not continue this log is ignored: its quorum was checked, so it is old, or the mesh is broken. */
export const adopt = (c: Context, decided: Decided): void => {
  const { header, certificate } = decided
  if (certificate.phase !== 'finalize' || certificate.height !== header.height) return
  if (certificate.value !== headerDigest(header) || !continuesLog(c.state.log, header)) return
  decideHeight(c, decided)
}
