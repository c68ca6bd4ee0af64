/** Checks that a vector handed to the chain is one that the chain takes (13). */
import type { WeightsVector } from '../../../protocol/machine-types.ts'
import { type Checker, Violation } from '../watch.ts'
import { entryOf } from './log.ts'

const U16_MAX = 65_535

const faultOf = ({ uids, values }: WeightsVector, there: ReadonlySet<number> | null): string | null => {
  if (uids.length === 0 || uids.length !== values.length) return 'it is empty or uneven'
  if (uids.some((uid, index) => index > 0 && uid <= (uids[index - 1] ?? uid))) return 'its uids do not rise'
  if (values.some((value) => !Number.isInteger(value) || value < 1 || value > U16_MAX))
    return 'a value is no u16 above 0'
  if (Math.max(...values) !== U16_MAX) return 'its largest value is not 65535'
  return there === null || uids.every((uid) => there.has(uid)) ? null : 'it names a uid that is not there'
}

export const legalWeights: Checker = {
  name: 'legal-weights',
  watch: (sim, checked) => {
    /** By block; null where the chain is not at hand. */
    const uids = new Map<number, ReadonlySet<number> | null>()
    const uidsAt = (block: number): ReadonlySet<number> | null =>
      entryOf(uids, block, () => {
        const metagraph = sim.metagraphAt(block)
        return metagraph === null ? null : new Set(metagraph.neurons.map(({ uid }) => uid))
      })
    return {
      weighed: (node, { block, vector }) => {
        checked()
        const why = faultOf(vector, uidsAt(block))
        if (why !== null) throw new Violation('weights are legal', { node, block, why, vector })
      },
    }
  },
}
