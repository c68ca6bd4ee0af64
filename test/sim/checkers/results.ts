/** Results as the nodes derived them, looked up when a height is decided or, where messages were missing then, at the end. */
import type { Key } from '../../../protocol/crypto.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import type { Sim } from '../watch.ts'

/** The result of a round at this node; null while it has not folded it, or is down. */
export const resultAt = (sim: Sim, node: Key, o: { competition: string; round: number }): RoundResult | null =>
  sim
    .roundsOf(node)
    ?.competitions.get(o.competition)
    ?.results.find(({ round }) => round === o.round) ?? null

/** Who waits for a result that its node has not folded yet. */
type Wanted = {
  readonly node: Key
  readonly tell: (result: RoundResult) => void
  readonly competition: string
  readonly round: number
}

/** Calls back with a node's result at once, or later when `look` finds it. */
export const createResults = (sim: Sim) => {
  let waiting: Wanted[] = []
  const want = (wanted: Wanted): void => {
    const result = resultAt(sim, wanted.node, wanted)
    if (result === null) waiting.push(wanted)
    else wanted.tell(result)
  }
  return {
    want,
    look: (): void => {
      const before = waiting
      waiting = []
      for (const wanted of before) want(wanted)
    },
  }
}
