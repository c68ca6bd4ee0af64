/** Liars about what they measured, committed and revealed in good order: absurd numbers, one submission listed twice. */
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import type { Signed, Verified } from '../../../protocol/message/message.ts'
import type { OpenRound } from '../../../protocol/round/state.ts'
import { buildStatement, type Evaluation, parseStatement, passed } from '../../../protocol/round/statement.ts'
import type { Payload } from '../network.ts'
import { type Adversary, type Liar, type Strategy, say } from './mask.ts'

/** The round that this manifest opened, while it is open at the liar. */
const openRound = (liar: Liar, manifest: string): OpenRound | undefined =>
  [...(liar.rounds()?.competitions.values() ?? [])].find(({ open }) => open?.manifest === manifest)?.open ?? undefined

/** Commits to `restate` of what the machine under the mask measured, and reveals that once COMMITS names it: the machine would not. */
const restated = (liar: Liar, restate: (evaluation: Evaluation, thetaPpm: number) => Evaluation): Strategy => {
  const statements = new Map<string, Uint8Array>()
  const revealed = new Set<string>()
  const restateOnce = ({ manifest, entry }: OpenRound, statement: Uint8Array): Uint8Array => {
    const known = statements.get(manifest) ?? buildStatement(restate(parseStatement(statement), entry.thetaPpm))
    statements.set(manifest, known)
    return known
  }
  const changed = (message: Signed): Signed | null => {
    if (message.kind !== 'commit' || message.body.hotkey !== liar.self) return null
    const { competition, round, manifest, hotkey } = message.body
    const open = openRound(liar, manifest)
    if (!open?.sealed) return null
    const { sealed } = open
    const statement = restateOnce(open, sealed.statement)
    const id = { domain: liar.domains.mesh, competition, round, manifest }
    const commitment = commitmentOf({ ...id, hotkey, nonce: sealed.nonce, statement })
    return liar.sign({ kind: 'commit', body: { ...message.body, commitment } })
  }
  const reveals = (): readonly Payload[] =>
    [...statements].flatMap(([manifest, statement]) => {
      const open = openRound(liar, manifest)
      if (!open?.committed?.commits.has(liar.self) || revealed.has(manifest)) return []
      revealed.add(manifest)
      const { competition, round, nonce } = parseStatement(statement)
      return [
        say(liar, { kind: 'reveal', body: { competition, round, manifest, hotkey: liar.self, nonce, statement } }),
      ]
    })
  return {
    faces: (payload, to) => {
      const other = payload.kind === 'message' && to !== liar.self ? changed(payload.message) : null
      return other === null ? [payload] : [{ kind: 'message', message: other as Verified<Signed> }]
    },
    heard: reveals,
  }
}

/** Everything is as good, or as bad, as a number can say. */
export const absurdMetric: Adversary = (liar) =>
  restated(liar, (evaluation, thetaPpm) => ({
    ...evaluation,
    submissions: evaluation.submissions.map((measured) => {
      const { id, transcriptRoot, runs } = measured
      const quadsPpm = Array.from({ length: 8 }, () => liar.params['ppm'] ?? 0)
      const values = { linkPpm: 0n, ratioPpb: 0n, timeNanos: 0n }
      return passed({ id, transcriptRoot, runs, quadsPpm, scorePpb: 0n, values, thetaPpm })
    }),
  }))

export const duplicateIds: Adversary = (liar) =>
  restated(liar, (evaluation) => {
    const [first] = evaluation.submissions
    return first === undefined ? evaluation : { ...evaluation, submissions: [first, ...evaluation.submissions] }
  })
