/** Tests of hidden weights: the timelock against drand's own signature, the bytes inside, and the round that must open them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import fc from 'fast-check'
import { commitHash, storageIndex, timelockPayload } from '../../../../node/chain/subtensor/payload.ts'
import { epochAt, firstRevealBlock, revealSeconds, type Schedule } from '../../../../node/chain/subtensor/schedule.ts'
import {
  decryptWith,
  encryptUntil,
  QUICKNET,
  roundAt,
  TimelockError,
} from '../../../../node/chain/subtensor/timelock.ts'

/** What drand quicknet published for round 1000. */
const SIGNATURE = Buffer.from(
  'b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39',
  'hex',
)
const message = Buffer.from('fourteen bytes')
const hotkey = 'ab'.repeat(32)

const refused = (code: TimelockError['code']) => (error: unknown) =>
  error instanceof TimelockError && error.code === code

test('timelock: what was hidden until round 1000 opens with the signature that drand published for it', () => {
  const wire = encryptUntil(1000n, message)
  assert.equal(wire.length, 258)
  assert.deepEqual(Buffer.from(decryptWith(SIGNATURE, wire)), message)
})

test('timelock: the same randomness gives the same bytes, and fresh randomness others', () => {
  const random = { key: Buffer.alloc(32, 1), sigma: Buffer.alloc(32, 2), nonce: Buffer.alloc(12, 3) }
  const [one, two, other] = [
    encryptUntil(7n, message, { random }),
    encryptUntil(7n, message, { random }),
    encryptUntil(7n, message),
  ]
  assert.deepEqual(one, two)
  assert.notDeepEqual(one, other)
})

test('timelock: another round, a turned bit and a cut wire do not open, and say why', () => {
  assert.throws(() => decryptWith(SIGNATURE, encryptUntil(1001n, message)), refused('WRONG_SIGNATURE'))
  const wire = Buffer.from(encryptUntil(1000n, message))
  const turned = Buffer.from(wire)
  turned[110] = (turned[110] ?? 0) ^ 1
  assert.throws(() => decryptWith(SIGNATURE, turned), refused('WRONG_SIGNATURE'))
  for (const length of [0, 95, 100, 200, 257]) {
    assert.throws(() => decryptWith(SIGNATURE, wire.subarray(0, length)), refused('MALFORMED'), `${length} bytes`)
  }
  assert.throws(() => decryptWith(SIGNATURE, Buffer.concat([wire, Buffer.alloc(1)])), refused('MALFORMED'))
})

test('timelock: the key in use is a point of quicknet, and its rounds follow its clock', () => {
  bls12_381.G2.Point.fromHex(QUICKNET.publicKey).assertValidity()
  assert.equal(roundAt(QUICKNET.genesisSeconds - 5), 1n)
  assert.equal(roundAt(QUICKNET.genesisSeconds + 3_000), 1_000n)
  assert.equal(roundAt(QUICKNET.genesisSeconds + 3_002), 1_000n)
})

test('payload: hotkey, uids, values and version key in SCALE, lengths compact', () => {
  const payload = timelockPayload({ hotkey, uids: [1, 258], values: [65_535, 7], versionKey: 3n })
  assert.equal(Buffer.from(payload).toString('hex'), `80${hotkey}080100020108ffff07000300000000000000`)
})

test('payload: a hash commits to every part of it', () => {
  const row = { hotkey, index: 7, uids: [1], values: [2], salt: [3], versionKey: 4n }
  const others = [
    { ...row, hotkey: 'cd'.repeat(32) },
    { ...row, index: storageIndex(7, 1) },
    { ...row, uids: [2] },
    { ...row, values: [3] },
    { ...row, salt: [4] },
    { ...row, versionKey: 5n },
  ]
  const hashes = [row, ...others].map((one) => Buffer.from(commitHash(one)).toString('hex'))
  assert.equal(new Set(hashes).size, hashes.length)
  assert.equal(storageIndex(7, 1), 4103)
})

const stateful = (o: Partial<Extract<Schedule, { kind: 'stateful' }>>): Schedule => ({
  kind: 'stateful',
  tempo: 360,
  lastEpochBlock: 1_000,
  pendingEpochAt: 0,
  epochIndex: 5,
  blocksSinceLastStep: 100,
  ...o,
})

test('schedule: the older chain counts modulo the tempo, shifted by the netuid', () => {
  const legacy: Schedule = { kind: 'legacy', tempo: 40, netuid: 1 }
  // Epochs were seen to run in blocks 38 and 79 of a real runtime: the next begins right after.
  assert.deepEqual(
    [38, 39, 79, 80].map((block) => epochAt(legacy, block)),
    [
      { epoch: 0, start: 0 },
      { epoch: 1, start: 39 },
      { epoch: 1, start: 39 },
      { epoch: 2, start: 80 },
    ],
  )
  assert.equal(firstRevealBlock({ schedule: legacy, head: 20, revealPeriodEpochs: 1 }), 39)
  assert.equal(firstRevealBlock({ schedule: legacy, head: 38, revealPeriodEpochs: 1 }), 80, 'the commit is of block 39')
})

test('schedule: a commit of an epoch is revealed as the next one begins, and a pending epoch comes sooner', () => {
  const reveal = (schedule: Schedule, head = 1_100, revealPeriodEpochs = 1) =>
    firstRevealBlock({ schedule, head, revealPeriodEpochs })
  assert.equal(reveal(stateful({})), 1_360)
  assert.equal(reveal(stateful({}), 1_100, 2), 1_720)
  assert.equal(reveal(stateful({ pendingEpochAt: 1_200 })), 1_200)
  // The epoch fires in the very block that takes the commit, before its extrinsics: the commit is of the new epoch.
  assert.equal(reveal(stateful({}), 1_359), 1_720)
  assert.equal(reveal(stateful({ tempo: 0 })), null)
  assert.equal(reveal(stateful({ tempo: 50_400, lastEpochBlock: 1_050, blocksSinceLastStep: 50_395 }), 1_100), 1_107)
})

test('schedule: the reveal block always begins the reveal epoch, whatever the tempo and the place in it', () => {
  const arbitrary = fc.record({
    tempo: fc.integer({ min: 1, max: 700 }),
    since: fc.integer({ min: 0, max: 699 }),
    netuid: fc.integer({ min: 1, max: 500 }),
    revealPeriodEpochs: fc.integer({ min: 1, max: 4 }),
  })
  fc.assert(
    fc.property(arbitrary, ({ tempo, since, netuid, revealPeriodEpochs }) => {
      const legacy: Schedule = { kind: 'legacy', tempo, netuid }
      const at = firstRevealBlock({ schedule: legacy, head: since, revealPeriodEpochs }) ?? Number.NaN
      assert.equal(epochAt(legacy, at).epoch, epochAt(legacy, since + 1).epoch + revealPeriodEpochs)
      assert.equal(epochAt(legacy, at).start, at)
      const head = 1_000 + (since % tempo)
      const next = firstRevealBlock({ schedule: stateful({ tempo }), head, revealPeriodEpochs }) ?? Number.NaN
      assert.equal((next - 1_000) % tempo, 0)
      const isNewEpoch = head + 1 - 1_000 >= tempo
      assert.equal((next - 1_000) / tempo, revealPeriodEpochs + (isNewEpoch ? 1 : 0))
    }),
  )
})

test('schedule: the pulse that opens a commit comes three blocks after its epoch', () => {
  const seconds = revealSeconds({ headSeconds: 1_000, head: 50, revealBlock: 60, blockSeconds: 12 })
  assert.equal(seconds, 1_000 + 13 * 12)
})
