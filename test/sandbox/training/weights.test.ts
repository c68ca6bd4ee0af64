/** Promises about weights that come back: exactly the model's own tensors, or a fault that names the first that is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elementsOf, tensorsOf } from '../../../protocol/index.ts'
import { RunFault, readContract } from '../../../sandbox/index.ts'
import { checkTrainingBundle, TRAIN_BYTES_MAX } from '../../../sandbox/training/job.ts'
import { parseWeights } from '../../../sandbox/training/segment.ts'

const known = readContract('tiny').contract
const contract = { ...known, model: { width: 4, layers: 1, heads: 1, vocabulary: 8, sequence: 8 } }

type Entry = { dtype: string; shape: readonly number[]; data_offsets: readonly [number, number] }

const layout = (): Record<string, Entry> => {
  let offset = 0
  return Object.fromEntries(
    tensorsOf(contract).map((tensor): [string, Entry] => {
      const from = offset
      offset += 4 * elementsOf(tensor)
      return [tensor.name, { dtype: 'F32', shape: tensor.shape, data_offsets: [from, offset] }]
    }),
  )
}

const bytes = tensorsOf(contract).reduce((sum, tensor) => sum + 4 * elementsOf(tensor), 0)

const pack = (header: unknown, data = Buffer.alloc(bytes, 7)): Buffer => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, data])
}

const refuses = (payload: Buffer, text: RegExp): void => {
  assert.throws(
    () => parseWeights(payload, contract),
    (thrown: unknown) =>
      thrown instanceof RunFault && thrown.code === 'WRONG_STATE' && text.test(String(thrown.facts['text'])),
  )
}

test('the model’s own tensors are taken, as they are', () => {
  const data = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251))
  assert.ok(parseWeights(pack(layout(), data), contract).equals(data))
})

const changed = (name: string, change: Partial<Entry>): Record<string, Entry> => {
  const header = layout()
  const entry = header[name]
  assert.ok(entry)
  return { ...header, [name]: { ...entry, ...change } }
}

const wrong: readonly (readonly [string, Buffer, RegExp])[] = [
  ['another type', pack(changed('norm.weight', { dtype: 'BF16' })), /^norm\.weight must be F32/],
  ['another shape', pack(changed('embed.weight', { shape: [4, 8] })), /^embed\.weight must be F32 of shape \[8,4\]/],
  ['overlapping tensors', pack(changed('norm.weight', { data_offsets: [0, 16] })), /^norm\.weight/],
  ['a tensor more', pack({ ...layout(), extra: { dtype: 'F32', shape: [], data_offsets: [0, 0] } }), /extra/],
  ['a tensor less', pack(Object.fromEntries(Object.entries(layout()).slice(1))), /^embed\.weight/],
  ['bytes behind', pack(layout(), Buffer.alloc(bytes + 1)), /beside/],
  ['bytes missing', pack(layout(), Buffer.alloc(bytes - 1)), /beside/],
  ['no header', Buffer.alloc(3), /no header/],
  ['a header longer than all', Buffer.alloc(16, 0xff), /another length/],
  ['a header that is not JSON', pack('{'), /not JSON/],
  ['a header that is a number', pack('7'), /no object/],
  ['a header that is null', pack('null'), /no object/],
  ['a tensor that is null', pack({ ...layout(), 'norm.weight': null }), /^norm\.weight/],
]

for (const [name, payload, text] of wrong) {
  test(`weights with ${name} are refused and say so`, () => refuses(payload, text))
}

test('a training submission is train.py alone, and not too large', () => {
  const file = (path: string, length: number) => ({ path, content: new Uint8Array(length).fill(35) })
  assert.equal(checkTrainingBundle([file('train.py', TRAIN_BYTES_MAX)]).length, TRAIN_BYTES_MAX)
  for (const files of [[], [file('solution.py', 1)], [file('train.py', 1), file('more.py', 1)]]) {
    assert.throws(() => checkTrainingBundle(files), /BAD_BUNDLE/)
  }
  assert.throws(() => checkTrainingBundle([file('train.py', TRAIN_BYTES_MAX + 1)]), /OVERSIZE/)
})
