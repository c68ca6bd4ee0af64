/** As a leader it leaves out one validator's commit, reveal or receipts, and it never passes on what that one says. */
import type { Entry, Header } from '../../../protocol/message/entry.ts'
import { resultDigest } from '../../../protocol/round/result.ts'
import { deriveRound } from '../../../protocol/round/stages.ts'
import { type Adversary, type Liar, peerOf, say } from './mask.ts'

const without = (liar: Liar, ids: readonly string[], victim: string): readonly string[] =>
  ids.filter((id) => liar.messageOf(id)?.body.hotkey !== victim)

/** The entry without the victim's; itself where nothing can be left out. */
const leaveOut = (liar: Liar, entry: Entry, victim: string): Entry => {
  if (entry.kind === 'commits') return { ...entry, commits: without(liar, entry.commits, victim) }
  if (entry.kind === 'manifest') return { ...entry, submissions: entry.submissions.slice(1) }
  const competition = liar.rounds()?.competitions.get(entry.kind === 'result' ? entry.competition : '')
  const round = competition?.open ?? null
  const state = liar.rounds()
  if (entry.kind !== 'result' || !competition || !round || !state) return entry
  const reveals = without(liar, entry.reveals, victim).filter((id) => liar.messageOf(id) !== null)
  const attestations = reveals.flatMap((id) => {
    const evaluation = round.checked.get(id)
    const hotkey = liar.messageOf(id)?.body.hotkey ?? ''
    return evaluation === undefined || typeof evaluation === 'string' ? [] : [{ id, hotkey, evaluation }]
  })
  return { ...entry, reveals, result: resultDigest(deriveRound(state, { competition, round }, attestations)) }
}

export const omission: Adversary = (liar) => {
  const victim = peerOf(liar, liar.params['victim']) ?? ''
  /** The same to everyone. */
  const shortened = new Map<Header, Header>()
  return {
    faces: (payload, to) => {
      if (payload.kind !== 'message') return [payload]
      const { message } = payload
      if (message.body.hotkey === victim && message.kind !== 'proposal') return []
      if (message.kind !== 'proposal' || message.body.hotkey !== liar.self || to === liar.self) return [payload]
      if (message.body.parentView !== null) return [payload]
      const { header } = message.body
      const known = shortened.get(header)
      const shown = known ?? (liar.hits() ? { ...header, entry: leaveOut(liar, header.entry, victim) } : header)
      shortened.set(header, shown)
      return shown === header ? [payload] : [say(liar, { kind: 'proposal', body: { ...message.body, header: shown } })]
    },
  }
}
