/** Liars about what they measured, committed and revealed in good order: absurd numbers, one submission listed twice. */
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import type { BodyOf, Signed } from '../../../protocol/message/message.ts'
import { buildStatement, type Evaluation, parseStatement, passed } from '../../../protocol/round/statement.ts'
import type { Adversary, Liar, Strategy } from './mask.ts'
import { say } from './mask.ts'

/** Commits to and reveals `restate` of what the machine under the mask measured. */
const restated = (liar: Liar, restate: (evaluation: Evaluation) => Evaluation): Strategy => {
  const statements = new Map<string, Uint8Array>()
  const restateOnce = (manifest: string, statement: Uint8Array): Uint8Array => {
    const known = statements.get(manifest) ?? buildStatement(restate(parseStatement(statement)))
    statements.set(manifest, known)
    return known
  }
  const changed = (message: Signed): Signed | null => {
    if (message.kind !== 'commit' && message.kind !== 'reveal') return null
    if (message.body.hotkey !== liar.self) return null
    const sealed = [...(liar.rounds()?.competitions.values() ?? [])].find(
      (c) => c.open?.manifest === message.body.manifest,
    )?.open?.sealed
    if (!sealed) return null
    const statement = restateOnce(message.body.manifest, sealed.statement)
    if (message.kind === 'reveal') return liar.sign({ kind: 'reveal', body: { ...message.body, statement } })
    const { competition, round, manifest, hotkey }: BodyOf<'commit'> = message.body
    const id = { domain: liar.domains.mesh, competition, round, manifest }
    const commitment = commitmentOf({ ...id, hotkey, nonce: sealed.nonce, statement })
    return liar.sign({ kind: 'commit', body: { ...message.body, commitment } })
  }
  return {
    faces: (payload, to) => {
      const other = payload.kind === 'message' && to !== liar.self ? changed(payload.message) : null
      return other === null ? [payload] : [say(liar, other)]
    },
  }
}

/** Everything is as good, or as bad, as a number can say. */
export const absurdMetric: Adversary = (liar) =>
  restated(liar, (evaluation) => ({
    ...evaluation,
    submissions: evaluation.submissions.map((measured) => {
      const { id, transcriptRoot, runs } = measured
      const quadsPpm = Array.from({ length: 8 }, () => liar.params['ppm'] ?? 0)
      const values = { quadsPpm, ratioPpb: 0n, timeNanos: 0n, scorePpb: 0n, thetaPpm: 50_000 }
      return passed({ id, transcriptRoot, runs, ...values })
    }),
  }))

export const duplicateIds: Adversary = (liar) =>
  restated(liar, (evaluation) => {
    const [first] = evaluation.submissions
    return first === undefined ? evaluation : { ...evaluation, submissions: [first, ...evaluation.submissions] }
  })
