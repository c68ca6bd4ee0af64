/** Checks that a certified metric lies within what honest validators measured, and after healing between their outer quarters (10). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { BodyOf } from '../../../protocol/message/message.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { openedOf } from './commitment.ts'
import { entryOf, firstDecisions, type Round } from './log.ts'
import { createResults } from './results.ts'
import { createFreshVotes, SETTLE_MS } from './timely.ts'

/** One honest measurement that votes on a metric. */
type Value = { readonly centrePpm: number; readonly weight: bigint }

type Reveal = { readonly body: BodyOf<'reveal'>; readonly at: number }

/** What of these reveals counts for the submission at this place: passes of hosts that are quiet enough. */
const valuesOf = (round: Round, reveals: Iterable<BodyOf<'reveal'>>, index: number): readonly Value[] => {
  const values: Value[] = []
  for (const { hotkey, statement } of reveals) {
    const { hostNoisePpm, submissions } = openedOf(statement)
    const said = submissions[index]
    const weight = round.seats.weights.get(hotkey)
    if (weight === undefined || said?.verdict !== 'pass' || hostNoisePpm > round.entry.thetaPpm) continue
    values.push({ centrePpm: said.centrePpm, weight })
  }
  return values
}

const weigh = (values: readonly Value[], isOn: (centrePpm: number) => boolean): bigint =>
  values.reduce((sum, { centrePpm, weight }) => (isOn(centrePpm) ? sum + weight : sum), 0n)

type Judged = {
  readonly round: Round
  /** In RESULT, of anyone. */
  readonly included: readonly BodyOf<'reveal'>[]
  /** In RESULT, of honest validators. */
  readonly honest: readonly BodyOf<'reveal'>[]
  /** Of honest validators and in time, in RESULT or not; null where that is not promised. */
  readonly timely: readonly BodyOf<'reveal'>[] | null
}

/**
 * The upper median of the included weight W has at most W/2 strictly below it and less than W/2 above. Who is honest and in time is
 * included after healing, so its weight on either side is no more than that: nobody moved the metric by leaving honest values out.
 */
const faultOf = ({ round, included, honest, timely }: Judged, index: number, metricPpm: number): string | null => {
  const centres = valuesOf(round, honest, index).map(({ centrePpm }) => centrePpm)
  if (metricPpm < Math.min(...centres) || metricPpm > Math.max(...centres)) return 'outside of the honest range'
  if (timely === null) return null
  const whole = weigh(valuesOf(round, included, index), () => true)
  const values = valuesOf(round, timely, index)
  if (2n * weigh(values, (centre) => centre < metricPpm) > whole) return 'more than half is honest and below'
  return 2n * weigh(values, (centre) => centre > metricPpm) > whole ? 'more than half is honest and above' : null
}

const revealsOf = (sim: Sim, ids: readonly Digest[]): readonly BodyOf<'reveal'>[] =>
  ids.flatMap((id) => {
    const message = sim.messageOf(id)
    return message?.kind === 'reveal' ? [message.body] : []
  })

export const honestRange: Checker = {
  name: 'honest-range',
  watch: (sim, checked) => {
    /** Honest reveals by manifest. */
    const revealed = new Map<Digest, Map<Key, Reveal>>()
    const fresh = createFreshVotes(sim)
    const results = createResults(sim)
    const decisionOf = firstDecisions(sim)
    const timelyOf = (round: Round, value: Digest, honest: ReadonlySet<Key>): readonly BodyOf<'reveal'>[] | null => {
      if (round.openedAt <= sim.healAtMs + SETTLE_MS) return null
      const before = Math.max(0, ...fresh.votesFor(value).map(({ heldBefore }) => heldBefore))
      const reveals = [...(revealed.get(round.manifest)?.values() ?? [])]
      return reveals.flatMap(({ body, at }) => (honest.has(body.hotkey) || at < before ? [body] : []))
    }
    const judge = (judged: Judged, result: RoundResult): void => {
      result.submissions.forEach(({ id, verdict, metricPpm }, index) => {
        if (verdict !== 'pass') return
        checked()
        const why = faultOf(judged, index, metricPpm)
        if (why !== null)
          throw new Violation('a metric is within the honest range', { why, id, metricPpm, round: result.round })
      })
    }
    return {
      persisted: fresh.persisted,
      signed: (node, message) => {
        fresh.signed(node, message)
        if (message.kind !== 'reveal') return
        const reveals = entryOf(revealed, message.body.manifest, () => new Map<Key, Reveal>())
        if (!reveals.has(node)) reveals.set(node, { body: message.body, at: sim.now() })
      },
      decided: (node, decided) => {
        const decision = decisionOf(decided)
        const entry = decision?.header.entry
        results.look()
        if (decision === null || decision.round === null || entry?.kind !== 'result') return
        const { round } = decision
        const included = revealsOf(sim, entry.reveals)
        const honest = included.filter(({ hotkey }) => sim.isHonest(hotkey))
        const timely = timelyOf(round, decision.digest, new Set(honest.map(({ hotkey }) => hotkey)))
        const { competition, round: number } = entry
        const tell = (result: RoundResult): void => judge({ round, included, honest, timely }, result)
        results.want({ node, competition, round: number, tell })
      },
      ended: results.look,
    }
  },
}
