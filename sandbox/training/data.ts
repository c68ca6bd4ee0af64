/** A round's training data: a language of its own for each seed, drawn by whole numbers from SHAKE-256. */
import { createHash } from 'node:crypto'
import type { TrainingContract } from '../../protocol/index.ts'

/** Of 65,536: how often a token is one of its forerunner's few successors, and how often it repeats what stood before. */
const FOLLOWS = 26_000
const REPEATS = 36_000
const SUCCESSORS = 4
/** How far back a repetition looks. */
const BACK = [3, 5, 8, 13] as const
const ONE = 65_536

/** Words of 16 bits from the extendable output of one hash, as many as were ordered. */
function createStream(seed: string, words: number): () => number {
  const bytes = createHash('shake256', { outputLength: 2 * words })
    .update(seed)
    .digest()
  let at = 0
  return () => {
    const word = bytes.readUInt16LE(2 * at)
    at += 1
    return word
  }
}

/** Thresholds of Zipf's law over 65,536: the r-th most frequent token comes in proportion to 1 / (r + 3). */
function zipfThresholds(vocabulary: number): Uint32Array {
  // Shares in whole parts of 2^40: the same on every machine.
  const shares = Array.from({ length: vocabulary }, (_, rank) => Math.floor(2 ** 40 / (rank + 3)))
  const total = shares.reduce((sum, share) => sum + share, 0)
  let sum = 0
  return Uint32Array.from(shares, (share) => {
    sum += share
    return Math.floor(sum / Math.ceil(total / ONE))
  })
}

/** The first rank whose threshold lies above the word. */
function rankOf(thresholds: Uint32Array, word: number): number {
  let [low, high] = [0, thresholds.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((thresholds[middle] ?? 0) > word) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Tokens of `steps` batches, u16 LE, one after the other. Frequencies follow Zipf's law, pairs have favourites and phrases come
 * back, so that a model learns something in each sequence; no two sequences are the same but by chance.
 */
export function trainingData(contract: TrainingContract, seed: string, steps: number): Buffer[] {
  const { vocabulary, sequence } = contract.model
  const tokens = steps * contract.batch * sequence
  const draw = createStream(seed, 2 * (vocabulary - 1) + SUCCESSORS * vocabulary + 3 * tokens)
  const thresholds = zipfThresholds(vocabulary)
  // Which token has which rank: Fisher–Yates with 32 bits, whose bias over a vocabulary of thousands nobody can use.
  const order = Uint16Array.from({ length: vocabulary }, (_, token) => token)
  for (let last = vocabulary - 1; last > 0; last -= 1) {
    const other = ((draw() * ONE + draw()) >>> 0) % (last + 1)
    const [a, b] = [order[last] ?? 0, order[other] ?? 0]
    order[last] = b
    order[other] = a
  }
  const successors = Uint16Array.from({ length: SUCCESSORS * vocabulary }, () => order[rankOf(thresholds, draw())] ?? 0)
  const nextOf = (text: Uint16Array, at: number): number => {
    const [kind, word, which] = [draw(), draw(), draw()]
    if (at > 0 && kind < FOLLOWS) return successors[SUCCESSORS * (text[at - 1] ?? 0) + (which % SUCCESSORS)] ?? 0
    const back = BACK[which % BACK.length] ?? 3
    if (kind >= FOLLOWS && kind < REPEATS && at >= back) return text[at - back] ?? 0
    return order[rankOf(thresholds, word)] ?? 0
  }
  return Array.from({ length: steps }, () => {
    const batch = Buffer.alloc(2 * contract.batch * sequence)
    for (let row = 0; row < contract.batch; row += 1) {
      const text = new Uint16Array(sequence)
      for (let at = 0; at < sequence; at += 1) {
        text[at] = nextOf(text, at)
        batch.writeUInt16LE(text[at] ?? 0, 2 * (row * sequence + at))
      }
    }
    return batch
  })
}
