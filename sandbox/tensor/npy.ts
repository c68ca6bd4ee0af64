/** NumPy's .npy: one array, its header a Python dictionary of three known entries. */
import { DTYPES, type Dtype } from './bfloat16.ts'
import { elementsOf, type Source, type TensorPlace, unfit } from './source.ts'

const MAGIC = Buffer.from('\x93NUMPY', 'latin1')
/** NumPy pads to 64 bytes; a name or a comment has no place in it. */
const HEADER_BYTES_MAX = 4_096

/** As numpy.save and ml_dtypes write them; NumPy itself knows no bfloat16 and calls it two unknown bytes. */
const DESCRIPTIONS: Readonly<Record<string, Dtype>> = {
  '<f4': 'f32',
  '<f2': 'f16',
  '<V2': 'bf16',
  '|V2': 'bf16',
  bfloat16: 'bf16',
}

const ENTRY = /^\s*'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\([0-9,\s]*\))\s*(?:,|$)/

/** The three entries, each once; null for anything else. */
const entriesOf = (text: string): ReadonlyMap<string, string> | null => {
  const inner = /^\{(.*)\}\s*$/s.exec(text)?.[1]
  const entries = new Map<string, string>()
  let rest = inner?.trimEnd() ?? ''
  while (rest !== '') {
    const [whole, name = '', value = ''] = ENTRY.exec(rest) ?? []
    if (whole === undefined || entries.has(name)) return null
    entries.set(name, value)
    rest = rest.slice(whole.length)
  }
  return entries.size === 3 ? entries : null
}

/**
 * Where the array lies.
 * @throws SandboxError `POOL_ADD_FAILED`
 */
export const placeOfNpy = async (source: Source): Promise<TensorPlace> => {
  const { path, size } = source
  const head = await source.read(0, 10)
  if (!head.subarray(0, 6).equals(MAGIC)) throw unfit(path, 'not a .npy file')
  const [, , , , , , version = 0] = head
  if (version < 1 || version > 3) throw unfit(path, 'a version of .npy that is not known', { version })
  const isLong = version > 1
  const length = isLong ? (await source.read(8, 4)).readUInt32LE(0) : head.readUInt16LE(8)
  if (length > HEADER_BYTES_MAX) throw unfit(path, 'a header too long', { length })
  const start = (isLong ? 12 : 10) + length
  const entries = entriesOf((await source.read(start - length, length)).toString('latin1').trimEnd())
  if (entries === null) throw unfit(path, 'a header that numpy.save does not write')
  const description = entries.get('descr')?.slice(1, -1) ?? ''
  const dtype = Object.hasOwn(DESCRIPTIONS, description) ? DESCRIPTIONS[description] : undefined
  if (dtype === undefined) {
    throw unfit(path, `dtype ${description}: float32, float16 or bfloat16, little-endian, is taken`)
  }
  const shape = (entries.get('shape') ?? '')
    .slice(1, -1)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number)
  if (entries.get('fortran_order') !== 'False' && shape.length > 1) {
    throw unfit(path, 'column by column: save numpy.ascontiguousarray of it')
  }
  const want = elementsOf(path, shape) * DTYPES[dtype]
  if (size - start !== want)
    throw unfit(path, 'as much data as its shape says is not there', { want, data: size - start })
  return { name: '', dtype, shape, start, size: want }
}
