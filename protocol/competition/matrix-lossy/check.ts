/** Whether a matrix that came back is similar enough to the one that went in. */
import type { Checked } from '../rules.ts'
import { isSimilar, partsOf, type Sums, similarityScaled, sumsOf } from './similarity.ts'

/** What is above this passes; exactly this does not. */
const BOUND = { num: 99n, den: 100n } as const

const PPB = 1_000_000_000

/** Parts of a million with six decimals. */
const decimals = (ppm: number): string => (ppm / 1_000_000).toFixed(6)

const wordAt = (bytes: Uint8Array, index: number): string =>
  `0x${(((bytes[2 * index + 1] ?? 0) << 8) | (bytes[2 * index] ?? 0)).toString(16).padStart(4, '0')}`

const refused = (code: 'NOT_SIMILAR' | 'NOT_FINITE', text: string, similarityPpb = 0): Checked => ({
  fault: { code, text },
  similarityPpb,
})

const tellSums = (sums: Sums): string => {
  if (sums.xx === 0n) return 'it is all zeros, and what came back is not'
  if (sums.yy === 0n) return 'similarity 0.000000: only zeros came back'
  const { cosinePpm, errorPpm } = partsOf(sums)
  const similarity = decimals(similarityScaled(sums, 1_000_000))
  return `similarity ${similarity}: cosine ${decimals(cosinePpm)}, relative error ${decimals(errorPpm)}`
}

/**
 * with similarity(x, y) = cos(x, y) · (1 − ‖x − y‖ / ‖x‖) over the elements that are finite in x, in exact whole numbers, a matrix passes
 * when both factors are above 0 and their product is above 0.99; one without any norm passes when what came back has none either. What is infinite
 * or no number in x must come back as the same word, and nowhere else may such a word stand. The length is the same, an odd last byte too.
 */
export const check = ({ raw, returned }: { readonly raw: Uint8Array; readonly returned: Uint8Array }): Checked => {
  const isWhole = raw.length === returned.length && (raw.length % 2 === 0 || raw.at(-1) === returned.at(-1))
  if (!isWhole) return refused('NOT_SIMILAR', `${returned.length} of ${raw.length} bytes came back`)
  const sums = sumsOf(raw, returned)
  if ('strange' in sums) {
    const { strange } = sums
    const text = `element ${strange} was ${wordAt(raw, strange)} and came back as ${wordAt(returned, strange)}`
    return refused('NOT_FINITE', text)
  }
  const similarityPpb = similarityScaled(sums, PPB)
  return isSimilar(sums, BOUND) ? { fault: null, similarityPpb } : refused('NOT_SIMILAR', tellSums(sums), similarityPpb)
}
