/** Pools of an operator's own tensors: what each format gives, how numbers are rounded, what is refused, and that a refusal leaves no trace. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { merkleRoot } from '../../../protocol/index.ts'
import { addToPool, buildPool, type Engine, parsePoolManifest, readPool, SandboxError } from '../../../sandbox/index.ts'
import { toBfloat16 } from '../../../sandbox/tensor/bfloat16.ts'

const home = mkdtempSync(join(tmpdir(), 'evalmesh-pool-add-'))
after(() => rmSync(home, { recursive: true, force: true }))
let folders = 0
const newDir = (): string => join(home, `pool-${folders++}`)

const put = (name: string, bytes: Uint8Array): string => {
  const path = join(home, name)
  writeFileSync(path, bytes)
  return path
}

const npy = (header: string, data: Uint8Array, version = 1): Buffer => {
  const text = Buffer.from(`${header}\n`, 'latin1')
  const length = Buffer.alloc(version === 1 ? 2 : 4)
  if (version === 1) length.writeUInt16LE(text.length)
  else length.writeUInt32LE(text.length)
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, text, data])
}
const dict = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`

const safetensors = (header: unknown, data: Uint8Array): Buffer => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, data])
}

const floats = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, 4 * index)
  return bytes
}
const wordsOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i))
const rowsOf = (dir: string) => parsePoolManifest(readFileSync(join(dir, 'manifest.csv'))).rows
const matrixOf = (dir: string, digest = ''): number[] => wordsOf(readFileSync(join(dir, `${digest}.bin`)))

test('float32 is rounded to the nearest bfloat16, ties to even, and NaN never becomes infinity', () => {
  const bits = (...values: number[]): number[] => {
    const bytes = Buffer.alloc(4 * values.length)
    for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index)
    return wordsOf(toBfloat16(bytes, 'f32').bytes)
  }
  assert.deepEqual(bits(0x3f800000, 0x3f807fff, 0x3f808000, 0x3f808001), [0x3f80, 0x3f80, 0x3f80, 0x3f81])
  assert.deepEqual(bits(0x3f818000, 0x3f817fff, 0xbf818000), [0x3f82, 0x3f81, 0xbf82])
  assert.deepEqual(bits(0x7f7fffff, 0x7f800000, 0xff800000), [0x7f80, 0x7f80, 0xff80])
  assert.deepEqual(bits(0x7f800001, 0xffc12345, 0x7fffffff), [0x7fc0, 0xffc1, 0x7fff])
  assert.deepEqual(bits(0x00000000, 0x80000000, 0x00008000, 0x00018000), [0, 0x8000, 0, 2])
})

test('every float16 becomes the nearest bfloat16 of its value', () => {
  for (let half = 0; half < 65_536; half += 1) {
    const exponent = (half >> 10) & 31
    const value = exponent === 0 ? (half & 1023) * 2 ** -24 : (1024 + (half & 1023)) * 2 ** (exponent - 25)
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(half)
    const [word = 0] = wordsOf(toBfloat16(bytes, 'f16').bytes)
    if (exponent === 31) {
      const isNan = (half & 1023) !== 0
      assert.equal((word & 0x7fff) > 0x7f80, isNan)
      assert.equal(word >> 15, half >> 15)
      continue
    }
    const [want = 0] = wordsOf(toBfloat16(floats(half >= 0x8000 ? -value : value), 'f32').bytes)
    assert.equal(word, want, `float16 ${half.toString(16)}`)
  }
})

test('a .npy file of each type and dimension becomes rows and columns', async () => {
  const dir = newDir()
  const half = Buffer.from([0x00, 0x3c, 0x00, 0xc0])
  const raw = Buffer.from([0x80, 0x3f, 0x00, 0xc0])
  const files = [
    put('layers.3.mlp-step120.npy', npy(dict('<f4', '(2, 3)'), floats(1, -2, 3, 4, 5, 6))),
    put('h.11.GRAD.npy', npy(dict('<f2', '(2,)'), half, 2)),
    put('raw.npy', npy(dict('|V2', '(1, 1, 2)', 'True').replace('True', 'False'), raw)),
    put('one.npy', npy(dict('<f4', '()'), floats(0.5), 3)),
  ]
  const { pool, added } = await addToPool({ dir, files })
  assert.deepEqual(
    added.map(({ row: { name, rows, columns, layer, step, direction }, isNew, strange }) => {
      return [name, rows, columns, layer, step, direction, isNew, strange]
    }),
    [
      ['layers-3-mlp-step120', 2, 3, 3, 120, 'forward', true, 0],
      ['h-11-grad', 1, 2, 11, 0, 'backward', true, 0],
      ['raw', 1, 2, 0, 0, 'forward', false, 0],
      ['one', 1, 1, 0, 0, 'forward', true, 0],
    ],
  )
  // The raw one holds what the float16 one became, 1 and −2: one matrix.
  assert.equal(pool.digests.length, 3)
  assert.deepEqual(matrixOf(dir, pool.digests[0]), [0x3f80, 0xc000, 0x4040, 0x4080, 0x40a0, 0x40c0])
  assert.deepEqual(matrixOf(dir, pool.digests[1]), [0x3f80, 0xc000])
  assert.equal(pool.root, merkleRoot(pool.digests))
  assert.deepEqual(await readPool(dir), pool)
})

test('NumPy’s own files are read', { skip: canRunNumpy() ? false : 'needs python3 with NumPy' }, async () => {
  const program = `
import numpy, sys
numpy.save(sys.argv[1] + "/saved32.npy", numpy.arange(12, dtype="<f4").reshape(3, 4) / 3)
numpy.save(sys.argv[1] + "/saved16.npy", numpy.arange(6, dtype="<f2").reshape(1, 2, 3))
numpy.save(sys.argv[1] + "/columns.npy", numpy.asfortranarray(numpy.ones((3, 4), dtype="<f4")))
numpy.save(sys.argv[1] + "/whole.npy", numpy.arange(4))
`
  execFileSync('python3', ['-c', program, home])
  const dir = newDir()
  const { added } = await addToPool({ dir, files: ['saved32', 'saved16'].map((name) => join(home, `${name}.npy`)) })
  assert.deepEqual(
    added.map(({ row }) => [row.rows, row.columns]),
    [
      [3, 4],
      [2, 3],
    ],
  )
  const third = wordsOf(toBfloat16(floats(...Array.from({ length: 12 }, (_, i) => Math.fround(i / 3))), 'f32').bytes)
  assert.deepEqual(matrixOf(dir, added[0]?.row.digest), third)
  await refused(join(home, 'columns.npy'), /column by column/)
  await refused(join(home, 'whole.npy'), /dtype <i8/)
})

function canRunNumpy(): boolean {
  try {
    execFileSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('a .safetensors file gives its tensors, or those that are asked for by name', async () => {
  const header = {
    __metadata__: { format: 'pt' },
    'layers.0.out.grad': { dtype: 'BF16', shape: [2, 2], data_offsets: [8, 16] },
    'layers.0.out': { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    ids: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
  }
  const file = put('all.safetensors', safetensors(header, Buffer.concat([floats(1, 2), Buffer.alloc(16, 1)])))
  await refused(file, /dtype I64/)
  const tensors = ['layers.0.out', 'layers.0.out.grad']
  const dir = newDir()
  const { added } = await addToPool({ dir, files: [file], tensors })
  assert.deepEqual(
    added.map(({ row: { name, rows, columns, direction } }) => [name, rows, columns, direction]),
    [
      ['all-layers-0-out', 1, 2, 'forward'],
      ['all-layers-0-out-grad', 2, 2, 'backward'],
    ],
  )
  assert.deepEqual(matrixOf(dir, added[1]?.row.digest), [0x0101, 0x0101, 0x0101, 0x0101])
  await refused(file, /no tensor of these names/, { tensors: ['layers.1.out'] })
})

test('raw .bin has the shape that is given, and traits that are given win over names', async () => {
  const dir = newDir()
  const file = put('step9.bin', Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]))
  const traits = { layer: 5, step: 7, direction: 'backward' } as const
  await addToPool({ dir, files: [file], shape: { rows: 2, columns: 2 }, traits })
  const [row] = rowsOf(dir)
  assert.deepEqual(
    [row?.rows, row?.columns, row?.layer, row?.step, row?.direction, row?.digest],
    [2, 2, 5, 7, 'backward', hash('sha256', Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]))],
  )
  await refused(file, /not two bytes for each element/, { shape: { rows: 3, columns: 2 } })
  const odd = put('odd.bin', Buffer.alloc(5))
  await refused(odd, /not two bytes/)
})

test('what is not finite is counted', async () => {
  const file = put('strange.npy', npy(dict('<f4', '(3,)'), floats(Number.NaN, Number.POSITIVE_INFINITY, 1)))
  const { added } = await addToPool({ dir: newDir(), files: [file] })
  assert.equal(added[0]?.strange, 2)
})

test('a pool grows: what was there stays in its place, the same again adds nothing, and the root changes with it', async () => {
  const dir = newDir()
  const [a, b] = [put('a.bin', Buffer.from([1, 1])), put('b.bin', Buffer.from([2, 2]))]
  const first = await addToPool({ dir, files: [a] })
  const second = await addToPool({ dir, files: [b, a] })
  assert.deepEqual(second.pool.digests, [first.pool.digests[0], hash('sha256', Buffer.from([2, 2]))])
  assert.deepEqual(
    second.added.map(({ isNew }) => isNew),
    [true, false],
  )
  assert.notEqual(second.pool.root, first.pool.root)
  const third = await addToPool({ dir, files: [a, b] })
  assert.deepEqual(third.pool, second.pool)
})

test('a refused file leaves the pool as it was, and no other file beside it', async () => {
  const dir = newDir()
  const good = put('good.bin', Buffer.from([9, 9]))
  const { pool } = await addToPool({ dir, files: [good] })
  const before = readdirSync(home).sort()
  const more = put('more.bin', Buffer.from([8, 8]))
  await assert.rejects(addToPool({ dir, files: [more, put('bad.npy', Buffer.from('no'))] }), SandboxError)
  assert.deepEqual(await readPool(dir), pool)
  assert.deepEqual(
    readdirSync(home)
      .filter((name) => !['bad.npy', 'more.bin'].includes(name))
      .sort(),
    before,
  )
})

test('a crash between the old pool and the new one loses neither', async () => {
  const dir = newDir()
  const bin = (name: string, byte: number): string => put(name, Uint8Array.of(byte, 0))
  await addToPool({ dir, files: [bin('first.bin', 1)] })
  const waiting = join(home, `.${basename(dir)}.replaced`)
  renameSync(dir, waiting)
  const { pool } = await addToPool({ dir, files: [bin('second.bin', 2)] })
  assert.equal(pool.digests.length, 2)
  cpSync(dir, waiting, { recursive: true })
  await addToPool({ dir, files: [bin('third.bin', 3)] })
  assert.equal(rowsOf(dir).length, 3)
  assert.equal(existsSync(waiting), false)
})

test('other files are never replaced, nor are added matrices by a build', async () => {
  const dir = newDir()
  mkdirSync(dir)
  writeFileSync(join(dir, 'thesis.txt'), 'years of work')
  await assert.rejects(addToPool({ dir, files: [put('c.bin', Buffer.from([3, 3]))] }), /holds other files/)
  assert.ok(existsSync(join(dir, 'thesis.txt')))
  const own = newDir()
  await addToPool({ dir: own, files: [put('d.bin', Buffer.from([4, 4]))] })
  const engine: Engine = new Proxy({} as Engine, {
    get: () => assert.fail('nothing is started'),
  })
  await assert.rejects(buildPool({ engine, preset: 'demo', outDir: own }), /holds matrices that were added/)
})

async function refused(file: string, says: RegExp, o: Partial<Parameters<typeof addToPool>[0]> = {}): Promise<void> {
  const dir = newDir()
  await assert.rejects(addToPool({ dir, files: [file], ...o }), (thrown: unknown) => {
    assert.ok(thrown instanceof SandboxError && thrown.code === 'POOL_ADD_FAILED', String(thrown))
    assert.match(thrown.message, says)
    return true
  })
  assert.equal(existsSync(dir), false)
}

const hostile: readonly { name: string; bytes: () => Uint8Array; says: RegExp }[] = [
  { name: 'empty.npy', bytes: () => Buffer.alloc(0), says: /cut off/ },
  { name: 'other.npy', bytes: () => Buffer.from('PK\x03\x04 a zip archive'), says: /not a .npy file/ },
  { name: 'version.npy', bytes: () => npy(dict('<f4', '(1,)'), floats(1), 9), says: /version/ },
  { name: 'long.npy', bytes: () => npy(dict('<f4', '(1,)').padEnd(60_000), floats(1)), says: /header too long/ },
  { name: 'short.npy', bytes: () => npy(dict('<f4', '(2,)'), floats(1)), says: /as much data/ },
  { name: 'more.npy', bytes: () => npy(dict('<f4', '(1,)'), floats(1, 2)), says: /as much data/ },
  { name: 'none.npy', bytes: () => npy(dict('<f4', '(0, 4)'), Buffer.alloc(0)), says: /holds nothing/ },
  {
    name: 'huge.npy',
    bytes: () => npy(dict('<f4', '(9999999999, 9999999999)'), floats(1)),
    says: /holds nothing or too much/,
  },
  { name: 'big-endian.npy', bytes: () => npy(dict('>f4', '(1,)'), floats(1)), says: /dtype >f4/ },
  { name: 'proto.npy', bytes: () => npy(dict('__proto__', '(1,)'), floats(1)), says: /dtype __proto__/ },
  {
    name: 'code.npy',
    bytes: () => npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }", floats(1)),
    says: /numpy.save does not write/,
  },
  {
    name: 'twice.npy',
    bytes: () => npy("{'descr': '<f4', 'descr': '<f2', 'shape': (1,), }", floats(1)),
    says: /numpy.save does not write/,
  },
  { name: 'wide.bin', bytes: () => Buffer.alloc(10 * 1024 * 1024), says: /more than 4194304 elements/ },
  { name: 'empty.bin', bytes: () => Buffer.alloc(0), says: /two bytes for each/ },
  { name: 'notes.txt', bytes: () => Buffer.from('hello'), says: /neither .npy nor/ },
  { name: 'empty.safetensors', bytes: () => Buffer.alloc(3), says: /cut off/ },
  { name: 'huge.safetensors', bytes: () => Buffer.alloc(64, 255), says: /header too long/ },
  { name: 'cut.safetensors', bytes: () => safetensors({ a: 1 }, Buffer.alloc(0)).subarray(0, 12), says: /cut off/ },
  { name: 'text.safetensors', bytes: () => safetensors('{not json', Buffer.alloc(0)), says: /no JSON/ },
  { name: 'list.safetensors', bytes: () => safetensors([1, 2], Buffer.alloc(0)), says: /no object/ },
  { name: 'null.safetensors', bytes: () => safetensors({ a: null }, Buffer.alloc(0)), says: /without dtype/ },
  {
    name: 'beyond.safetensors',
    bytes: () => safetensors({ a: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, Buffer.alloc(8)),
    says: /does not hold/,
  },
  {
    name: 'lies.safetensors',
    bytes: () => safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, Buffer.alloc(8)),
    says: /does not hold/,
  },
  {
    name: 'negative.safetensors',
    bytes: () => safetensors({ a: { dtype: 'F32', shape: [-1], data_offsets: [-4, 0] } }, Buffer.alloc(8)),
    says: /without dtype/,
  },
  {
    name: 'fraction.safetensors',
    bytes: () => safetensors({ a: { dtype: 'F32', shape: [0.5], data_offsets: [0, 2] } }, Buffer.alloc(8)),
    says: /without dtype/,
  },
]
for (const { name, bytes, says } of hostile) {
  test(`${name} is refused with a reason`, () => refused(put(name, bytes()), says))
}

test('a folder, a pipe and nothing at all are refused at once', async () => {
  const folder = join(home, 'folder.npy')
  mkdirSync(folder)
  await refused(folder, /not a plain file/)
  const pipe = join(home, 'pipe.npy')
  execFileSync('mkfifo', [pipe])
  await refused(pipe, /not a plain file/)
  await refused(join(home, 'absent.npy'), /ENOENT/)
})

test('whatever bytes a file holds, it is taken whole or refused with a code', async () => {
  const good = [
    npy(dict('<f4', '(2, 2)'), floats(1, 2, 3, 4)),
    safetensors({ a: { dtype: 'BF16', shape: [4], data_offsets: [0, 8] } }, Buffer.alloc(8)),
  ]
  const dir = newDir()
  await fc.assert(
    fc.asyncProperty(fc.nat(1), fc.nat(), fc.nat(255), fc.boolean(), async (kind, place, byte, isCut) => {
      const bytes = Buffer.from(good[kind] ?? [])
      const at = place % bytes.length
      bytes[at] = byte
      const file = put(kind === 0 ? 'mutant.npy' : 'mutant.safetensors', isCut ? bytes.subarray(0, at) : bytes)
      try {
        const { added } = await addToPool({ dir, files: [file] })
        assert.equal(added.length, 1)
      } catch (thrown) {
        if (!(thrown instanceof SandboxError) || thrown.code !== 'POOL_ADD_FAILED') throw thrown
      } finally {
        rmSync(dir, { recursive: true, force: true })
      }
    }),
    { numRuns: 300 },
  )
})
