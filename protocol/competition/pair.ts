/** PAIR-1: what one host may say of a challenger after paired runs: better, not better, or not yet known; ranks and comparisons only. */
import { compareNumbers, lowerMedian, type Rational } from './integers.ts'

export const PAIR_VERDICTS = ['better', 'not better', 'inconclusive'] as const
export type PairVerdict = (typeof PAIR_VERDICTS)[number]

/** One in parts per million: the ratio of two equals. */
export const ONE_PPM = 1_000_000

/** A ratio against a partner that scores 0, and the largest that is told: a thousandfold. */
const RATIO_MAX_PPM = 1000n * BigInt(ONE_PPM)

/** How one score stands to another in ppm, rounded down; two zeros are equal. */
export const ratioPpm = (candidate: Rational, partner: Rational): number => {
  if (partner.num === 0n) return candidate.num === 0n ? ONE_PPM : Number(RATIO_MAX_PPM)
  const ppm = (candidate.num * partner.den * BigInt(ONE_PPM)) / (candidate.den * partner.num)
  return Number(ppm < RATIO_MAX_PPM ? ppm : RATIO_MAX_PPM)
}

/** Looks after 8 and 16 quads and at the end; what each may spend of being wrong on one side, in parts per million. */
const EARLY_LOOKS = [
  { quads: 8, spendPpm: 4_000 },
  { quads: 16, spendPpm: 11_000 },
] as const
const LAST_SPEND_PPM = 25_100

/**
 * the bound of a look at n quads is the k-th value from its end, k the largest with P(Binomial(n, ½) < k) within the look's spending:
 * ranks 1, 4, 10 at 8, 16, 30 quads (11 at 32). 0 when even the extreme value spends more: then there is no bound.
 */
export const boundRank = (quads: number, spendPpm: number): number => {
  const allowed = BigInt(spendPpm) * (1n << BigInt(quads))
  let choose = 1n
  let below = 0n
  for (let rank = 0; rank <= quads; rank += 1) {
    below += choose
    if (below * BigInt(ONE_PPM) > allowed) return rank
    choose = (choose * BigInt(quads - rank)) / BigInt(rank + 1)
  }
  return quads
}

/** whether a host stops after these quads: at the first look that decides, at the latest when it has `quadsMax`. */
export const isLastLook = (
  ratiosPpm: readonly number[],
  o: { readonly thetaPpm: number; readonly quadsMax: number },
): boolean =>
  ratiosPpm.length >= o.quadsMax ||
  (EARLY_LOOKS.some(({ quads }) => quads === ratiosPpm.length) && pairVerdict(ratiosPpm, o.thetaPpm) !== 'inconclusive')

/**
 * a look says better when its centre is above 1 + θ and its lower bound above 1, not better when centre and upper bound are below 1 + θ;
 * the first look that says either decides, and after the last it is inconclusive.
 * @param ratiosPpm quads in the order they were drawn, candidate over partner, more is better.
 */
export const pairVerdict = (ratiosPpm: readonly number[], thetaPpm: number): PairVerdict => {
  const early = EARLY_LOOKS.filter((look) => look.quads < ratiosPpm.length)
  for (const look of [...early, { quads: ratiosPpm.length, spendPpm: LAST_SPEND_PPM }]) {
    const sorted = ratiosPpm.slice(0, look.quads).sort(compareNumbers)
    const rank = boundRank(sorted.length, look.spendPpm)
    const [lower, upper] = [sorted[rank - 1], sorted[sorted.length - rank]]
    const centre = lowerMedian(sorted)
    if (centre === null || lower === undefined || upper === undefined) continue
    if (centre > ONE_PPM + thetaPpm && lower > ONE_PPM) return 'better'
    if (centre < ONE_PPM + thetaPpm && upper < ONE_PPM + thetaPpm) return 'not better'
  }
  return 'inconclusive'
}
