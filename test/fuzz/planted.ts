/** A decoder with a fault that chance alone would look for until the end of the world: four bytes, each checked after the one before. */
import type { Target } from './target.ts'

const decode = (input: Uint8Array): string => {
  if (input[0] !== 0x66) return 'first'
  if (input[1] !== 0x75) return 'second'
  if (input[2] !== 0x7a) return 'third'
  if (input[3] !== 0x21) return 'fourth'
  throw new TypeError('a planted fault')
}

export const planted: Target = {
  name: 'planted',
  grammar: 'bytes',
  sample: (random) => Uint8Array.from({ length: 40 }, () => random.below(256)),
  run: (input) => {
    decode(input)
  },
}
