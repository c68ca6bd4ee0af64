/** A long log, made cheaply and signed for real: one observer's rounds say what is due, every member's messages and votes are signed here. */

import { createHash } from 'node:crypto'
import sodium from 'sodium-native'
import { toPeerId } from '../../../node/mesh/index.ts'
import type { BlockRef, Metagraph } from '../../../protocol/chain-view.ts'
import type { Committee } from '../../../protocol/committee.ts'
import { presetsOf } from '../../../protocol/competition/matrix/params.ts'
import { bytesToHex, type Digest, hash, type Key, utf8ToBytes } from '../../../protocol/crypto.ts'
import { chainDomain, domainsOf, type Genesis } from '../../../protocol/genesis.ts'
import type { JournalRecord } from '../../../protocol/machine-types.ts'
import { append, EMPTY_FRONTIER, frontierRoot } from '../../../protocol/merkle.ts'
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import { type Entry, type Header, headerDigest } from '../../../protocol/message/entry.ts'
import { type Evidence, evidenceOf } from '../../../protocol/message/evidence.ts'
import type { Delegation } from '../../../protocol/message/membership.ts'
import {
  bytesToSign,
  type Domains,
  messageId,
  type Signed,
  type Unsigned,
  type Verified,
} from '../../../protocol/message/message.ts'
import type { Decided } from '../../../protocol/message/vote.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { roundIdOf, termsOf } from '../../../protocol/round/reveal.ts'
import { createRounds, type OpenRound, type RoundState } from '../../../protocol/round/state.ts'
import { buildStatement, passed, type StatementTerms } from '../../../protocol/round/statement.ts'

const digestOf = (name: string): Digest => hash(utf8ToBytes(name))
export const blockAt = (number: number): BlockRef => ({ number, hash: digestOf(`block ${number}`) })

const toSeed = (name: string): Buffer => createHash('sha256').update(name).digest()
export type KeyPair = { readonly publicKey: Key; readonly secretKey: Buffer; readonly seed: Buffer }
const pairs = new Map<string, KeyPair>()
/** The ed25519 key of this name. */
export const keyOf = (name: string): KeyPair => {
  const known = pairs.get(name)
  if (known !== undefined) return known
  const [publicKey, secretKey] = [Buffer.alloc(32), Buffer.alloc(64)]
  const seed = toSeed(name)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  const pair = { publicKey: bytesToHex(publicKey), secretKey, seed }
  pairs.set(name, pair)
  return pair
}

export const signBytes = (key: KeyPair, message: Uint8Array): Buffer => {
  const signature = Buffer.alloc(64)
  sodium.crypto_sign_detached(signature, Buffer.from(message), key.secretKey)
  return signature
}
const sign = (message: Unsigned, key: KeyPair, domains: Domains): Signed =>
  ({ ...message, signature: bytesToHex(signBytes(key, bytesToSign(message, domains))) }) as Signed

const CHAIN = { chainGenesis: digestOf('chain'), netuid: 7, mechanism: 0 }
const START_BLOCK = 100
const ROUND_BLOCKS = 20
/** An epoch begins this far into a round: commits are signed before it, reveals after. */
const EPOCH_OFFSET = 7

const params = {
  ...presetsOf('matrix-lossless').demo({
    image: digestOf('image'),
    poolManifest: digestOf('pool manifest'),
    poolRoot: digestOf('pool'),
    referenceNanos: 1_000_000n,
  }),
  roundBlocks: ROUND_BLOCKS,
  commitBlocks: 20,
  revealBlocks: 10,
  extendBlocks: 10,
}

export type LogOptions = {
  readonly members: number
  readonly rounds: number
  /** Each epoch all members have new session keys, and other stakes. */
  readonly roundsPerEpoch: number
  /** Tells logs of the same mesh apart. */
  readonly salt?: string
  /** The last round stays open after its manifest. */
  readonly endsOpen?: boolean
  readonly deltaMs?: number
  /** Who notarizes two values before this round's manifest, which convicts it. */
  readonly offends?: { readonly member: number; readonly round: number }
}

export const seedOfPeer = (member: number): Buffer => toSeed(`peer ${member}`)
export const hotkeyOf = (member: number): KeyPair => keyOf(`hotkey ${member}`)
export const sessionKeyOf = (member: number, epoch: number): KeyPair => keyOf(`session ${member} in ${epoch}`)
const MINERS = [0, 1, 2, 3].map((index) => keyOf(`miner ${index}`))
const OWNER = keyOf('owner')

const epochOf = (block: number, o: LogOptions): number =>
  1 + Math.max(0, Math.floor((block - START_BLOCK - EPOCH_OFFSET) / (ROUND_BLOCKS * o.roundsPerEpoch)))
const epochStart = (epoch: number, o: LogOptions): number =>
  epoch === 1 ? 0 : START_BLOCK + EPOCH_OFFSET + (epoch - 1) * ROUND_BLOCKS * o.roundsPerEpoch

const stakeOf = (member: number, epoch: number): bigint => 1_000n + BigInt(((member * 7 + epoch * 3) % 5) * 10)

/** The chain that the log was made on. */
export const metagraphOf =
  (o: LogOptions) =>
  (block: number): Metagraph => {
    const epoch = epochOf(block, o)
    const validators = Array.from({ length: o.members }, (_, member) => hotkeyOf(member).publicKey)
    const neurons = [OWNER.publicKey, ...validators, ...MINERS.map((miner) => miner.publicKey)]
    return {
      block: blockAt(block),
      epoch,
      epochStart: epochStart(epoch, o),
      ownerHotkey: OWNER.publicKey,
      neurons: neurons.map((hotkey, uid) => {
        const member = validators.indexOf(hotkey)
        const stakeRao = member < 0 ? 0n : stakeOf(member, epoch)
        return { uid, hotkey, coldkey: digestOf(`cold ${hotkey}`), stakeRao, permit: member >= 0 }
      }),
    }
  }

const delegationOf = async (member: number, epoch: number): Promise<Delegation> => ({
  netuid: CHAIN.netuid,
  hotkey: hotkeyOf(member).publicKey,
  scheme: 'ed25519',
  sessionKey: sessionKeyOf(member, epoch).publicKey,
  sealingKey: digestOf(`sealing ${member} ${epoch}`),
  peerId: await toPeerId(seedOfPeer(member)),
  fromBlock: 0,
  toBlock: 10_000_000,
  counter: epoch,
})

const signDelegation = async (member: number, epoch: number): Promise<Extract<Signed, { kind: 'delegation' }>> => {
  const body = await delegationOf(member, epoch)
  const domains = { chain: chainDomain(CHAIN), mesh: '' }
  return sign({ kind: 'delegation', body }, hotkeyOf(member), domains) as Extract<Signed, { kind: 'delegation' }>
}

const genesisOf = async (o: LogOptions): Promise<Genesis> => {
  const places = Array.from({ length: o.members }, (_, member) => member)
  const members = places.map((member) => ({ hotkey: hotkeyOf(member).publicKey, weight: stakeOf(member, 1) }))
  return {
    ...CHAIN,
    version: 1,
    block: START_BLOCK,
    blockHash: blockAt(START_BLOCK).hash,
    epoch: 1,
    members: members.sort((a, b) => (a.hotkey < b.hotkey ? -1 : 1)),
    delegations: (await Promise.all(places.map((member) => signDelegation(member, 1)))).map(({ body, signature }) => ({
      body,
      signature,
    })),
    owner: OWNER.publicKey,
    deltaMs: o.deltaMs ?? 1_000,
    weightCapPpm: 330_000,
    weightsEveryBlocks: 10,
    evidenceEpochs: 3,
    competitions: [params],
  }
}

/** What a member measured: the same ratio for all, so that every round has a result. */
export const statementOf = (o: {
  readonly terms: Pick<StatementTerms, 'id' | 'seed' | 'paramsHash' | 'image' | 'submissions'>
  readonly hotkey: Key
}): { readonly nonce: Digest; readonly statement: Uint8Array } => {
  const { terms, hotkey } = o
  const { domain, competition, round, manifest } = terms.id
  const nonce = digestOf(`nonce ${hotkey} ${manifest}`)
  const statement = buildStatement({
    domain,
    competition,
    paramsHash: terms.paramsHash,
    round,
    manifest,
    hotkey,
    nonce,
    seed: terms.seed,
    image: terms.image,
    referee: digestOf('referee'),
    hardware: { model: 'test', cores: 2, engine: 'none', strength: 'none', class: 'test-x2' },
    hostNoisePpm: 1_000,
    submissions: terms.submissions.map((id) =>
      passed({
        id,
        transcriptRoot: digestOf('transcript'),
        runs: digestOf('runs'),
        quadsPpm: Array.from({ length: 30 }, () => 1_010_000),
        scorePpb: 303_000_000n,
        values: { linkPpm: 1_000_000n, ratioPpb: 700_000_000n, timeNanos: 1_000_000n },
        thetaPpm: params.thetaPpm,
      }),
    ),
  })
  return { nonce, statement }
}

/** Finalised by the fewest members in the order of their places. */
const certify = (header: Header, committee: Committee, o: { domains: Domains; keys: ReadonlyMap<Key, KeyPair> }) => {
  const value = headerDigest(header)
  const { height } = header
  const signatures: { member: number; signature: string }[] = []
  let weight = 0n
  for (const [member, { hotkey, sessionKey, weight: own }] of committee.members.entries()) {
    if (3n * weight > 2n * committee.total) break
    const key = o.keys.get(sessionKey)
    if (key === undefined) continue
    signatures.push({
      member,
      signature: sign({ kind: 'finalize', body: { height, view: 0, value, hotkey } }, key, o.domains).signature,
    })
    weight += own
  }
  return { header, certificate: { phase: 'finalize', height, view: 0, value, signatures } } as const satisfies Decided
}

type Author = {
  readonly o: LogOptions
  readonly state: RoundState
  readonly records: JournalRecord[]
  readonly decided: Decided[]
  readonly keys: Map<Key, KeyPair>
  frontier: typeof EMPTY_FRONTIER
}

const at = (block: number): number => block * 500

const tell = (a: Author, message: Signed): void => {
  const input = { kind: 'message', at: at(a.state.head?.number ?? 0), message: message as Verified<Signed> } as const
  for (const effect of rounds.step(a.state, input)) if (effect.kind === 'persist') a.records.push(...effect.records)
}
const headTo = (a: Author, number: number): void => {
  rounds.step(a.state, { kind: 'head', at: at(number), block: blockAt(number) })
}
const metagraphTo = (a: Author, block: number): void => {
  rounds.step(a.state, { kind: 'metagraph', at: at(block), metagraph: metagraphOf(a.o)(block) })
}

/** Decides what is due, which must be of this kind. */
const decide = (a: Author, kind: Entry['kind']): void => {
  const block = a.state.head?.number ?? 0
  const entry = rounds.due(a.state)
  if (entry?.kind !== kind) throw new Error(`${entry?.kind} is due at block ${block}, not ${kind}`)
  const { committee, domains } = a.state
  const previous = a.decided.at(-1)
  const header: Header = {
    height: a.decided.length + 1,
    previous: previous === undefined ? domains.mesh : headerDigest(previous.header),
    logRoot: frontierRoot(a.frontier),
    block,
    epoch: committee.epoch,
    entry,
    evidence: rounds.evidence(a.state, () => ({ kind: 'valid' })),
  }
  const decided = certify(header, committee, { domains, keys: a.keys })
  a.frontier = append(a.frontier, headerDigest(header))
  a.decided.push(decided)
  a.records.push({ kind: 'decided', decided })
  for (const effect of rounds.apply(a.state, { header, digest: headerDigest(header), at: at(block) })) {
    if (effect.kind === 'persist') a.records.push(...effect.records)
  }
}

const places = (a: Author): readonly number[] => Array.from({ length: a.o.members }, (_, member) => member)

const beginEpoch = async (a: Author, epoch: number): Promise<void> => {
  for (const member of places(a)) {
    const key = sessionKeyOf(member, epoch)
    a.keys.set(key.publicKey, key)
    tell(a, await signDelegation(member, epoch))
  }
  metagraphTo(a, epochStart(epoch, a.o))
  decide(a, 'epoch')
}

const submit = (a: Author, round: number, block: number): void => {
  const { domains, committee } = a.state
  const miner = MINERS[round % MINERS.length] ?? OWNER
  const bundle = digestOf(`bundle ${round} ${a.o.salt ?? ''}`)
  const claim = { competition: params.id, hotkey: miner.publicKey, bundle, sizeBytes: 1_000, payment: null }
  const body = { ...claim, scheme: 'ed25519' } as const
  const submission = sign({ kind: 'submission', body }, miner, domains)
  tell(a, submission)
  rounds.step(a.state, { kind: 'stored', at: at(block), digest: bundle })
  for (const { hotkey, sessionKey } of committee.members) {
    const receipt = { submission: messageId(submission, domains), hotkey, block }
    tell(a, sign({ kind: 'receipt', body: receipt }, a.keys.get(sessionKey) ?? OWNER, domains))
  }
}

const openOf = (a: Author): OpenRound => {
  const open = a.state.competitions.get(params.id)?.open
  if (!open) throw new Error('no round is open')
  return open
}

const signInRound = (a: Author, kind: 'commit' | 'reveal'): void => {
  const open = openOf(a)
  const { domains } = a.state
  const terms = termsOf(open, domains)
  if (terms === null) throw new Error('the beacon is not here')
  const { domain: _, ...id } = roundIdOf(open, domains)
  for (const { hotkey, sessionKey } of open.committee.members) {
    const sealed = statementOf({ terms, hotkey })
    const key = a.keys.get(a.state.inForce.get(hotkey)?.sessionKey ?? sessionKey) ?? OWNER
    const commitment = commitmentOf({ ...roundIdOf(open, domains), hotkey, ...sealed })
    const message: Unsigned =
      kind === 'commit' ? { kind, body: { ...id, hotkey, commitment } } : { kind, body: { ...id, hotkey, ...sealed } }
    tell(a, sign(message, key, domains))
  }
}

/** Two votes of one view, which every node has had checked. */
const offend = async (a: Author, member: number): Promise<void> => {
  const { epoch } = a.state.committee
  const votes = ['one', 'two'].map((value) => {
    const body = { height: a.decided.length + 1, view: 0, value: digestOf(value), hotkey: hotkeyOf(member).publicKey }
    return sign({ kind: 'notarize', body }, sessionKeyOf(member, epoch), a.state.domains)
  })
  const made = { delegation: await signDelegation(member, epoch), messages: votes }
  const evidence = evidenceOf(made, a.state.domains)
  if (evidence === null) throw new Error('two votes of one view are evidence')
  const input = {
    kind: 'evidence',
    at: at(a.state.head?.number ?? 0),
    evidence: evidence as Verified<Evidence>,
  } as const
  for (const effect of rounds.step(a.state, input)) if (effect.kind === 'persist') a.records.push(...effect.records)
}

const runRound = async (a: Author, round: number): Promise<void> => {
  const close = START_BLOCK + round * ROUND_BLOCKS
  headTo(a, close - 1)
  submit(a, round, close - 1)
  headTo(a, close)
  if (a.o.offends?.round === round) await offend(a, a.o.offends.member)
  decide(a, 'manifest')
  if (a.o.endsOpen && round === a.o.rounds) return
  headTo(a, close + 6)
  headTo(a, close + EPOCH_OFFSET)
  signInRound(a, 'commit')
  const epoch = epochOf(close + EPOCH_OFFSET, a.o)
  if (epoch > a.state.committee.epoch) await beginEpoch(a, epoch)
  decide(a, 'commits')
  headTo(a, close + EPOCH_OFFSET + 1)
  signInRound(a, 'reveal')
  decide(a, 'result')
}

export type Log = {
  readonly options: LogOptions
  readonly genesis: Genesis
  readonly domains: Domains
  /** As a member's journal has them, in order. */
  readonly records: readonly JournalRecord[]
  readonly decided: readonly Decided[]
  readonly epoch: number
  /** The block of the last header. */
  readonly block: number
  /** What every node that has the whole log comes to. */
  readonly state: RoundState
}

export const makeLog = async (o: LogOptions): Promise<Log> => {
  const genesis = await genesisOf(o)
  const state = createRounds({ genesis, self: null })
  const keys = new Map(
    Array.from({ length: o.members }, (_, member) => sessionKeyOf(member, 1)).map((key) => [key.publicKey, key]),
  )
  const author: Author = { o, state, records: [], decided: [], keys, frontier: EMPTY_FRONTIER }
  headTo(author, START_BLOCK)
  metagraphTo(author, START_BLOCK)
  for (let round = 1; round <= o.rounds; round++) await runRound(author, round)
  const { records, decided } = author
  const block = decided.at(-1)?.header.block ?? START_BLOCK
  return {
    options: o,
    genesis,
    domains: domainsOf(genesis),
    records,
    decided,
    epoch: state.committee.epoch,
    block,
    state,
  }
}

/** The records up to and with this height: what a node that stopped then has on its disk. */
export const recordsUpTo = (log: Log, height: number): readonly JournalRecord[] => {
  const end = log.records.findIndex((record) => record.kind === 'decided' && record.decided.header.height === height)
  return log.records.slice(0, end + 1)
}
