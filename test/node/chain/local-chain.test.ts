/** Tests of the local chain as a real process, through its adapter and through raw RPC. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { signExtrinsic } from '../../../node/chain/local/extrinsic.ts'
import { createLocalChain, type LocalChain } from '../../../node/chain/local-chain.ts'
import { ChainError } from '../../../node/chain/port.ts'
import { encodeSs58 } from '../../../protocol/index.ts'
import { type ChainFixture, chainError, chainPromises, follow, weightsCall } from './compliance.ts'
import { type Devnet, main, signerOf, startDevnet } from './devnet.ts'
import { outranked, owner, payee, payer, poor, spec, tao, validators } from './subnet.ts'

let net: Devnet
let chain: LocalChain
let fixture: ChainFixture

before(async () => {
  net = await startDevnet(spec, ['--block-ms', '40'])
  // A slow machine needs seconds to start the chain again.
  chain = createLocalChain({ ...net, patienceMs: 60_000 })
  fixture = {
    chain,
    netuid: 7,
    versionKey: 3n,
    owner,
    validators,
    outranked,
    poor,
    unregistered: signerOf('stranger'),
    payer,
    payee,
    async crash() {
      await net.kill()
      await net.restart()
    },
  }
})

after(async () => {
  await chain.close()
  await net.destroy()
})

for (const { name, check } of chainPromises) test(`local chain: ${name}`, () => check(fixture))

test('local chain: the command line tells what an epoch would make of its rows', async () => {
  const evalmesh = new URL('../../../node/main.ts', import.meta.url).pathname
  const yuma = async (...flags: string[]) => {
    const args = [evalmesh, 'yuma', '--chain', net.endpoint, '--netuid', '7', '--json', ...flags]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const { slots } = JSON.parse(String(await child.stdout.toArray())) as {
      slots: { hotkey: string; activeStakePpm: number; incentive: number }[]
    }
    return slots.map(({ incentive }) => incentive)
  }
  // Bob, with 35 % of the active stake, and carol, with 27 %, have both set a row that names uid 0: the owner's.
  const stored = await yuma()
  assert.ok((stored[0] ?? 0) > 0, `the owner has a majority: ${stored}`)
  const all = await yuma('--if-all-set', encodeSs58(validators[2].publicKey))
  // Half to uid 0 and half to uid 2, but uid 2 is bob, who cannot weight himself: 0.5 against 0.5 × 65 % of the stake.
  assert.deepEqual(all, [39_718, 0, 25_816, 0, 0, 0])
})

test('local chain: an extrinsic is carried out once, and a replay of its bytes is refused', async () => {
  const before = await chain.transfer({ to: payee, amountRao: 5000n, signer: payer })
  const nonce = (await net.rpc('author_nextNonce', { account: payer.publicKey })).result as number
  const call = { kind: 'transfer', to: payee, amountRao: 6000n } as const
  const bytes = signExtrinsic({ genesisHash: net.genesisHash, nonce, call, signer: payer })
  const extrinsic = Buffer.from(bytes).toString('hex')
  assert.equal((await net.rpc('author_submit', { extrinsic })).result, true)
  await net.rpc('author_waitFinalized', { hash: hash('sha256', bytes), waitMs: 5000 })
  assert.deepEqual((await net.rpc('author_submit', { extrinsic })).error?.data?.facts, { name: 'AlreadyIncluded' })
  const again = Buffer.from(signExtrinsic({ genesisHash: net.genesisHash, nonce, call, signer: payer })).toString('hex')
  const refusal = (await net.rpc('author_submit', { extrinsic: again })).error?.data?.facts
  assert.deepEqual(refusal, { name: 'StaleNonce', nonce, expected: nonce + 1 })
  assert.ok((await chain.finalizedHead()).number > before.blockNumber)
})

test('local chain: a tampered extrinsic, one of another chain and one that is no extrinsic are refused', async () => {
  const nonce = (await net.rpc('author_nextNonce', { account: payer.publicKey })).result as number
  const call = { kind: 'transfer', to: payee, amountRao: 6000n } as const
  const good = Buffer.from(signExtrinsic({ genesisHash: net.genesisHash, nonce, call, signer: payer }))
  const foreign = Buffer.from(signExtrinsic({ genesisHash: 'ab'.repeat(32), nonce, call, signer: payer }))
  const before = Buffer.from(signExtrinsic({ genesisHash: net.genesisHash, nonce: nonce - 1, call, signer: payer }))
  const otherNonce = Buffer.concat([good.subarray(0, 36), before.subarray(36)])
  const moreMoney = Buffer.from(good)
  moreMoney[32 + 4 + 1 + 32] = 0xff // the amount's first byte
  const otherSignature = Buffer.from(good)
  otherSignature[good.length - 20] = (otherSignature[good.length - 20] ?? 0) ^ 1
  const nameOf = async (bytes: Uint8Array): Promise<unknown> => {
    const answer = await net.rpc('author_submit', { extrinsic: Buffer.from(bytes).toString('hex') })
    assert.equal(answer.error?.data?.code, 'EXTRINSIC_REFUSED')
    return (answer.error.data.facts as { name?: unknown }).name
  }
  assert.equal(await nameOf(foreign), 'BadSignature')
  assert.equal(await nameOf(moreMoney), 'BadSignature')
  assert.equal(await nameOf(otherNonce), 'BadSignature')
  assert.equal(await nameOf(otherSignature), 'BadSignature')
  assert.equal(await nameOf(good.subarray(1)), 'BadEncoding')
  assert.equal(await nameOf(Buffer.concat([good, Buffer.alloc(1)])), 'BadEncoding')
  assert.equal(await nameOf(Buffer.alloc(17_000)), 'BadEncoding')
})

test('local chain: stake that moves changes the permits at the next epoch, and no block before it', async () => {
  const { block } = await chain.submit({
    call: { kind: 'add_stake', hotkey: outranked.publicKey, amountRao: 5000n * tao },
    signer: payer,
  })
  const at = await chain.metagraphAt({ netuid: 7, block: block.number })
  const permits = (graph: typeof at): boolean[] => graph.neurons.map(({ permit }) => permit)
  assert.equal(at.neurons[4]?.stakeRao, 25_000n * tao)
  const nextEpoch = (at.epoch + 1) * at.tempo
  await follow(chain, { after: block.number, count: nextEpoch - block.number })
  const last = await chain.metagraphAt({ netuid: 7, block: nextEpoch - 1 })
  const next = await chain.metagraphAt({ netuid: 7, block: nextEpoch })
  assert.deepEqual(permits(last), [true, true, true, true, false, false])
  assert.deepEqual(permits(next), [true, true, true, false, true, false])
  assert.equal(next.epochStart, nextEpoch)
  assert.equal(next.epoch, at.epoch + 1)
})

test('local chain: a miner registers under the next uid and pays the price', async () => {
  const hotkey = signerOf('miner').publicKey
  const call = { kind: 'burned_register', netuid: 7, hotkey } as const
  const { receipt, block } = await chain.submit({ call, signer: payer })
  assert.deepEqual(receipt.events, [{ kind: 'NeuronRegistered', netuid: 7, uid: 6, hotkey }])
  const slot = (await chain.metagraphAt({ netuid: 7, block: block.number })).neurons[6]
  const expected = { uid: 6, hotkey, coldkey: payer.publicKey, stakeRao: 0n, permit: false, lastUpdate: block.number }
  assert.deepEqual(slot, expected)
  const again = chain.submit({ call, signer: payer })
  await assert.rejects(again, chainError('EXTRINSIC_FAILED', 'HotKeyAlreadyRegisteredInSubNet'))
})

test('local chain: without finality nothing is shown and nothing is reported done', async () => {
  const slow = await startDevnet({ ...spec, name: 'no finality' }, ['--block-ms', '20', '--finality-lag', '1000'])
  const client = createLocalChain(slow)
  try {
    const waiting = new AbortController()
    const call = { ...weightsCall({ ...fixture, chain: client }, validators[0]), signal: waiting.signal }
    const outcome = client.setWeights(call).catch((error: unknown) => error)
    let tip = { head: 0, final: 0 }
    while (tip.head < 4) tip = (await slow.rpc('chain_getHead')).result as typeof tip
    waiting.abort()
    chainError('ABORTED')(await outcome)
    assert.equal(tip.final, 0)
    assert.equal((await client.finalizedHead()).number, 0)
    assert.equal(await client.blockAt(1), null)
    assert.equal((await client.weightsOf({ netuid: 7, hotkey: validators[0].publicKey })).setAt, null)
  } finally {
    await client.close()
    await slow.destroy()
  }
})

test('local chain: one that is away is CHAIN_UNREACHABLE and retryable; a closed client says CLOSED', async () => {
  const client = createLocalChain({ endpoint: 'http://127.0.0.1:1', patienceMs: 100 })
  await assert.rejects(client.finalizedHead(), (error) => {
    chainError('CHAIN_UNREACHABLE')(error)
    return error instanceof ChainError && error.retryable
  })
  const followed = follow(client, { after: 0, count: 0 })
  const waiting = client.transfer({ to: payee, amountRao: 1n, signer: payer })
  await client.close()
  await followed
  await assert.rejects(waiting, chainError('CLOSED'))
  await assert.rejects(client.finalizedHead(), chainError('CLOSED'))
})

test('local chain: a request that makes no sense gets a typed answer and harms nothing', async () => {
  const post = (body: string): Promise<Response> => fetch(net.endpoint, { method: 'POST', body })
  const codeOf = async (body: string): Promise<unknown> => {
    const answer = (await (await post(body)).json()) as { error?: { code?: number } }
    return answer.error?.code
  }
  assert.equal(await codeOf('{'), -32_700)
  assert.equal(await codeOf('null'), -32_700)
  assert.equal(await codeOf('{"method":"__proto__"}'), -32_601)
  assert.equal(await codeOf('{"method":"chain_getHeader","params":[1]}'), -32_602)
  assert.equal(await codeOf('{"method":"chain_getHeader","params":{"number":-1}}'), -32_000)
  assert.equal(await codeOf('{"method":"author_nextNonce","params":{"account":"xyz"}}'), -32_000)
  const tooLong = await post('x'.repeat(200_000)).catch(() => null) // refused, or cut off in the middle of sending
  assert.ok(tooLong === null || tooLong.status === 413)
  await assert.rejects(chain.transfer({ to: 'nobody', amountRao: 1n, signer: payer }), chainError('BAD_REQUEST'))
  await assert.rejects(chain.transfer({ to: payee, amountRao: -1n, signer: payer }), chainError('BAD_REQUEST'))
  await follow(chain, { after: (await chain.finalizedHead()).number, count: 1 })
})

test('local chain: a payment that a crash wiped out of the pool is sent again by itself', async () => {
  const slow = await startDevnet({ ...spec, name: 'slow' }, ['--block-ms', '600'])
  const client = createLocalChain(slow)
  try {
    const paying = client.transfer({ to: payee, amountRao: 4242n, signer: payer })
    const nextNonce = async (): Promise<unknown> =>
      (await slow.rpc('author_nextNonce', { account: payer.publicKey })).result
    while ((await nextNonce()) === 0) await new Promise(setImmediate)
    await slow.kill()
    await slow.restart()
    const { transfers } = await client.transfersAt(await paying)
    assert.deepEqual(transfers, [{ from: payer.publicKey, to: payee, amountRao: 4242n }])
    assert.equal(await nextNonce(), 1)
  } finally {
    await client.close()
    await slow.destroy()
  }
})

test('local chain: no second process takes a folder, and none starts on the folder of another chain', async () => {
  const one = await startDevnet({ ...spec, name: 'one' })
  try {
    assert.match(await failure(['--dir', one.dir]), /failed to open/)
    await one.kill()
    const genesis = join(one.dir, 'other.json')
    await writeFile(genesis, JSON.stringify({ ...spec, name: 'two' }))
    assert.match(await failure(['--dir', one.dir, '--genesis', genesis]), /GENESIS_MISMATCH/)
    await writeFile(genesis, JSON.stringify({ ...spec, neurons: [{}] }))
    assert.match(await failure(['--dir', one.dir, '--genesis', genesis]), /BAD_GENESIS.*neurons\[0\]/)
    assert.match(await failure(['--dir', join(one.dir, 'empty')]), /BAD_GENESIS.*no genesis was given/)
    assert.match(await failure(['--dir', one.dir, '--block-ms', '0']), /--block-ms is an integer/)
  } finally {
    await one.destroy()
  }
})

/** What a start that must fail says as it ends with exit status 1. */
async function failure(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const said = await child.stderr.toArray()
  assert.deepEqual(await exited, [1, null])
  return String(said)
}
