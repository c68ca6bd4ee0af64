/** Promises to a miner: a solution is checked before it is signed, and handed to the first validator that takes it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { getPublicKey, secretFromSeed, sign } from '@scure/sr25519'
import type { Hotkey } from '../../../node/home/keys.ts'
import { type Mesh, MeshError } from '../../../node/mesh/index.ts'
import { submitAnswer, submitRequest } from '../../../node/miner/bundle.ts'
import { prepareSubmission, sendSubmission } from '../../../node/miner/submit.ts'
import {
  bytesToHex,
  decode,
  decodeEnvelope,
  domainsOf,
  encode,
  ProtocolError,
  printGenesis,
  signatureClaim,
  verifySignature,
} from '../../../protocol/index.ts'
import { genesisOf, params } from '../../protocol/round/mesh.ts'
import { newFolder } from '../store/folder.ts'

const genesis = genesisOf()
const domains = domainsOf(genesis)
const secret = secretFromSeed(new Uint8Array(32).fill(3))
const hotkey: Hotkey = {
  publicKey: bytesToHex(getPublicKey(secret)),
  scheme: 'sr25519',
  sign: (bytes) => sign(secret, bytes),
}
const solution = new TextEncoder().encode('def compress(matrix): ...\n')
const prepare = (code = solution) => prepareSubmission({ params, solution: code, hotkey, domains })

test('what is prepared holds the solution’s digest and size, and is signed by the miner’s hotkey', () => {
  const { message } = prepare()
  assert.equal(message.body.sizeBytes, solution.length)
  const claim = signatureClaim(message, { domains, sessionKeyOf: () => null })
  assert.ok(claim !== null && claim.publicKey === hotkey.publicKey && verifySignature(claim))
})

test('the same code from the same miner has the same id, though its signature differs each time', () => {
  const [first, second] = [prepare(), prepare()]
  assert.equal(first.id, second.id)
  assert.notEqual(first.message.signature, second.message.signature)
  assert.notEqual(prepare(new TextEncoder().encode('pass\n')).id, first.id)
})

test('the largest solution that is allowed is prepared, one byte more is refused with both numbers', () => {
  const { bundleBytesMax } = params
  assert.equal(prepare(new Uint8Array(bundleBytesMax)).message.body.sizeBytes, bundleBytesMax)
  assert.throws(
    () => prepare(new Uint8Array(bundleBytesMax + 1)),
    (error) =>
      error instanceof ProtocolError &&
      error.facts['code'] === 'OVERSIZE' &&
      error.facts['sizeBytes'] === bundleBytesMax + 1 &&
      error.facts['sizeBytesMax'] === bundleBytesMax,
  )
})

/** Validators by peer id: what each answers, or throws. */
const meshOf = (answers: Readonly<Record<string, (signal: AbortSignal) => Uint8Array | Promise<Uint8Array>>>) => {
  const asked: { readonly peerId: string; readonly data: Uint8Array }[] = []
  const mesh: Mesh = {
    peerId: 'guest',
    addresses: () => [],
    publish: async () => {},
    send: () => {},
    request: async ({ peerId, data, signal }) => {
      asked.push({ peerId, data })
      return answers[peerId]?.(signal) ?? assert.fail()
    },
    connectedPeers: () => [],
    close: async () => {},
  }
  return { mesh, asked }
}
const away = () => {
  throw new MeshError('UNREACHABLE')
}

test('validators that are away are passed over, the first that answers takes it whole', async () => {
  const submission = prepare()
  const { mesh, asked } = meshOf({ a: away, b: () => encode(submitAnswer, { id: submission.id }), c: away })
  const sent = await sendSubmission({ submission, mesh, peers: ['a', 'b', 'c'] })
  assert.deepEqual(sent, { id: submission.id, peer: 'b' })
  assert.deepEqual(
    asked.map(({ peerId }) => peerId),
    ['a', 'b'],
  )
  const { message, bundle } = decode(submitRequest, asked[1]?.data ?? new Uint8Array())
  assert.deepEqual(decodeEnvelope(message), [{ kind: 'message', message: submission.message }])
  assert.deepEqual(bundle, submission.bundle)
})

test('a refusal is an answer: no other validator is bothered', async () => {
  const { mesh, asked } = meshOf({
    a: () => {
      throw new MeshError('REFUSED', { reason: 'no' })
    },
    b: away,
  })
  await assert.rejects(
    sendSubmission({ submission: prepare(), mesh, peers: ['a', 'b'] }),
    (error) => error instanceof MeshError && error.code === 'REFUSED',
  )
  assert.equal(asked.length, 1)
})

test('a validator that hangs, or cannot look at the payment, leaves the next one its turn', async () => {
  const submission = prepare()
  const { mesh } = meshOf({
    a: (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new MeshError('ABORTED')), { once: true }),
      ),
    b: () => {
      throw new MeshError('REFUSED', { reason: 'CHAIN_AWAY: try again, or another validator' })
    },
    c: (signal) => {
      signal.throwIfAborted()
      return encode(submitAnswer, { id: submission.id })
    },
  })
  const options = { submission, mesh, peers: ['a', 'b', 'c'], answerMsMax: 20 }
  assert.equal((await sendSubmission(options)).peer, 'c')
})

test('when no validator can be reached the miner learns why', async () => {
  const { mesh } = meshOf({ a: away, b: away })
  await assert.rejects(
    sendSubmission({ submission: prepare(), mesh, peers: ['a', 'b'] }),
    (error) => error instanceof MeshError && error.code === 'UNREACHABLE',
  )
})

const evalmesh = async (...args: readonly string[]) => {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['node/main.ts', ...args])
    return { code: 0, stdout, stderr: '' }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}
/** A miner's home with a fresh hotkey, the mesh's genesis and a solution. */
const minerHome = async (t: TestContext, code: string) => {
  const dir = newFolder(t)
  const home = join(dir, 'miner')
  mkdirSync(home)
  assert.equal((await evalmesh('keys', 'new', '--home', home)).code, 0)
  writeFileSync(join(dir, 'genesis.json'), printGenesis(genesis))
  writeFileSync(join(dir, 'solution.py'), code)
  const peer = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWNvSZnPi3RrhrTwEY4LuuBeB6K6facKUCJcyWG1aoDd2p'
  const common = ['--home', home, '--genesis', join(dir, 'genesis.json'), '--peer', peer, '--dry-run', '--json']
  return { file: join(dir, 'solution.py'), common }
}

test('a dry run checks and signs, sends nothing, and says the id', async (t) => {
  const { file, common } = await minerHome(t, 'def compress(matrix): ...\n')
  const { code, stdout } = await evalmesh('submit', file, ...common)
  assert.equal(code, 0)
  const answer = JSON.parse(stdout)
  assert.match(answer.id, /^[0-9a-f]{64}$/)
  assert.equal(answer.sent, false)
})

test('a dry run refuses what every validator would, with its own exit code and both numbers', async (t) => {
  const { file, common } = await minerHome(t, 'x'.repeat(params.bundleBytesMax + 1))
  const { code, stdout, stderr } = await evalmesh('submit', file, ...common)
  assert.equal(code, 5)
  assert.equal((JSON.parse(stdout) as { error: { exitCode: number } }).error.exitCode, 5)
  assert.match(stderr, new RegExp(`${params.bundleBytesMax + 1} bytes; the limit is ${params.bundleBytesMax}`))
})

test('a competition that the mesh does not run is not found, and those it runs are named', async (t) => {
  const { file, common } = await minerHome(t, 'pass\n')
  const { code, stderr } = await evalmesh('submit', file, '--competition', 'other', ...common)
  assert.equal(code, 3)
  assert.match(stderr, new RegExp(params.id))
})
