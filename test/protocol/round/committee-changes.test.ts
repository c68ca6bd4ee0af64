/** Committee changes: the weights, the entry and its lawfulness against naive versions of them, and whole meshes whose members come and go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Metagraph } from '../../../protocol/chain-view.ts'
import type { Committee } from '../../../protocol/committee.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { MEMBERS_MAX } from '../../../protocol/limits.ts'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { cappedWeights, committeeOf, eligibleHotkeys, epochEntry, isSuccessor } from '../../../protocol/round/epoch.ts'
import {
  blockAt,
  createMesh,
  delegationOf,
  digestOf,
  genesisOf,
  kindsOf,
  type Mesh,
  MINERS,
  measuredAt,
  metagraphAt,
  nodeAt,
  OWNER,
  params,
  STAKES,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

/**
 * The largest fixed point of w = min(stake, cap · Σw) by trying every set of capped members: each gives one rational limit, which holds when
 * exactly the members above it are in the set. Null: there is none but nothing for all.
 */
const naiveLimit = (stakes: readonly bigint[], capPpm: bigint): { num: bigint; den: bigint } | null => {
  let best: { num: bigint; den: bigint } | null = null
  for (let mask = 0; mask < 1 << stakes.length; mask += 1) {
    const isCapped = (index: number): boolean => ((mask >> index) & 1) === 1
    const capped = stakes.filter((_, index) => isCapped(index))
    const num = capPpm * sum(stakes.filter((_, index) => !isCapped(index)))
    const den = 1_000_000n - capPpm * BigInt(capped.length)
    if (den <= 0n || num === 0n) continue
    const holds = stakes.every((stake, index) => (isCapped(index) ? stake * den >= num : stake * den <= num))
    if (holds && (best === null || num * best.den > best.num * den)) best = { num, den }
  }
  return best
}

// Small stakes meet the borders, equal ones the ties, large ones are no doubles.
const stake = fc.oneof(fc.bigInt({ min: 1n, max: 9n }), fc.bigInt({ min: 1n, max: 10n ** 18n }))

test('capped weights are the largest fixed point of their rule, rounded down, whoever computes it how', () => {
  const stakes = fc.array(stake, { minLength: 1, maxLength: 8 })
  const cap = fc.oneof(fc.integer({ min: 7_813, max: 333_333 }), fc.constantFrom(125_000, 200_000, 250_000, 333_333))
  fc.assert(
    fc.property(stakes, cap, (values, capPpm) => {
      const limit = naiveLimit(values, BigInt(capPpm))
      const least = [...values].sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n
      const want = values.map((value) => {
        if (limit === null) return least
        return value * limit.den < limit.num ? value : limit.num / limit.den
      })
      assert.deepEqual(cappedWeights(values, capPpm), want)
    }),
    { numRuns: 1_000 },
  )
})

test('under the cap no member is a third of the weight, but for what rounding down takes from the others', () => {
  const stakes = fc.array(fc.bigInt({ min: 1_000_000_000n, max: 10n ** 18n }), { minLength: 4, maxLength: 64 })
  fc.assert(
    fc.property(stakes, fc.integer({ min: 250_001, max: 330_000 }), (values, capPpm) => {
      const weights = cappedWeights(values, capPpm)
      for (const weight of weights) assert.ok(3n * weight < sum(weights))
    }),
  )
})

type Registered = {
  readonly stakeRao: bigint
  readonly permit: boolean
  /** Null: has sent none. */
  readonly window: { readonly from: number; readonly to: number } | null
}

const registered: fc.Arbitrary<Registered> = fc.record({
  stakeRao: fc.oneof(fc.constant(0n), stake),
  permit: fc.boolean(),
  window: fc.option(fc.record({ from: fc.integer({ min: 0, max: 4 }), to: fc.integer({ min: 1, max: 8 }) })),
})

const chainOf = (all: readonly Registered[], block: number): Metagraph => ({
  block: blockAt(block),
  epoch: 9,
  epochStart: block,
  ownerHotkey: OWNER,
  neurons: all.map(({ stakeRao, permit }, uid) => ({
    uid,
    hotkey: digestOf(`hotkey ${uid}`),
    coldkey: digestOf(`coldkey ${uid}`),
    stakeRao,
    permit,
  })),
})

const delegatedOf = (all: readonly Registered[]) => (hotkey: Key) => {
  const window = all.find((_, uid) => digestOf(`hotkey ${uid}`) === hotkey)?.window ?? null
  if (window === null) return undefined
  const body = { ...delegationOf(hotkey), fromBlock: window.from, toBlock: window.to }
  return { id: digestOf(`delegation of ${hotkey}`), body }
}

/** By counting who is ahead instead of sorting. */
const naiveMembers = (all: readonly Registered[], block: number): readonly { uid: number; stakeRao: bigint }[] =>
  all.flatMap(({ stakeRao, permit, window }, uid) => {
    const isAhead = (other: Registered, at: number): boolean =>
      other.permit && (other.stakeRao > stakeRao || (other.stakeRao === stakeRao && at < uid))
    const place = all.filter(isAhead).length
    const isSpeaking = window !== null && window.from <= block && block < window.to
    return permit && stakeRao > 0n && isSpeaking && place < MEMBERS_MAX ? [{ uid, stakeRao }] : []
  })

test('EPOCH names exactly the permitted with a delegation in force, the largest stakes first where there are too many', () => {
  const many = fc.oneof(
    { weight: 9, arbitrary: fc.array(registered, { maxLength: 12 }) },
    { weight: 1, arbitrary: fc.array(registered, { minLength: 300, maxLength: 320 }) },
  )
  fc.assert(
    fc.property(many, fc.integer({ min: 0, max: 8 }), (all, block) => {
      const entry = epochEntry(chainOf(all, block), { capPpm: 330_000, delegationOf: delegatedOf(all) })
      const members = naiveMembers(all, block)
      assert.deepEqual(
        entry.members.map(({ hotkey }) => hotkey),
        members.map(({ uid }) => digestOf(`hotkey ${uid}`)).sort((a, b) => (a < b ? -1 : 1)),
      )
      assert.deepEqual([entry.owner, entry.block, entry.epoch, entry.blockHash], [OWNER, block, 9, blockAt(block).hash])
      const weights = new Map(entry.members.map(({ hotkey, weight }) => [hotkey, weight]))
      assert.deepEqual(
        members.map(({ uid }) => weights.get(digestOf(`hotkey ${uid}`))),
        cappedWeights(
          members.map(({ stakeRao }) => stakeRao),
          330_000,
        ),
      )
    }),
  )
})

test('the order in which the chain lists neurons changes nothing of an entry', () => {
  fc.assert(
    fc.property(fc.array(registered, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (all, order) => {
      const chain = chainOf(all, 3)
      const keys = chain.neurons.map(() => order.next().value ?? 0)
      const neurons = [...chain.neurons].sort((a, b) => (keys[a.uid] ?? 0) - (keys[b.uid] ?? 0))
      const o = { capPpm: 330_000, delegationOf: delegatedOf(all) }
      assert.deepEqual(epochEntry({ ...chain, neurons }, o), epochEntry(chain, o))
    }),
  )
})

const oldCommittee = (weights: readonly bigint[]): Committee =>
  committeeOf({
    epoch: 1,
    seed: '',
    members: weights.map((weight, index) => ({ hotkey: digestOf(`hotkey ${index}`), weight })),
    delegationOf,
  })

test('a successor has four members and, of the old weight that is still permitted, more than two thirds', () => {
  const one = fc.record({ weight: stake, isPermitted: fc.boolean(), isMember: fc.boolean() })
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 10 }), fc.integer({ min: 0, max: 5 }), (old, strangers) => {
      const eligible = new Set(old.flatMap((o, index) => (o.isPermitted ? [digestOf(`hotkey ${index}`)] : [])))
      const hotkeys = [
        ...old.flatMap((o, index) => (o.isMember ? [digestOf(`hotkey ${index}`)] : [])),
        ...Array.from({ length: strangers }, (_, index) => digestOf(`stranger ${index}`)),
      ]
      const members = hotkeys.map((hotkey) => ({ hotkey, weight: 1n, delegation: '' }))
      const entry: EntryOf<'epoch'> = {
        kind: 'epoch',
        epoch: 2,
        block: 1,
        blockHash: '',
        members,
        owner: '',
        released: [],
      }
      const weigh = (which: typeof old): bigint => sum(which.map(({ weight }) => weight))
      const permitted = weigh(old.filter((o) => o.isPermitted))
      const staying = weigh(old.filter((o) => o.isPermitted && o.isMember))
      const want = hotkeys.length >= 4 && permitted > 0n && staying * 3n > permitted * 2n
      assert.equal(isSuccessor(oldCommittee(old.map(({ weight }) => weight)), entry, eligible), want)
    }),
  )
})

test('no swing of stakes alone keeps a committee from its successor: lawful is who stays, not what they hold now', () => {
  const pair = fc.tuple(stake, stake)
  fc.assert(
    fc.property(fc.array(pair, { minLength: 4, maxLength: 20 }), (pairs) => {
      const all = pairs.map(([, stakeRao]): Registered => ({ stakeRao, permit: true, window: { from: 0, to: 9 } }))
      const chain = chainOf(all, 1)
      const entry = epochEntry(chain, { capPpm: 330_000, delegationOf: delegatedOf(all) })
      assert.ok(isSuccessor(oldCommittee(pairs.map(([before]) => before)), entry, eligibleHotkeys(chain)))
    }),
  )
})

/** Epochs of 30 blocks after block 100; members by epoch: their stakes, none for who has no permit. */
const EPOCH_BLOCKS = 30
const epochAt = (block: number): number => 1 + Math.floor(Math.max(0, block - 100) / EPOCH_BLOCKS)
const worldOf =
  (stakesAt: (epoch: number) => ReadonlyMap<Key, bigint>) =>
  (block: number): Metagraph => {
    const epoch = epochAt(block)
    const stakes = stakesAt(epoch)
    return {
      ...metagraphAt(block),
      epoch,
      epochStart: 100 + (epoch - 1) * EPOCH_BLOCKS,
      neurons: metagraphAt(block).neurons.map((neuron) => ({
        ...neuron,
        stakeRao: stakes.get(neuron.hotkey) ?? 0n,
        permit: stakes.has(neuron.hotkey),
      })),
    }
  }

const start = new Map(VALIDATORS.map((hotkey, index) => [hotkey, STAKES[index] ?? 0n]))
const [ANNA = '', , , DINO = ''] = VALIDATORS
const [MINER = '', , , EVA = ''] = MINERS

const resultsOf = (mesh: Mesh) => nodeAt(mesh, 0).state.competitions.get(params.id)?.results ?? []
const committeeIn = (mesh: Mesh, place = 0) => nodeAt(mesh, place).state.committee
const evaluationsBy = (mesh: Mesh, place: number): readonly number[] =>
  nodeAt(mesh, place).effects.flatMap((effect) => (effect.kind === 'evaluate' ? [effect.round] : []))

test('who leaves in the middle of a round still reveals and weighs in it; who joins starts with the next manifest', () => {
  const next = new Map([...start].filter(([hotkey]) => hotkey !== DINO)).set(EVA, 25n)
  const mesh = createMesh({
    genesis: genesisOf({ params: { commitBlocks: 60, revealBlocks: 40 } }),
    joining: [EVA],
    world: {
      metagraph: worldOf((epoch) => (epoch === 1 ? start : next)),
      // Nobody's commit arrives before the epoch has changed.
      signs: ({ message }) => message.kind !== 'commit' || mesh.clock.head > 132,
    },
  })
  mesh.tell(submissionOf(MINER, 'first'))
  mesh.tell({ kind: 'delegation', body: delegationOf(EVA), signature: SIGNATURE })
  mesh.run(() => kindsOf(mesh).includes('epoch'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const kinds = kindsOf(mesh)
  assert.ok(kinds.indexOf('manifest') < kinds.indexOf('epoch') && kinds.indexOf('epoch') < kinds.indexOf('commits'))
  const [first] = resultsOf(mesh)
  const in1 = first?.submissions[0]?.byValidator.map(({ hotkey }) => hotkey) ?? []
  assert.deepEqual(
    in1,
    [...VALIDATORS].sort((a, b) => (a < b ? -1 : 1)),
  )
  assert.ok(committeeIn(mesh).members.some(({ hotkey }) => hotkey === EVA))
  assert.ok(!committeeIn(mesh).members.some(({ hotkey }) => hotkey === DINO))
  assert.deepEqual(evaluationsBy(mesh, 4), [], 'who joined measures nothing of the round under way')
  assert.equal(nodeAt(mesh, 0).state.competitions.get(params.id)?.attested?.committee.total, sum(STAKES))
  mesh.run(() => resultsOf(mesh).length === 2)
  const in2 = resultsOf(mesh)[1]
  const measuredIn2 = in2?.validators.filter(({ mark }) => mark === 'counted').map(({ hotkey }) => hotkey)
  assert.ok(evaluationsBy(mesh, 4).includes(2), 'the next manifest is measured by who joined')
  assert.ok(!evaluationsBy(mesh, 3).includes(2), 'and no more by who left')
  assert.ok(measuredIn2?.includes(EVA) && !measuredIn2.includes(DINO))
})

test('when two fifths of the stake move in one epoch the committee follows, and the round under way keeps its weights', () => {
  const moved = new Map([...start].map(([hotkey, held]) => [hotkey, hotkey === ANNA ? 6n : held]))
  moved.set(DINO, 44n)
  const mesh = createMesh({
    world: {
      metagraph: worldOf((epoch) => (epoch === 1 ? start : moved)),
      signs: ({ message }) => message.kind !== 'commit' || mesh.clock.head > 132,
      // Two against two: whose side holds more depends on the epoch whose weights count.
      measure: ({ hotkey, submission }) => measuredOnSide(submission, hotkey),
    },
  })
  const high = new Set([VALIDATORS[0], VALIDATORS[1]])
  const measuredOnSide = (id: string, hotkey: Key) => measuredAt(id, high.has(hotkey) ? 1_300_000 : 1_100_000)
  mesh.tell(submissionOf(MINER, 'first'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.ok(kindsOf(mesh).indexOf('epoch') < kindsOf(mesh).indexOf('commits'))
  assert.equal(resultsOf(mesh)[0]?.submissions[0]?.metricPpm, 1_300_000, 'then 58 of 100 said so')
  for (const place of [0, 1, 2, 3]) {
    // 6, 28, 22 and 44, the last cut to 33 % of the sum.
    assert.deepEqual(
      VALIDATORS.map((hotkey) => committeeIn(mesh, place).members.find((one) => one.hotkey === hotkey)?.weight),
      [6n, 27n, 22n, 27n],
    )
  }
  mesh.run(() => resultsOf(mesh).length === 2)
  assert.equal(resultsOf(mesh)[1]?.winner, resultsOf(mesh)[0]?.winner)
})

test('R-69: a delegation that comes before its hotkey’s permit is kept, so that the epoch which brings the permit brings the seat; one without stake is not', () => {
  const five = new Map(start).set(EVA, 25n)
  const withoutPermit = (number: number) => {
    const chain = worldOf(() => five)(number)
    const isLater = chain.epoch > 1
    const neurons = chain.neurons.map((one) => ({ ...one, permit: one.permit && (isLater || one.hotkey !== EVA) }))
    return { ...chain, neurons }
  }
  const mesh = createMesh({ world: { metagraph: withoutPermit } })
  for (let block = 0; block < 8; block += 1) mesh.step()
  mesh.tell({ kind: 'delegation', body: delegationOf(EVA), signature: SIGNATURE })
  mesh.tell({ kind: 'delegation', body: delegationOf(MINER), signature: SIGNATURE })
  mesh.step()
  const { delegations } = nodeAt(mesh, 0).state
  assert.deepEqual([delegations.has(EVA), delegations.has(MINER)], [true, false])
  mesh.run(() => committeeIn(mesh).epoch === 2, 60)
  assert.ok(committeeIn(mesh).members.some(({ hotkey }) => hotkey === EVA))
})

test('a member without a newer delegation keeps its last until it expires, and is back with a new one', () => {
  const base = genesisOf()
  const delegations = base.delegations.map((one) =>
    one.body.hotkey === ANNA ? { ...one, body: { ...one.body, toBlock: 140 } } : one,
  )
  const five = new Map(start).set(EVA, 25n)
  const mesh = createMesh({
    genesis: { ...base, delegations },
    joining: [EVA],
    world: { metagraph: worldOf(() => five) },
  })
  const isMember = (hotkey: Key): boolean => committeeIn(mesh).members.some((one) => one.hotkey === hotkey)
  const untilEpoch = (epoch: number): void => mesh.run(() => committeeIn(mesh).epoch === epoch, 60)
  for (let block = 0; block < 8; block += 1) mesh.step()
  mesh.tell({ kind: 'delegation', body: delegationOf(EVA), signature: SIGNATURE })
  untilEpoch(2)
  assert.ok(isMember(ANNA) && isMember(EVA), 'at block 130 its delegation is in force')
  untilEpoch(3)
  assert.ok(!isMember(ANNA), 'at block 160 it has expired')
  assert.equal(committeeIn(mesh).members.length, 4)
  mesh.tell({ kind: 'delegation', body: delegationOf(ANNA, 2), signature: SIGNATURE })
  untilEpoch(4)
  assert.equal(
    committeeIn(mesh).members.find(({ hotkey }) => hotkey === ANNA)?.sessionKey,
    delegationOf(ANNA, 2).sessionKey,
  )
  mesh.restart(nodeAt(mesh, 2))
  assert.deepEqual(committeeIn(mesh, 2), committeeIn(mesh, 0))
})

test('when too many delegations have expired the old committee stays, and decides on', () => {
  const base = genesisOf()
  const delegations = base.delegations.map((one) =>
    one.body.hotkey === ANNA ? { ...one, body: { ...one.body, toBlock: 120 } } : one,
  )
  const mesh = createMesh({ genesis: { ...base, delegations }, world: { metagraph: worldOf(() => start) } })
  mesh.run(() => mesh.clock.head >= 140)
  assert.equal(committeeIn(mesh).epoch, 1)
  assert.ok(!kindsOf(mesh).includes('epoch'), 'three members are no committee')
  mesh.tell(submissionOf(MINER, 'first'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.equal(rounds.committee(nodeAt(mesh, 0).state)?.members.length, 4)
})
