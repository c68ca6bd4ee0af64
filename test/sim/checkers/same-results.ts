/** Checks that any two nodes derive the same result, the one that the log names, also through a second evaluator (12). */
import { isDeepStrictEqual } from 'node:util'
import { encode } from '../../../protocol/canonical.ts'
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { type RoundResult, roundResult } from '../../../protocol/round/result.ts'
import { type Checker, Violation } from '../watch.ts'
import { sha256 } from './commitment.ts'
import { logOf } from './log.ts'
import { naiveOf } from './naive.ts'
import { createResults } from './results.ts'

/** RESULT holds this hash: tag, then the canonical bytes. */
const digestOf = (result: RoundResult): Digest =>
  sha256(Buffer.from('evalmesh/v1/result'), encode(roundResult, result)).toString('hex')

export const sameResults: Checker = {
  name: 'same-results',
  watch: (sim, checked) => {
    const log = logOf(sim)
    const known = new Map<Digest, RoundResult>()
    const results = createResults(sim)
    const compare = (node: Key, entry: EntryOf<'result'>, result: RoundResult): void => {
      const { competition, round } = entry
      const first = known.get(entry.manifest)
      checked()
      if (first !== undefined) {
        if (!isDeepStrictEqual(first, result)) throw new Violation('one result a round', { node, competition, round })
        return
      }
      known.set(entry.manifest, result)
      if (digestOf(result) !== entry.result)
        throw new Violation('the log names the result', { node, competition, round })
      const naive = naiveOf(sim).resultOf(entry.manifest)
      if (naive !== null && !isDeepStrictEqual(naive, result)) {
        throw new Violation('a second evaluator derives the same', { node, competition, round, naive, result })
      }
    }
    return {
      decided: (node, decided) => {
        log.note(decided)
        results.look()
        const { entry } = decided.header
        if (entry.kind !== 'result') return
        const { competition, round } = entry
        results.want({ node, competition, round, tell: (result) => compare(node, entry, result) })
      },
      ended: results.look,
    }
  },
}
