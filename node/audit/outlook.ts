/** What the chain will make of the certified vector at its next epoch: the last line of an audit, and no check, as nobody breaks a rule. */
import { type Metagraph, type RoundState, vectorOf, vectorsUpTo } from '../../protocol/index.ts'
import { forecast } from '../chain/forecast.ts'
import type { Chain } from '../chain/port.ts'

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(1)} %`

/** One sentence about the newest certified vector and the rows of the finalised head; null while there is no vector. */
export const outlook = async (o: {
  readonly netuid: number
  readonly chain: Pick<Chain, 'finalizedHead' | 'metagraphAt' | 'yumaInputAt'>
  readonly rounds: RoundState
}): Promise<string | null> => {
  const { netuid, chain } = o
  const head = await chain.finalizedHead()
  const newest = vectorsUpTo(o.rounds, head.number)[0]
  if (newest === undefined) return null
  const metagraph: Metagraph = await chain.metagraphAt({ netuid, block: newest.block })
  const { uids, values } = vectorOf(o.rounds, metagraph) ?? { uids: [], values: [] }
  const row = uids.map((uid, index) => [uid, values[index] ?? 0] as const)
  const { agreeingPpm, isFixed } = forecast(await chain.yumaInputAt({ netuid, block: head.number }), row)
  const what = isFixed
    ? 'the chain’s next consensus is that of this vector, whatever others set'
    : 'the chain’s next consensus is not that of this vector yet'
  return `the certified vector of block ${newest.block} is the row of ${percent(agreeingPpm)} of the active stake at block ${head.number}: ${what}`
}
