/** The decoders of node/ and sandbox/: frames of streams, what a stranger's program prints, the chain's bytes, files on disk. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extrinsicStatusCodec, headersCodec, metagraphCodec, weightsRowCodec } from '../../node/chain/local/answers.ts'
import { blockCodec } from '../../node/chain/local/block.ts'
import { type Codec, decode, encode } from '../../node/chain/local/codec.ts'
import { ChainCodecError, LocalChainError } from '../../node/chain/local/errors.ts'
import { extrinsicCodec } from '../../node/chain/local/extrinsic.ts'
import { parseGenesis } from '../../node/chain/local/genesis.ts'
import { metagraphOf, stateCodec } from '../../node/chain/local/state.ts'
import { ConfigError, parseConfig } from '../../node/home/config.ts'
import { MeshError } from '../../node/mesh/errors.ts'
import { fromFrames, toFrames } from '../../node/mesh/frames.ts'
import { StoreError } from '../../node/store/errors.ts'
import { fromDiskValue, toDiskValue } from '../../node/store/record.ts'
import { SandboxError } from '../../sandbox/errors.ts'
import { RunFault, reportableCodes } from '../../sandbox/faults.ts'
import { parsePoolManifest, writePoolManifest } from '../../sandbox/pool/manifest.ts'
import { createFrameDecoder, encodeFrame } from '../../sandbox/referee/frames.ts'
import { parseError, toPlainLog } from '../../sandbox/referee/output.ts'
import type { Random } from '../sim/random.ts'
import { checkDecoder, drawn, type Target } from './target.ts'

const utf8 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
const printed = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const blob = fc.uint8Array({ maxLength: 40 })

/** The first byte of an input cuts the rest into chunks, as a network would. */
const chunksOf = (input: Uint8Array): readonly Uint8Array[] => {
  const size = 1 + ((input[0] ?? 0) % 32)
  const rest = input.subarray(1)
  return Array.from({ length: Math.ceil(rest.length / size) }, (_, at) => rest.subarray(at * size, (at + 1) * size))
}

const FRAME_BYTES_MAX = 200

const messagesIn = async (chunks: readonly Uint8Array[]): Promise<readonly Uint8Array[]> => {
  const messages: Uint8Array[] = []
  try {
    for await (const message of fromFrames(FRAME_BYTES_MAX)(chunks as never)) messages.push(message)
  } catch (error) {
    // A stream that ends inside a frame throws what the library throws of it; everything else is ours.
    const isCut = error instanceof Error && error.name === 'UnexpectedEOFError'
    if (!(error instanceof MeshError) && !isCut) throw error
  }
  return messages
}

const runMeshFrames = async (input: Uint8Array): Promise<void> => {
  const messages = await messagesIn(chunksOf(input))
  assert.deepEqual(await messagesIn([input.subarray(1)]), messages, 'frames do not depend on how they were cut')
  assert.ok(messages.every(({ length }) => length <= FRAME_BYTES_MAX))
  const again: Uint8Array[] = []
  for await (const part of toFrames([messages])) again.push(part.subarray())
  assert.deepEqual(await messagesIn(again), messages)
}

const lengthMaxOf = (type: number): number | undefined => (type <= 9 ? FRAME_BYTES_MAX : undefined)

const framesIn = (chunks: readonly Uint8Array[]) => {
  const decoder = createFrameDecoder(lengthMaxOf)
  const frames: { type: number; payload: Uint8Array }[] = []
  try {
    for (const chunk of chunks) {
      for (const { type, payload } of decoder.push(Buffer.from(chunk), 0n)) {
        frames.push({ type, payload: Uint8Array.from(payload) })
      }
    }
    decoder.end()
    return { frames, fault: null }
  } catch (error) {
    if (!(error instanceof RunFault)) throw error
    return { frames, fault: error.code }
  }
}

/** A fault takes the frames of its own chunk with it: the run is over. */
const runSandboxFrames = (input: Uint8Array): void => {
  const cut = framesIn(chunksOf(input))
  const whole = framesIn([input.subarray(1)])
  assert.equal(cut.fault, whole.fault, 'whether frames are good does not depend on how they were cut')
  if (whole.fault === null) assert.deepEqual(cut.frames, whole.frames)
  const again = framesIn(cut.frames.map(({ type, payload }) => encodeFrame(type, payload)))
  assert.deepEqual(again, { frames: cut.frames, fault: null })
}

const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

const runOutput = (input: Uint8Array): void => {
  const { facts } = parseError(Buffer.from(input))
  const text = `${(facts as Record<string, unknown>)['text']}`
  assert.ok(text.length <= 600 && !CONTROL.test(text), 'what a stranger prints is plain and short')
  const log = toPlainLog(Buffer.from(input).toString('utf8'), 100)
  assert.ok(log.split('\n').every((line) => !CONTROL.test(line)) && log.length <= 100)
}

const CHAIN_CODECS = [
  extrinsicCodec,
  blockCodec,
  headersCodec,
  metagraphCodec,
  weightsRowCodec,
  extrinsicStatusCodec,
  stateCodec,
]

const spec = (random: Random) => ({
  name: 'devnet',
  accounts: [{ key: '22'.repeat(32), freeRao: `${random.below(1e9)}` }],
  subnet: { netuid: 1 + random.below(9), tempo: 1 + random.below(99), ownerHotkey: '33'.repeat(32), burnRao: '500' },
  neurons: Array.from({ length: random.below(4) }, (_, uid) => {
    return {
      hotkey: `${40 + uid}`.repeat(32),
      coldkey: '22'.repeat(32),
      stakeRao: `${random.below(1e9)}`,
      permit: true,
    }
  }),
})

const chainSample = (random: Random): Uint8Array => {
  const place = random.below(CHAIN_CODECS.length)
  const { state } = parseGenesis(spec(random))
  const [parent, hotkey] = ['55'.repeat(32), '66'.repeat(32)]
  const header = { parent, number: random.below(99), timeMs: 1, stateRoot: parent, extrinsicsRoot: parent }
  const receipt = { signer: hotkey, extrinsicHash: parent, error: '', events: [] }
  const calls = [
    { kind: 'transfer', to: hotkey, amountRao: 5n },
    { kind: 'burned_register', netuid: 1, hotkey },
    { kind: 'add_stake', hotkey, amountRao: 7n },
    { kind: 'set_weights', netuid: 1, uids: [0, 1], values: [1, 65535], versionKey: 0n },
  ]
  const values: readonly unknown[] = [
    { signer: hotkey, nonce: 1, call: calls[random.below(4)], signature: '77'.repeat(64) },
    { header, receipts: [receipt] },
    [header, header],
    metagraphOf(state, { number: 5, hash: parent }),
    { uid: 1, weights: [[0, 5]], setAt: random.chance(500) ? null : 4 },
    random.chance(500) ? { kind: 'pending' } : { kind: 'final', header, index: 0, receipt },
    state,
  ]
  return Uint8Array.of(place, ...encode(CHAIN_CODECS[place] as Codec<unknown>, values[place]))
}

const runChain = (input: Uint8Array): void => {
  const codec = CHAIN_CODECS[(input[0] ?? 0) % CHAIN_CODECS.length] as Codec<unknown>
  const isRefusal = (error: unknown): boolean => error instanceof ChainCodecError
  checkDecoder(
    { decode: (bytes) => decode(codec, bytes), encode: (value) => encode(codec, value), isRefusal, strict: true },
    input.subarray(1),
  )
}

/** A document that only JSON's own parser refuses is none of the layer's business. */
const runDocument = (
  input: Uint8Array,
  read: (json: unknown) => unknown,
  isRefusal: (error: unknown) => boolean,
): void => {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(input).toString('utf8'))
  } catch {
    return
  }
  try {
    read(json)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}

const DISK_KEY = 'message/key'

const row = (random: Random, place: number) => ({
  ...{ name: `layer-${place}`, rows: 1 + random.below(2000), columns: 1 + random.below(2000), layer: place, step: 1 },
  ...{ direction: random.chance(500) ? ('forward' as const) : ('backward' as const), loss: random.below(99) / 8 },
  digest: `${10 + place}`.repeat(32),
})

export const borderTargets: readonly Target[] = [
  {
    name: 'mesh-frames',
    grammar: 'bytes',
    sample: (random) => {
      const frames = drawn(fc.array(blob, { maxLength: 4 }), random).map((part) => [part.length, ...part])
      return Uint8Array.of(random.below(32), ...frames.flat())
    },
    run: runMeshFrames,
  },
  {
    name: 'sandbox-frames',
    grammar: 'bytes',
    sample: (random) => {
      const frames = drawn(fc.array(blob, { maxLength: 4 }), random).map((part) => encodeFrame(random.below(10), part))
      return Uint8Array.of(random.below(32), ...Buffer.concat(frames))
    },
    run: runSandboxFrames,
  },
  {
    name: 'sandbox-output',
    grammar: 'json',
    sample: (random) => {
      const code = reportableCodes[random.below(reportableCodes.length)]
      return printed({ code, text: 'division by\u2028 zero\n\u202e', line: random.below(200) })
    },
    run: runOutput,
  },
  { name: 'chain', grammar: 'bytes', sample: chainSample, run: runChain },
  {
    name: 'chain-genesis',
    grammar: 'json',
    sample: (random) => printed(spec(random)),
    run: (input) =>
      runDocument(
        input,
        (json) => encode(stateCodec, parseGenesis(json).state),
        (error) => error instanceof LocalChainError,
      ),
  },
  {
    name: 'config',
    grammar: 'json',
    sample: (random) =>
      printed({
        name: 'a',
        chain: 'http://localhost:1',
        listen: ['/ip4/0.0.0.0/tcp/0'],
        api: { host: 'h', port: random.below(9) },
      }),
    run: (input) =>
      runDocument(
        input,
        (json) => parseConfig(json, '/home'),
        (error) => error instanceof ConfigError,
      ),
  },
  {
    name: 'record',
    grammar: 'bytes',
    sample: (random) => toDiskValue(DISK_KEY, drawn(blob, random)),
    run: (input) =>
      checkDecoder(
        {
          decode: (bytes) => fromDiskValue(DISK_KEY, bytes),
          encode: (value) => toDiskValue(DISK_KEY, value),
          isRefusal: (error) => error instanceof StoreError && error.code === 'CORRUPT',
          strict: true,
        },
        input,
      ),
  },
  {
    name: 'pool-manifest',
    grammar: 'json',
    sample: (random) =>
      utf8(writePoolManifest(Array.from({ length: 1 + random.below(4) }, (_, at) => row(random, at)))),
    run: (input) =>
      checkDecoder(
        {
          decode: (bytes) => parsePoolManifest(bytes).rows,
          encode: (rows) => utf8(writePoolManifest(rows)),
          isRefusal: (error) => error instanceof SandboxError && error.code === 'POOL_DAMAGED',
          strict: true,
        },
        input,
      ),
  },
]
