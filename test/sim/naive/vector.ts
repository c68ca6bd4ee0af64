/** The weights vector once more, in exact fractions. */
import type { vectorAt } from '../../../protocol/ledger/weights.ts'
import type { WeightsVector } from '../../../protocol/machine-types.ts'
import { add, divide, floor, isAbove, multiply, ONE, type Rational, rational, subtract, ZERO } from './rational.ts'

type VectorQuery = Parameters<typeof vectorAt>[0]

const PPM = rational(1, 1_000_000)
const ppm = (value: number): Rational => multiply(rational(value), PPM)

/** Who is paid for one competition, and which part of everything. */
const winnerOf = (o: VectorQuery, competition: VectorQuery['competitions'][number]) => {
  const { block, neurons } = o.metagraph
  const here = (hotkey: string): boolean => neurons.some((neuron) => neuron.hotkey === hotkey)
  const records = o.standings.get(competition.id)?.records ?? []
  const paid = records.filter((record) => here(record.hotkey)).at(-1)
  if (paid === undefined) return null
  const { sharePpm, burnPpm, decayBlocks } = competition
  const age = block.number - paid.block
  const left = age >= decayBlocks ? ZERO : rational(decayBlocks - age, decayBlocks)
  return { hotkey: paid.hotkey, share: multiply(multiply(ppm(sharePpm), subtract(ONE, ppm(burnPpm))), left) }
}

/** The owner's share is what is left of one. */
export const naiveVector = (o: VectorQuery): WeightsVector => {
  const { neurons, ownerHotkey } = o.metagraph
  const won = o.competitions.flatMap((competition) => winnerOf(o, competition) ?? [])
  const given = won.reduce((sum, { share }) => add(sum, share), ZERO)
  const all = [...won, { hotkey: ownerHotkey, share: subtract(ONE, given) }]
  const shareOf = (hotkey: string): Rational =>
    all.filter((one) => one.hotkey === hotkey).reduce((sum, { share }) => add(sum, share), ZERO)
  const paid = neurons
    .map(({ uid, hotkey }) => ({ uid, share: shareOf(hotkey) }))
    .filter(({ share }) => isAbove(share, ZERO))
  const top = paid.reduce((most, { share }) => (isAbove(share, most) ? share : most), ZERO)
  const rows = paid
    .map(({ uid, share }) => ({ uid, value: floor(divide(multiply(share, rational(65_535)), top)) }))
    .filter(({ value }) => value > 0n)
    .toSorted((a, b) => a.uid - b.uid)
  return { uids: rows.map(({ uid }) => uid), values: rows.map(({ value }) => Number(value)) }
}
