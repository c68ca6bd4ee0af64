/** What the chain's next epoch will make of the rows as they stand, and what it would make of one row that all set. */
import { predictYuma, type YumaInput, type YumaOutcome, type YumaRow } from '../../protocol/index.ts'

/** A certified row beside those on chain. Shares are of the active stake, in ppm, rounded down. */
export type Forecast = {
  readonly block: number
  /** Active stake of those whose stored row is the certified one. */
  readonly agreeingPpm: number
  /** The chain's consensus and incentives will be those of the certified row alone, whatever all others have set. */
  readonly isFixed: boolean
  /** What the rows as they stand give. */
  readonly outcome: YumaOutcome
}

const sameRow = (a: YumaRow, b: YumaRow): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The same subnet in which every validator with a permit has set `row` just now. */
export const asIfAllSet = (input: YumaInput, row: YumaRow): YumaInput => ({
  ...input,
  neurons: input.neurons.map((neuron, uid) =>
    neuron.permit || uid === input.ownerUid ? { ...neuron, weights: row, lastUpdate: input.block } : neuron,
  ),
})

/** Holds the certified row against what the chain will make of those that are stored. */
export const forecast = (input: YumaInput, certified: YumaRow): Forecast => {
  const outcome = predictYuma(input)
  const agreeing = outcome.stake.filter((_, uid) => sameRow(input.neurons[uid]?.weights ?? [], certified))
  const agreed = agreeing.reduce((total, part) => total + part, 0n)
  const ideal = predictYuma(asIfAllSet(input, certified))
  return {
    block: input.block,
    agreeingPpm: Number((agreed * 1_000_000n) >> 32n),
    isFixed: JSON.stringify(outcome.consensus) === JSON.stringify(ideal.consensus),
    outcome,
  }
}
