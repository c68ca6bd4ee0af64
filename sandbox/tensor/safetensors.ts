/** The .safetensors format: a JSON header with each tensor's type, shape and place, then the bytes. */
import { DTYPES, type Dtype } from './bfloat16.ts'
import { elementsOf, type Source, type TensorPlace, unfit } from './source.ts'

/** 16,384 tensors, as many as a pool may hold, with long names. */
const HEADER_BYTES_MAX = 16 * 1024 * 1024

const KNOWN: Readonly<Record<string, Dtype>> = { BF16: 'bf16', F16: 'f16', F32: 'f32' }

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isCounts = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isCount)

const headerOf = async (
  source: Source,
): Promise<{ readonly entries: readonly [string, unknown][]; readonly end: number }> => {
  const { path } = source
  const length = (await source.read(0, 8)).readBigUInt64LE(0)
  if (length > BigInt(HEADER_BYTES_MAX)) throw unfit(path, 'a header too long', { length: `${length}` })
  const end = 8 + Number(length)
  const text = (await source.read(8, Number(length))).toString('utf8')
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    throw unfit(path, 'its header is no JSON')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw unfit(path, 'its header is no object')
  return { entries: Object.entries(header).filter(([name]) => name !== '__metadata__'), end }
}

/**
 * Where the tensors lie, in the order of their places. `isWanted` chooses by name; only what it wants must have a type that is taken.
 * @throws SandboxError `POOL_ADD_FAILED`
 */
export const placesOfSafetensors = async (
  source: Source,
  isWanted: (name: string) => boolean,
): Promise<readonly TensorPlace[]> => {
  const { path, size } = source
  const { entries, end } = await headerOf(source)
  const places = entries
    .filter(([name]) => isWanted(name))
    .map(([name, entry]): TensorPlace => {
      const { dtype: given, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>
      if (typeof given !== 'string' || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
        throw unfit(path, 'a tensor without dtype, shape and data_offsets', { name })
      }
      const dtype = Object.hasOwn(KNOWN, given) ? KNOWN[given] : undefined
      if (dtype === undefined) throw unfit(path, `dtype ${given}: BF16, F16 or F32 is taken`, { name })
      const [from = 0, to = 0] = offsets
      const want = elementsOf(path, shape) * DTYPES[dtype]
      if (to - from !== want || end + to > size)
        throw unfit(path, 'a tensor that its file does not hold', { name, want })
      return { name, dtype, shape, start: end + from, size: want }
    })
  return places.sort((a, b) => a.start - b.start)
}
