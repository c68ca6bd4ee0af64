/** Checks that a block has one vector over all nodes, the one that follows from the log, and that no node hands it to the chain twice (21). */
import type { Key } from '../../../protocol/crypto.ts'
import type { WeightsVector } from '../../../protocol/machine-types.ts'
import { type Checker, Violation } from '../watch.ts'
import { entryOf, logOf } from './log.ts'
import { naiveOf } from './naive.ts'

const isSame = (a: WeightsVector, b: WeightsVector): boolean =>
  a.uids.join() === b.uids.join() && a.values.join() === b.values.join()

export const vectors: Checker = {
  name: 'vectors',
  watch: (sim, checked) => {
    const log = logOf(sim)
    const known = new Map<number, WeightsVector>()
    const set = new Map<Key, Set<number>>()
    return {
      decided: (_, decided) => {
        log.note(decided)
      },
      weighed: (node, { block, vector }) => {
        const blocks = entryOf(set, node, () => new Set<number>())
        checked()
        if (blocks.has(block)) throw new Violation('a vector is set once', { node, block })
        blocks.add(block)
        const naive = naiveOf(sim).vectorAt(block)
        if (naive === undefined) throw new Violation('a vector is of a due block', { node, block })
        const first = known.get(block)
        if (first !== undefined) {
          if (!isSame(first, vector)) throw new Violation('one vector a block', { node, block, first, vector })
          return
        }
        known.set(block, vector)
        if (naive !== null && !isSame(naive, vector)) {
          throw new Violation('a vector is the one of its block', { node, block, naive, vector })
        }
      },
    }
  },
}
