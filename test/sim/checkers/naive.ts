/** The second, naive evaluator beside a run: fed with the decided log and the messages it names, asked for results and vectors. */
import type { Digest } from '../../../protocol/crypto.ts'
import type { WeightsVector } from '../../../protocol/machine-types.ts'
import type { Header } from '../../../protocol/message/entry.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import { createNaiveLog } from '../naive/log.ts'
import { naiveVector } from '../naive/vector.ts'
import { type Sim, shared, Violation } from '../watch.ts'
import { logOf } from './log.ts'

export type Naive = {
  /** By the digest of the round's manifest; null where the log has no result of it. */
  readonly resultOf: (manifest: Digest) => RoundResult | null
  /** Of the header that decides one at this block; null without the chain, undefined where the log decides none. */
  readonly vectorAt: (block: number) => WeightsVector | null | undefined
}

const createNaive = (sim: Sim): Naive => {
  const log = logOf(sim)
  const { genesis, messageOf } = sim
  const naive = createNaiveLog({ genesis, messageOf, competitionsAt: (height) => log.paramsAt(height).competitions })
  const results = new Map<Digest, RoundResult>()
  const vectors = new Map<number, WeightsVector | null>()
  let lastBlock: number | null = null
  /** by the ledger and the parameters below the header. */
  const decideVector = ({ block, height }: Header): void => {
    const { mesh, competitions } = log.paramsAt(height)
    if (lastBlock !== null && block < lastBlock + mesh.weightsEveryBlocks) return
    const standings = naive.standings()
    if (standings.size === 0) return
    lastBlock = block
    const metagraph = sim.metagraphAt(block)
    vectors.set(block, metagraph === null ? null : naiveVector({ competitions, standings, metagraph }))
  }
  let fed = 0
  const feed = (): void => {
    for (let next = log.decisions[fed]; next !== undefined; next = log.decisions[fed]) {
      fed++
      try {
        decideVector(next.header)
        const result = naive.decide(next.header)
        if (result !== null) results.set(result.manifest, result)
      } catch (error) {
        throw new Violation('a second evaluator derives the same', { height: next.header.height, error: `${error}` })
      }
    }
  }
  return {
    resultOf: (manifest) => {
      feed()
      return results.get(manifest) ?? null
    },
    vectorAt: (block) => {
      feed()
      return vectors.get(block)
    },
  }
}

/** One evaluator for all checkers of a run. */
export const naiveOf = (sim: Sim): Naive => shared(sim, createNaive)
