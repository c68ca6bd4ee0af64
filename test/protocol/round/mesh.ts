/** A mesh of rounds without the agreement: entries are decided when a quorum finds them valid, messages arrive at once. */

import type { EntryCheck, Judge } from '../../../protocol/application.ts'
import type { BlockRef, Metagraph } from '../../../protocol/chain-view.ts'
import { isQuorum, weightOf } from '../../../protocol/committee.ts'
import { presetsOf } from '../../../protocol/competition/matrix/params.ts'
import { type Digest, hash, type Key, utf8ToBytes } from '../../../protocol/crypto.ts'
import { domainsOf, type Genesis } from '../../../protocol/genesis.ts'
import type { Effect, Input, JournalRecord, Relayed, WeightsVector } from '../../../protocol/machine-types.ts'
import { merkleRoot } from '../../../protocol/merkle.ts'
import { type Entry, type Header, headerDigest } from '../../../protocol/message/entry.ts'
import { type Evidence, evidenceId } from '../../../protocol/message/evidence.ts'
import type { Delegation } from '../../../protocol/message/membership.ts'
import { type Domains, messageId, type Signed, type Verified } from '../../../protocol/message/message.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { createRounds, type RoundState } from '../../../protocol/round/state.ts'
import { buildStatement, failed, type Measured, passed } from '../../../protocol/round/statement.ts'
import { isSigned, SIGNATURE, signed } from './signing.ts'
import type { World } from './world.ts'

export const digestOf = (name: string): Digest => hash(utf8ToBytes(name))
export const OWNER = digestOf('owner')
export const STAKES = [30n, 28n, 22n, 20n] as const
const validatorsOf = (stakes: readonly bigint[]): readonly Key[] =>
  stakes.map((_, index) => digestOf(`validator ${index}`))
/** Validators in the order of `STAKES`. */
export const VALIDATORS = validatorsOf(STAKES)
export const MINERS = [0, 1, 2, 3].map((index) => digestOf(`miner ${index}`))

export const delegationOf = (hotkey: Key, counter = 1): Delegation => ({
  netuid: 7,
  hotkey,
  scheme: 'sr25519',
  sessionKey: digestOf(`session ${hotkey} ${counter}`),
  sealingKey: digestOf(`sealing ${hotkey} ${counter}`),
  peerId: `peer-${hotkey.slice(0, 8)}-${counter}`,
  fromBlock: 0,
  toBlock: 1_000_000,
  counter,
})

export const params = {
  ...presetsOf('matrix-lossless').demo({
    image: digestOf('image'),
    poolManifest: digestOf('pool manifest'),
    poolRoot: digestOf('pool'),
    referenceNanos: 1_000_000n,
  }),
  roundBlocks: 20,
  commitBlocks: 20,
  revealBlocks: 10,
  extendBlocks: 10,
}

type Founding = { readonly params?: Partial<typeof params>; readonly stakes?: readonly bigint[] }

export const genesisOf = ({ params: changed, stakes = STAKES }: Founding = {}): Genesis => ({
  ...{ chainGenesis: digestOf('chain'), netuid: 7, mechanism: 0, version: 1 },
  block: 100,
  blockHash: digestOf('block 100'),
  epoch: 1,
  owner: OWNER,
  members: validatorsOf(stakes).map((hotkey, index) => ({ hotkey, weight: stakes[index] ?? 0n })),
  delegations: validatorsOf(stakes).map((hotkey) => ({ body: delegationOf(hotkey), signature: SIGNATURE })),
  deltaMs: 1_000,
  weightCapPpm: 330_000,
  evidenceEpochs: 3,
  weightsEveryBlocks: 10,
  competitions: [{ ...params, ...changed }],
})

const EPOCH_BLOCKS = 1_000

export const metagraphAt = (block: number, stakes: readonly bigint[] = STAKES): Metagraph => {
  const validators = validatorsOf(stakes)
  return {
    block: blockAt(block),
    epoch: 1 + Math.floor(block / EPOCH_BLOCKS),
    epochStart: Math.floor(block / EPOCH_BLOCKS) * EPOCH_BLOCKS,
    ownerHotkey: OWNER,
    neurons: [OWNER, ...validators, ...MINERS].map((hotkey, uid) => ({
      uid,
      hotkey,
      coldkey: coldkeyOf(hotkey),
      stakeRao: stakes[validators.indexOf(hotkey)] ?? 0n,
      permit: validators.includes(hotkey),
    })),
  }
}

export const coldkeyOf = (hotkey: Key): Key => digestOf(`cold ${hotkey}`)

export const blockAt = (number: number): BlockRef => ({ number, hash: digestOf(`block ${number}`) })

/** A pass with every quad at this ratio. */
export const measuredAt = (
  id: Digest,
  ratioPpm: number,
  o: { quadsPpm?: readonly number[]; rawMilli?: bigint } = {},
): Measured =>
  passed({
    id,
    transcriptRoot: digestOf('transcript'),
    runs: digestOf('runs'),
    quadsPpm: o.quadsPpm ?? Array.from({ length: 30 }, () => ratioPpm),
    scorePpb: BigInt(ratioPpm) * 300n,
    values: { linkPpm: 1_000_000n, ratioPpb: 700_000_000n, timeNanos: 1_000_000n },
    thetaPpm: params.thetaPpm,
    ...(o.rawMilli === undefined ? {} : { rawMilli: o.rawMilli }),
  })

export const faulted = (id: Digest, verdict: 'miner' | 'infra' | 'inconclusive', code: string): Measured =>
  failed({ id, transcriptRoot: digestOf('transcript'), runs: digestOf('runs'), verdict, code })

const CLAIM = { competition: params.id, scheme: 'sr25519', sizeBytes: 1_000, payment: null } as const

export const submissionOf = (miner: Key, name: string): Signed<'submission'> => ({
  kind: 'submission',
  body: { ...CLAIM, hotkey: miner, bundle: digestOf(name) },
  signature: SIGNATURE,
})

export type Node = {
  readonly hotkey: Key
  state: RoundState
  readonly journal: JournalRecord[]
  readonly weights: Map<number, WeightsVector>
  readonly effects: Effect[]
  isUp: boolean
}

/** What all parts of a mesh share. */
export type Shared = {
  readonly genesis: Genesis
  readonly domains: Domains
  readonly world: World
  readonly nodes: readonly Node[]
  /** Every message ever said: what a fetch finds. */
  readonly archive: Map<Digest, Signed>
  readonly proofs: Map<Digest, Evidence>
  readonly clock: { at: number; head: number }
  readonly queue: { node: Node; input: Input }[]
}

const createNode = (genesis: Genesis, hotkey: Key): Node => ({
  hotkey,
  state: createRounds({ genesis, self: hotkey }),
  journal: [],
  weights: new Map(),
  effects: [],
  isUp: true,
})

const say = (mesh: Shared, from: Key, message: Signed): void => {
  mesh.archive.set(messageId(message, mesh.domains), message)
  for (const node of mesh.nodes) {
    if (node.hotkey !== from && !mesh.world.delivers({ from, to: node.hotkey, message })) continue
    mesh.queue.push({ node, input: { kind: 'message', at: mesh.clock.at, message: message as Verified<Signed> } })
  }
}

export const evidenceInput = (mesh: Shared, evidence: Evidence): Input => {
  mesh.proofs.set(evidenceId(evidence, mesh.domains), evidence)
  return { kind: 'evidence', at: mesh.clock.at, evidence: evidence as Verified<Evidence> }
}

const pass = (mesh: Shared, from: Key, what: Relayed): void => {
  if (what.kind === 'message') say(mesh, from, what.message)
  if (what.kind !== 'evidence') return
  for (const node of mesh.nodes) {
    if (node.hotkey !== from && mesh.world.shows()) mesh.queue.push({ node, input: evidenceInput(mesh, what.evidence) })
  }
}

const evaluated = (mesh: Shared, node: Node, effect: Extract<Effect, { kind: 'evaluate' }>): Input => {
  const { competition, round, manifest } = effect
  // Another one every time, as a real evaluator draws it.
  const nonce = digestOf(`nonce ${node.hotkey} ${manifest} ${node.effects.length}`)
  const statement = buildStatement({
    domain: mesh.domains.mesh,
    competition,
    paramsHash: effect.entry.paramsHash,
    round,
    manifest,
    hotkey: node.hotkey,
    nonce,
    seed: effect.seed,
    image: effect.entry.image,
    referee: digestOf('referee'),
    hardware: { model: 'test', cores: 2, engine: 'none', strength: 'none', class: 'test-x2' },
    hostNoisePpm: mesh.world.noisePpm(node.hotkey),
    submissions: effect.entry.submissions.map(({ id }) => {
      const message = mesh.archive.get(id)
      const miner = message?.kind === 'submission' ? message.body.hotkey : ''
      return mesh.world.measure({ hotkey: node.hotkey, submission: id, miner, round })
    }),
  })
  return { kind: 'evaluated', at: mesh.clock.at, competition, round, manifest, nonce, statement }
}

/** What an effect brings back to the node that asked. */
export const answerTo = (mesh: Shared, node: Node, effect: Effect): Input | null => {
  const { at } = mesh.clock
  if (effect.kind === 'readBlock') return { kind: 'block', at, block: blockAt(effect.number) }
  if (effect.kind === 'readMetagraph') return { kind: 'metagraph', at, metagraph: mesh.world.metagraph(effect.block) }
  if (effect.kind === 'evaluate') return evaluated(mesh, node, effect)
  if (effect.kind === 'readPayment') {
    const { submission, payment: ref, hotkey: miner } = effect
    const facts = mesh.world.payment({ hotkey: node.hotkey, ref, miner })
    return facts && { kind: 'payment', at, submission, facts }
  }
  if (effect.kind === 'accuse') return evidenceInput(mesh, effect.evidence)
  if (effect.kind !== 'fetch') return null
  if (effect.what === 'blob') return { kind: 'stored', at, digest: effect.digest }
  const proof = mesh.proofs.get(effect.digest)
  if (proof) return evidenceInput(mesh, proof)
  const message = mesh.archive.get(effect.digest)
  return message === undefined ? null : { kind: 'message', at, message: message as Verified<Signed> }
}

const carry = (mesh: Shared, node: Node, effect: Effect): void => {
  node.effects.push(effect)
  if (effect.kind === 'persist') node.journal.push(...effect.records)
  if (effect.kind === 'setWeights') node.weights.set(effect.block, effect.vector)
  if (effect.kind === 'relay') pass(mesh, node.hotkey, effect.what)
  if (effect.kind === 'sign' && mesh.world.signs({ hotkey: node.hotkey, message: effect.message })) {
    say(mesh, node.hotkey, signed(mesh.world, effect.message))
  }
  const input = answerTo(mesh, node, effect)
  if (input !== null) mesh.queue.push({ node, input })
}

export const settle = (mesh: Shared): void => {
  for (let next = mesh.queue.shift(); next !== undefined; next = mesh.queue.shift()) {
    const { node, input } = next
    if (!node.isUp || (input.kind === 'message' && !isSigned(mesh.world, node.state, input.message))) continue
    for (const effect of rounds.step(node.state, input)) carry(mesh, node, effect)
  }
}

type Decided = { readonly header: Header; readonly digest: Digest }

const apply = (mesh: Shared, node: Node, decided: Decided): void => {
  node.journal.push({ kind: 'decided', decided: { header: decided.header, certificate: NO_CERTIFICATE } })
  for (const effect of rounds.apply(node.state, { ...decided, at: mesh.clock.at })) carry(mesh, node, effect)
}

/** Brings a node back from its journal alone, as after SIGKILL; then it catches up from the log. */
const restart = (mesh: Shared, node: Node, log: readonly Decided[]): void => {
  node.state = createRounds({ genesis: mesh.genesis, self: node.hotkey })
  let decided = 0
  for (const record of [...node.journal]) {
    if (record.kind !== 'decided') {
      rounds.restore(node.state, record)
      continue
    }
    const { header } = record.decided
    rounds.apply(node.state, { header, digest: headerDigest(header), at: 0 })
    decided += 1
  }
  node.isUp = true
  mesh.queue.push({ node, input: { kind: 'wake', at: mesh.clock.at } })
  settle(mesh)
  for (const entry of log.slice(decided)) apply(mesh, node, entry)
  settle(mesh)
}

type Options = { readonly genesis?: Genesis; readonly world?: Partial<World>; readonly joining?: readonly Key[] }

export const createShared = (o: Options): Shared => {
  const genesis = o.genesis ?? genesisOf()
  return {
    genesis,
    domains: domainsOf(genesis),
    world: {
      measure: ({ submission }) => measuredAt(submission, 1_200_000),
      noisePpm: () => 1_000,
      metagraph: (block) => metagraphAt(block),
      payment: () => null,
      delivers: () => true,
      shows: () => true,
      signs: () => true,
      sessionKey: null,
      ...o.world,
    },
    archive: new Map(),
    proofs: new Map(),
    clock: { at: 0, head: genesis.block },
    nodes: [...genesis.members.map(({ hotkey }) => hotkey), ...(o.joining ?? [])].map((hotkey) =>
      createNode(genesis, hotkey),
    ),
    queue: [],
  }
}

export type Mesh = ReturnType<typeof createMesh>

const headerAfter = (
  mesh: Shared,
  log: readonly Decided[],
  o: { entry: Entry; evidence: readonly Digest[] },
): Header => ({
  height: log.length + 1,
  previous: log.at(-1)?.digest ?? mesh.domains.mesh,
  logRoot: merkleRoot(log.map(({ digest }) => digest)),
  block: mesh.clock.head,
  epoch: mesh.nodes[0]?.state.committee.epoch ?? 0,
  ...o,
})

/** By the node's rounds alone. */
export const judgeOf = (mesh: Shared, { state }: Node): Judge => {
  const more = { at: mesh.clock.at, fresh: false, judge: () => ({ kind: 'valid' }) as const }
  return ({ header, view }) => rounds.check(state, { ...more, header, view })
}

/** `genesis` is that of all nodes; `world` may be changed while it runs; `joining` run from the start without a seat. */
export const createMesh = (o: Options = {}) => {
  const mesh = createShared(o)
  const { clock, nodes } = mesh
  const log: Decided[] = []

  const headerFor = (entry: Entry, evidence: readonly Digest[] = []) => headerAfter(mesh, log, { entry, evidence })

  const check = (
    node: Node,
    entry: Entry,
    more: { view?: number; fresh?: boolean; evidence?: readonly Digest[] } = {},
  ): EntryCheck => {
    const { view = 0, fresh = true, evidence = rounds.evidence(node.state, judgeOf(mesh, node)) } = more
    const header = headerFor(entry, evidence)
    const answer = rounds.check(node.state, { at: clock.at, header, view, fresh, judge: judgeOf(mesh, node) })
    if (answer.kind === 'wait') for (const effect of answer.effects) carry(mesh, node, effect)
    settle(mesh)
    return answer
  }

  const decide = (entry: Entry, evidence: readonly Digest[] = []): void => {
    const header = headerFor(entry, evidence)
    const decided = { header, digest: headerDigest(header) }
    log.push(decided)
    for (const node of nodes) if (node.isUp) apply(mesh, node, decided)
    settle(mesh)
  }

  /** One try of each node in turn to have its due entry decided; true when one was. */
  const agree = (): boolean =>
    nodes.some((leader) => {
      const entry = leader.isUp ? rounds.due(leader.state) : null
      if (entry === null) return false
      const evidence = rounds.evidence(leader.state, judgeOf(mesh, leader))
      const votes = nodes
        .filter((node) => node.isUp && check(node, entry, { evidence }).kind === 'valid')
        .map(({ hotkey }) => hotkey)
      const { committee } = leader.state
      if (!isQuorum(weightOf(committee, votes), committee.total)) return false
      decide(entry, evidence)
      return true
    })

  /** A block passes and nothing is decided. */
  const head = (): void => {
    clock.at += 500
    clock.head += 1
    for (const node of nodes)
      mesh.queue.push({ node, input: { kind: 'head', at: clock.at, block: blockAt(clock.head) } })
    settle(mesh)
  }

  /** A block passes, and everything that can be decided is. */
  const step = (): void => {
    head()
    while (agree());
  }

  const run = (until: () => boolean, blocksMax = 400): void => {
    for (let block = 0; block < blocksMax && !until(); block += 1) step()
    if (!until()) throw new Error(`nothing after ${blocksMax} blocks: ${log.map(({ header }) => header.entry.kind)}`)
  }

  const tell = (message: Signed): Digest => {
    say(mesh, '', message)
    settle(mesh)
    return messageId(message, mesh.domains)
  }

  return { ...mesh, log, head, step, run, check, decide, tell, headerFor, restart: (n: Node) => restart(mesh, n, log) }
}

const NO_CERTIFICATE = { phase: 'finalize', height: 0, view: 0, value: '00'.repeat(32), signatures: [] } as const

/** Kinds of the decided entries, in order. */
export const kindsOf = (mesh: Mesh): readonly string[] => mesh.log.map(({ header }) => header.entry.kind)

/** The node with this place, for tests that know it is there. */
export const nodeAt = (mesh: Mesh, index: number): Node => {
  const node = mesh.nodes[index]
  if (node === undefined) throw new Error(`no node ${index}`)
  return node
}
