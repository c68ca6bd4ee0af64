/** Pools: what the generator makes, what is refused on the way in, and that nobody ever sees half of one. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { merkleRoot } from '../../../protocol/index.ts'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { buildPool, type Engine, type PoolInfo, parsePoolManifest, readPool } from '../../../sandbox/index.ts'
import { receivePool } from '../../../sandbox/pool/channel.ts'
import { type PoolRow, writePoolManifest } from '../../../sandbox/pool/manifest.ts'
import { encodeFrame } from '../../../sandbox/referee/frames.ts'
import { isSandboxError } from '../engine/errors.ts'
import { mustRun, testImage } from '../engine/setup.ts'

const damaged = isSandboxError('POOL_DAMAGED')
const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const row: fc.Arbitrary<PoolRow> = fc.record(
  {
    name: fc.stringMatching(/^[a-z0-9-]{1,64}$/),
    rows: fc.integer({ min: 1, max: 2_048 }),
    columns: fc.integer({ min: 1, max: 2_048 }),
    layer: fc.nat(1_000),
    step: fc.nat(1_000_000),
    direction: fc.constantFrom('forward', 'backward'),
    loss: fc.nat(999_999_999).map((millionths) => millionths / 1_000_000),
    digest: hex,
  },
  { noNullPrototype: true },
)
const manifestRows = fc.uniqueArray(row, { minLength: 1, maxLength: 20, selector: ({ digest }) => digest })

describe('a manifest', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(manifestRows, (rows) => {
        const { rows: read, digests } = parsePoolManifest(Buffer.from(writePoolManifest(rows)))
        assert.deepEqual(read, rows)
        assert.deepEqual(
          digests,
          rows.map(({ digest }) => digest),
        )
      }),
    )
  })

  test('of any other bytes is refused with a code, or is read as exactly those bytes', () => {
    const changed = fc.tuple(manifestRows, fc.nat(), fc.nat(255)).map(([rows, place, byte]) => {
      const bytes = Buffer.from(writePoolManifest(rows))
      bytes[place % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        try {
          const { rows } = parsePoolManifest(bytes)
          assert.equal(writePoolManifest(rows), Buffer.from(bytes).toString('latin1'))
        } catch (thrown) {
          if (!damaged(thrown)) throw thrown
        }
      }),
    )
  })

  test('that repeats a matrix, ends early or names a huge one is refused', () => {
    const one = { name: 'a', rows: 2, columns: 3, layer: 0, step: 1, direction: 'forward', loss: 1 } as const
    const whole = writePoolManifest([{ ...one, digest: 'a'.repeat(64) }])
    const bad = [
      '',
      whole.slice(0, -1),
      whole.split('\n').slice(0, 1).join('\n'),
      whole + (whole.split('\n')[1] ?? ''),
      `${whole}${whole.split('\n')[1]}\n`,
      whole.replace('2x3', '999999x999999'),
      whole.replace('2x3', '0x3'),
      whole.replace('forward', 'sideways'),
      whole.replace('a,', '../a,'),
      whole.replaceAll('\n', '\r\n'),
    ]
    for (const text of bad) assert.throws(() => parsePoolManifest(Buffer.from(text)), damaged, JSON.stringify(text))
    assert.doesNotThrow(() => parsePoolManifest(Buffer.from(whole)))
  })
})

describe('the channel of the generator', () => {
  const [LOSS, MATRIX, DATA, END] = [1, 2, 3, 4]
  const json = (type: number, fields: object) => encodeFrame(type, Buffer.from(JSON.stringify(fields)))
  const loss = json(LOSS, { model: 'small', step: 1, loss: 3 })
  const fields = { model: 'small', step: 1, layer: 0, kind: 'stream', direction: 'forward', rows: 1, columns: 2 }
  const matrix = json(MATRIX, fields)
  const data = encodeFrame(DATA, Buffer.alloc(4))
  const end = json(END, {})
  const receive = async (...chunks: Buffer[]) => {
    let matrices = 0
    await receivePool(Readable.from(chunks), {
      onLoss: () => undefined,
      onMatrix: async () => {
        matrices += 1
      },
    })
    return matrices
  }

  test('carries losses and matrices, cut anywhere', async () => {
    const stream = Buffer.concat([loss, matrix, data, end])
    assert.equal(await receive(...Array.from(stream, (byte) => Buffer.of(byte))), 1)
  })

  test('that says anything else fails with a code', async () => {
    const streams: Buffer[][] = [
      [],
      [loss],
      [loss, matrix, data],
      [loss, matrix, end],
      [loss, data, end],
      [matrix, data, end],
      [loss, matrix, encodeFrame(DATA, Buffer.alloc(6)), end],
      [loss, json(MATRIX, { ...fields, rows: 0 }), encodeFrame(DATA), end],
      [loss, json(MATRIX, { ...fields, rows: 1e9 }), data, end],
      [loss, json(MATRIX, { ...fields, model: '../../x' }), data, end],
      [loss, json(MATRIX, { ...fields, step: 2 }), data, end],
      [loss, end, loss],
      [json(LOSS, { model: 'small', step: 1, loss: 'x' }), end],
      [encodeFrame(LOSS, Buffer.from('{')), end],
      [encodeFrame(LOSS, Buffer.from('null')), end],
      [encodeFrame(9), end],
      [Buffer.from([255, 255, 255, 255, DATA])],
      [loss, end.subarray(0, 3)],
    ]
    for (const stream of streams) {
      await assert.rejects(receive(...stream), isSandboxError('POOL_BUILD_FAILED'), Buffer.concat(stream).toString())
    }
  })
})

describe('a pool of the demo', { skip: !mustRun }, () => {
  const home = mkdtempSync(join(tmpdir(), 'evalmesh-pool-'))
  const outDir = join(home, 'pool')
  let engine: Engine
  let pool: PoolInfo
  let tookMs = 0
  /** Who of two callers at once saw steps of a training. */
  const builders = new Set<string>()
  let second: PoolInfo

  before(async () => {
    const { rootfs, digest } = await testImage()
    engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
    const start = performance.now()
    const build = (caller: string) =>
      buildPool({ engine, preset: 'demo', outDir, onProgress: () => builders.add(caller) })
    ;[pool, second] = await Promise.all([build('first'), build('second')])
    tookMs = performance.now() - start
  })
  after(async () => {
    await engine?.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('holds 96 different matrices of 64 KiB and more, each named by its digest', (t) => {
    t.diagnostic(`built in ${tookMs.toFixed()} ms`)
    assert.ok(pool.digests.length >= 96)
    assert.equal(new Set(pool.digests).size, pool.digests.length)
    for (const digest of pool.digests) {
      const bytes = readFileSync(join(outDir, `${digest}.bin`))
      assert.deepEqual([bytes.length, hash('sha256', bytes)], [65_536, digest])
    }
    const { rows } = parsePoolManifest(readFileSync(join(outDir, 'manifest.csv')))
    for (const direction of ['forward', 'backward']) {
      const layers = new Set(rows.filter((r) => r.direction === direction).map((r) => r.layer))
      assert.ok(layers.size >= 3, `${direction}: ${layers.size} layers`)
    }
    assert.equal(pool.manifestDigest, hash('sha256', readFileSync(join(outDir, 'manifest.csv'))))
    assert.equal(pool.root, merkleRoot(pool.digests))
  })

  test('is built once for two callers at once, and both get it', () => {
    assert.equal(builders.size, 1)
    assert.deepEqual(second, pool)
  })

  test('comes from a training whose loss falls', () => {
    const mean = (losses: PoolInfo['losses']) => losses.reduce((sum, { loss }) => sum + loss, 0) / losses.length
    const [first, last] = [mean(pool.losses.slice(0, 20)), mean(pool.losses.slice(-20))]
    assert.ok(last < 0.9 * first, `${first} → ${last}`)
  })

  test('holds finite numbers that are neither constant nor plain noise', () => {
    for (const digest of pool.digests) {
      const bytes = readFileSync(join(outDir, `${digest}.bin`))
      const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
      const exponents = new Set(words.map((word) => (word >> 7) & 0xff))
      assert.ok(!exponents.has(0xff), 'an infinity or not a number')
      assert.ok(exponents.size > 5 && exponents.size < 120, `${exponents.size} exponents`)
    }
  })

  test('is returned at once when it is there, and read as it was built', async () => {
    const again = await buildPool({
      engine,
      preset: 'demo',
      outDir,
      onProgress: () => assert.fail('it was built again'),
    })
    assert.deepEqual(again, pool)
    assert.deepEqual(await readPool(outDir), pool)
  })

  describeDamage(() => ({ engine, pool, home, outDir }))
})

/** What happens to a pool that is not whole, and to the folders around it. */
function describeDamage(get: () => { engine: Engine; pool: PoolInfo; home: string; outDir: string }) {
  test('that lost or changed a file is refused, and nothing there is missing', async () => {
    const { pool, home, outDir } = get()
    await assert.rejects(readPool(join(home, 'nowhere')), isSandboxError('POOL_MISSING'))
    for (const name of [`${pool.digests[5]}.bin`, 'manifest.csv', 'pool.json']) {
      const path = join(outDir, name)
      const whole = readFileSync(path)
      writeFileSync(path, whole.subarray(0, -1))
      if (name === 'pool.json') writeFileSync(path, whole.subarray(0, 40))
      await assert.rejects(readPool(outDir), damaged, name)
      writeFileSync(path, whole)
    }
    assert.deepEqual(await readPool(outDir), pool)
  })

  test('is never put over files of somebody else', async () => {
    const { engine, home } = get()
    const occupied = join(home, 'occupied')
    mkdirSync(occupied)
    writeFileSync(join(occupied, 'thesis.txt'), 'x')
    await assert.rejects(buildPool({ engine, preset: 'demo', outDir: occupied }), isSandboxError('POOL_BUILD_FAILED'))
    assert.deepEqual(readdirSync(occupied), ['thesis.txt'])
  })

  test('leaves nothing behind when it is stopped half-way', async () => {
    const { engine, home } = get()
    const controller = new AbortController()
    const stopped = join(home, 'stopped')
    const building = buildPool({
      engine,
      preset: 'demo',
      outDir: stopped,
      onProgress: ({ matrices }) => matrices > 0 && controller.abort(new Error('enough')),
      signal: controller.signal,
    })
    await assert.rejects(building, /enough/)
    assert.deepEqual(
      readdirSync(home).filter((name) => name.includes('stopped')),
      ['stopped.lock'],
    )
  })
}
