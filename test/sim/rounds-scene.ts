/** The real rounds: submissions of three miners, seeded measurements, epochs that move the stakes. */
import type { Metagraph, Neuron } from '../../protocol/chain-view.ts'
import { hardwareClassOf } from '../../protocol/competition/hardware.ts'
import { presetsOf } from '../../protocol/competition/matrix/params.ts'
import { type Digest, hash, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import { chainDomain, domainsOf, type Genesis } from '../../protocol/genesis.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Delegation } from '../../protocol/message/membership.ts'
import { type Domains, messageId, type Signed } from '../../protocol/message/message.ts'
import type { ParamsChange } from '../../protocol/message/params.ts'
import { rounds } from '../../protocol/round/application.ts'
import { createRounds, type RoundState } from '../../protocol/round/state.ts'
import { buildStatement, failed, type Measured, passed } from '../../protocol/round/statement.ts'
import { FEE_RAO, factsOf, refOf, type TransferKind } from './payments.ts'
import { createRandom } from './random.ts'
import { blockAt, type Evaluate, type ReadPayment, type Scene, type Spoken } from './scene.ts'
import { createRealSigning, type Signing, sessionName, TOKENS } from './signing.ts'
import { committeeOf, DELTA_MS } from './toy-scene.ts'

/**
 * Blocks of an epoch, from a block on: the chain divides by what is in force, so the first change calls block 20 the first of an epoch that was
 * none, and the second counts from 1 again.
 */
const SCHEDULE = [
  { from: 0, epochBlocks: 14 },
  { from: 23, epochBlocks: 10 },
  { from: 44, epochBlocks: 24 },
] as const
const SUBMIT_EVERY_BLOCKS = 7
const CHANGE_EVERY_BLOCKS = 21
const DELEGATE_EVERY_BLOCKS = 5
/** As many as the first look of PAIR-1 takes. */
const QUADS = 8
/** What stakes move by from one epoch to the next where no fault says more, per mille. */
const CALM_SWING = 100

const memo = new Map<string, Digest>()

/** A digest from a name; the same few thousand names come in every run. */
const named = (name: string): Digest => {
  const known = memo.get(name)
  if (known !== undefined) return known
  const made = hash(utf8ToBytes(name))
  if (memo.size < 4096) memo.set(name, made)
  return made
}

const PARAMS = {
  ...presetsOf('matrix-lossless').demo({
    image: named('image'),
    poolManifest: named('pool'),
    poolRoot: named('root'),
    referenceNanos: 1_000_000n,
  }),
  // Short enough to be seen in a run.
  decayBlocks: 60,
  roundBlocks: 6,
  commitBlocks: 6,
  revealBlocks: 4,
  extendBlocks: 4,
  // Two miners share a purse, and some say one thing twice.
  dailySubmissionsMax: 8,
  feeRao: FEE_RAO,
}

type Seats = Genesis['members']

const delegationOf = (hotkey: Key, o: { signing: Signing; counter: number }): Delegation => ({
  netuid: 1,
  hotkey,
  scheme: 'ed25519',
  sessionKey: o.signing.keyNamed(o.counter === 1 ? sessionName(hotkey) : `${sessionName(hotkey)} ${o.counter}`),
  sealingKey: named(`sealing ${hotkey}`),
  peerId: `peer ${hotkey.slice(0, 8)}`,
  fromBlock: 0,
  toBlock: 1_000_000,
  counter: o.counter,
})

const genesisOf = (members: Seats, signing: Signing): Genesis => {
  const chain = { chainGenesis: named('chain'), netuid: 1, mechanism: 0 }
  const domains = { chain: chainDomain(chain), mesh: '' }
  return {
    ...chain,
    version: 1,
    block: 0,
    blockHash: blockAt(0).hash,
    epoch: 0,
    owner: signing.keyNamed('owner'),
    members,
    delegations: members.map(({ hotkey }) => {
      const body = delegationOf(hotkey, { signing, counter: 1 })
      const { signature } = signing.sign({ kind: 'delegation', body }, domains, (message) =>
        messageId(message, domains),
      )
      // A word is no signature that a document could hold.
      return { body, signature: signing === TOKENS ? '00'.repeat(64) : signature }
    }),
    deltaMs: DELTA_MS,
    weightCapPpm: 330_000,
    weightsEveryBlocks: 10,
    evidenceEpochs: 3,
    competitions: [PARAMS],
  }
}

/** Up by the whole swing for some, down by it for others, by turns. */
const stakeAt = (weight: bigint, o: { place: number; epoch: number; swing: number }): bigint => {
  const turn = (o.place + o.epoch) % 3
  return weight * BigInt(1000 + (turn - 1) * o.swing)
}

const metagraphOf = (members: Seats, signing: Signing) => {
  const owner = signing.keyNamed('owner')
  const minerKeys = minersOf(signing)
  const known = new Map<string, readonly Neuron[]>()
  const neuronsAt = (epoch: number, swing: number): readonly Neuron[] => {
    const place = `${epoch}/${swing}`
    const made =
      known.get(place) ??
      [owner, ...members.map(({ hotkey }) => hotkey), ...minerKeys].map((hotkey, uid): Neuron => {
        const index = members.findIndex((member) => member.hotkey === hotkey)
        const stakeRao = stakeAt(members[index]?.weight ?? 0n, { place: index, epoch, swing })
        return { uid, hotkey, coldkey: coldkeyOf(hotkey, minerKeys), stakeRao, permit: index >= 0 }
      })
    if (known.size < 4096) known.set(place, made)
    return made
  }
  return (block: number, swing: number): Metagraph => {
    const { epochBlocks } = SCHEDULE.findLast(({ from }) => from <= block) ?? SCHEDULE[0]
    const epoch = Math.floor(block / epochBlocks)
    return {
      block: blockAt(block),
      epoch,
      epochStart: epoch * epochBlocks,
      ownerHotkey: owner,
      neurons: neuronsAt(epoch, swing === 0 ? CALM_SWING : swing),
    }
  }
}

/** The first two miners have one coldkey between them: either may be paid for by the same transfer. */
const coldkeyOf = (hotkey: Key, minerKeys: readonly Key[]): Key =>
  named(`cold ${minerKeys[1] === hotkey ? minerKeys[0] : hotkey}`)

const minersOf = (signing: Signing): readonly Key[] => [0, 1, 2].map((index) => signing.keyNamed(`miner ${index}`))

/** What the owner changes by turns: the mesh's parameters and the competition's, there and back. */
const changeAt = (turn: number): ParamsChange['change'] => {
  const isBack = turn % 4 >= 2
  if (turn % 2 === 0)
    return {
      kind: 'mesh',
      deltaMs: isBack ? DELTA_MS : 800,
      weightCapPpm: isBack ? 330_000 : 300_000,
      weightsEveryBlocks: isBack ? 10 : 7,
      evidenceEpochs: isBack ? 3 : 2,
    }
  return {
    kind: 'competition',
    ...PARAMS,
    ...(isBack ? {} : { thetaPpm: 40_000, commitBlocks: 5, confirmRounds: 3, burnPpm: 500_000, feeRao: 0n }),
  }
}

const changesOf = (signing: Signing, domains: Domains) => {
  const known = new Map<number, readonly Signed[]>()
  return (block: number): readonly Signed[] => {
    if (block % CHANGE_EVERY_BLOCKS !== 3) return []
    const made = known.get(block)
    if (made !== undefined) return made
    const turn = Math.floor(block / CHANGE_EVERY_BLOCKS)
    const body = {
      hotkey: signing.keyNamed('owner'),
      scheme: 'ed25519' as const,
      counter: turn + 1,
      activationHeight: 3 + Math.floor(block / 4),
      change: changeAt(turn),
    }
    const signed = [signing.sign({ kind: 'params', body }, domains, (message) => messageId(message, domains))]
    known.set(block, signed)
    return signed
  }
}

/** How a second submission of the same turn is paid for, by turns: all but the first of it are to be found out. */
const COMPANIONS = [
  'double',
  'none',
  'forked',
  'unpaid',
  'pays too little',
  'double',
  'replayed',
  'stolen',
  'fails',
] as const
/** Likewise: by the ways in which a call only looks like a payment. */
const DISGUISES: readonly TransferKind[] = ['pays twice', 'pays for another', 'moves nothing', 'pays too little']

type Companion = (typeof COMPANIONS)[number]

/** The companion's payment beside that of the turn's honest submission. */
const companionPayment = (companion: Companion, o: { readonly block: number; readonly miner: number }) => {
  const honest = refOf({ ...o, kind: 'pays' })
  switch (companion) {
    case 'double':
      return honest
    case 'replayed':
      // Of the same purse, three turns before.
      return refOf({ ...o, block: Math.max(0, o.block - 3 * SUBMIT_EVERY_BLOCKS), kind: 'pays' })
    case 'stolen':
      return refOf({ ...o, miner: (o.miner + 1) % 3, kind: 'pays' })
    case 'forked':
      return { ...honest, blockHash: named(`fork of ${o.block}`) }
    case 'pays too little':
      return refOf({ ...o, kind: DISGUISES[o.block % DISGUISES.length] ?? 'fails' })
    case 'fails':
      return refOf({ ...o, kind: 'fails' })
    case 'unpaid':
    case 'none':
      return null
  }
}

/**
 * Each turn one miner hands in what is paid for. Beside it comes what should get nothing for it: the same payment under another hotkey of its
 * purse, through other validators, and every way to pay badly.
 */
const submissionsOf = (signing: Signing, domains: Domains) => {
  const minerKeys = minersOf(signing)
  const known = new Map<number, readonly Spoken[]>()
  const claim = (
    hotkey: Key,
    o: { readonly bundle: string; readonly payment: ReturnType<typeof companionPayment> },
  ) => {
    const size = { bundle: named(o.bundle), sizeBytes: 1000, payment: o.payment }
    const body = { competition: PARAMS.id, hotkey, scheme: 'ed25519' as const, ...size }
    return signing.sign({ kind: 'submission', body }, domains, (message) => messageId(message, domains))
  }
  return (block: number): readonly Spoken[] => {
    if (block % SUBMIT_EVERY_BLOCKS !== 0) return []
    const made = known.get(block)
    if (made !== undefined) return made
    const turn = Math.floor(block / SUBMIT_EVERY_BLOCKS)
    const miner = turn % minerKeys.length
    const companion = COMPANIONS[turn % COMPANIONS.length] ?? 'none'
    const first = claim(minerKeys[miner] ?? '', {
      bundle: `bundle ${block}`,
      payment: refOf({ block, miner, kind: 'pays' }),
    })
    const payment = companionPayment(companion, { block, miner })
    // The first two share a purse: the other hotkey may spend it as well.
    const other = companion === 'double' && miner < 2 ? 1 - miner : miner
    const second = claim(minerKeys[other] ?? '', { bundle: `companion ${block}`, payment })
    const isDouble = companion === 'double'
    const spoken: readonly Spoken[] = [
      { message: first, to: isDouble ? 'even' : 'all' },
      ...(companion === 'none' ? [] : [{ message: second, to: isDouble ? ('odd' as const) : ('all' as const) }]),
    ]
    known.set(block, spoken)
    return spoken
  }
}

const toAll =
  (say: (block: number) => readonly Signed[]) =>
  (block: number): readonly Spoken[] =>
    say(block).map((message) => ({ message, to: 'all' }))

/** The same to everybody, by the chain alone. */
const paymentOf = (signing: Signing, { payment: ref, hotkey }: ReadPayment) => {
  const minerKeys = minersOf(signing)
  const purses = minerKeys.map((key) => coldkeyOf(key, minerKeys))
  const owner = minerKeys.includes(hotkey) ? coldkeyOf(hotkey, minerKeys) : null
  return factsOf({ ref, purses, owner, subnetOwner: coldkeyOf(signing.keyNamed('owner'), minerKeys) })
}

/** Validators move to other keys by turns; where signatures are real nobody does, for there each name has the one key it signs with. */
const delegationsOf = (hotkeys: readonly Key[], signing: Signing, domains: Domains) => {
  const known = new Map<number, readonly Signed[]>()
  return (block: number): readonly Signed[] => {
    if (block % DELEGATE_EVERY_BLOCKS !== 1 || signing !== TOKENS) return []
    const made = known.get(block)
    if (made !== undefined) return made
    const turn = Math.floor(block / DELEGATE_EVERY_BLOCKS)
    const body = delegationOf(hotkeys[turn % hotkeys.length] ?? '', {
      signing,
      counter: 2 + Math.floor(turn / hotkeys.length),
    })
    const signed = [signing.sign({ kind: 'delegation', body }, domains, (message) => messageId(message, domains))]
    known.set(block, signed)
    return signed
  }
}

const FAULT_CODES = ['WRONG_OUTPUT', 'NOT_LOSSLESS', 'TIMEOUT'] as const

/** Half of the hosts are of one kind, half of another. */
const coresOf = (node: Key): number => 1 + (Number.parseInt(node.slice(0, 1), 16) % 2)

/**
 * Differs per validator, and some fail: what a median is for. One submission in eight is better on one class of hosts only, one host in
 * sixteen is far off, and of those that fail not all fail alike.
 */
const measuredBy = (node: Key, id: Digest, o: { seed: Digest; thetaPpm: number }): Measured => {
  const random = createRandom(0, `${node} ${id} ${o.seed}`)
  const common = { id, transcriptRoot: named(`transcript ${node}`), runs: named('runs') }
  const kind = Number.parseInt(id.slice(0, 2), 16)
  if (kind < 40) {
    const code = FAULT_CODES[random.chance(800) ? 0 : random.below(FAULT_CODES.length)] ?? ''
    return failed({ ...common, verdict: 'miner', code })
  }
  if (random.below(16) === 0) return failed({ ...common, verdict: 'infra', code: 'TIMEOUT' })
  const base = 950_000 + (Number.parseInt(id.slice(2, 8), 16) % 300_000)
  const split = kind < 72 && coresOf(node) === 1 ? -150_000 : 0
  const far = random.below(16) === 0 ? random.below(400_000) : 0
  const ratioPpm = base + split + far + random.below(20_000)
  // One host in four has a quad that lost: it may be ahead and still not say better.
  const lost = random.below(4) === 0 ? 900_000 : ratioPpm
  const quadsPpm = Array.from({ length: QUADS }, (_, index) => (index === 0 ? lost : ratioPpm + index))
  const values = { linkPpm: 0n, ratioPpb: 700_000_000n, timeNanos: BigInt(1_000_000 + random.below(1000)) }
  return passed({
    ...common,
    values,
    scorePpb: 1000n,
    quadsPpm,
    rawMilli: BigInt(random.below(1_000_000)),
    thetaPpm: o.thetaPpm,
  })
}

const evaluate = (domain: Digest, o: { node: Key; effect: Evaluate; life: number }) => {
  const { competition, round, manifest, entry, seed } = o.effect
  const hardware = { model: 'simulated', cores: coresOf(o.node) }
  const nonce = hash(utf8ToBytes(`nonce ${o.node} ${o.life} ${manifest}`))
  const statement = buildStatement({
    domain,
    competition,
    paramsHash: entry.paramsHash,
    round,
    manifest,
    hotkey: o.node,
    nonce,
    seed,
    image: entry.image,
    referee: named('referee'),
    hardware: { ...hardware, engine: 'none', strength: 'none', class: hardwareClassOf(hardware) },
    // One host in twelve is too noisy to vote.
    hostNoisePpm: createRandom(0, `noise ${o.node} ${seed}`).below(12) === 0 ? 2 * entry.thetaPpm : 1000,
    submissions: entry.submissions.map(({ id }) => measuredBy(o.node, id, { seed, thetaPpm: entry.thetaPpm })),
  })
  return { nonce, statement }
}

/** The same entry one block earlier: as valid as the leader's own, and another value. */
const twist = (header: Header): Header => {
  const { entry, block } = header
  if (block === 0) return header
  if (entry.kind !== 'manifest') return { ...header, block: block - 1 }
  return { ...header, block: block - 1, entry: { ...entry, beaconBlock: entry.beaconBlock - 1 } }
}

/** Whole rounds after everything healed: a manifest, its commits and its end, so many times. */
const hasRoundsAfter = (log: readonly Header[], block: number, rounds: number): boolean => {
  const opened = log.findIndex(({ entry, block: at }) => entry.kind === 'manifest' && at > block)
  if (opened < 0) return false
  return log.slice(opened).filter(({ entry }) => entry.kind === 'result' || entry.kind === 'void').length >= rounds
}

/** `isReal`: keys and signatures are real ones. */
export const roundsScene = (count: number, isReal = false): Scene<RoundState> => {
  const signing = isReal ? createRealSigning() : TOKENS
  const { members } = committeeOf(count, signing)
  const seats = members.map(({ hotkey, weight }) => ({ hotkey, weight }))
  const genesis = genesisOf(seats, signing)
  const domains = domainsOf(genesis)
  const keys = seats.map(({ hotkey }) => hotkey)
  const outsiders = [
    submissionsOf(signing, domains),
    toAll(changesOf(signing, domains)),
    toAll(delegationsOf(keys, signing, domains)),
  ]
  return {
    name: 'rounds',
    genesis,
    domains,
    keys,
    signing,
    isReal,
    application: rounds,
    createRounds: (self) => createRounds({ genesis, self }),
    idOf: (message) => messageId(message, domains),
    outside: (block) => outsiders.flatMap((say) => say(block)),
    metagraph: metagraphOf(seats, signing),
    payment: (effect) => paymentOf(signing, effect),
    evaluate: (node, effect, life) => evaluate(domains.mesh, { node, effect, life }),
    twist,
    isDone: hasRoundsAfter,
  }
}
