/** The real rounds under four validators: submissions of three miners, seeded measurements, epochs that move the stakes. */
import type { Metagraph } from '../../protocol/chain-view.ts'
import { PRESETS } from '../../protocol/competition/matrix-lossless/params.ts'
import { type Digest, hash, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import { domainsOf, type Genesis } from '../../protocol/genesis.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Delegation } from '../../protocol/message/membership.ts'
import { messageId, type Signed } from '../../protocol/message/message.ts'
import { rounds } from '../../protocol/round/application.ts'
import { createRounds, type RoundState } from '../../protocol/round/state.ts'
import { buildStatement, failed, type Measured, passed } from '../../protocol/round/statement.ts'
import { blockAt, type Evaluate, type Scene } from './scene.ts'
import { keyNamed } from './token.ts'
import { committeeOf, DELTA_MS } from './toy-scene.ts'

const EPOCH_BLOCKS = 30
const SUBMIT_EVERY_BLOCKS = 7
const MINERS = [0, 1, 2].map((index) => keyNamed(`miner ${index}`))
const OWNER = keyNamed('owner')
/** Tokens of the simulator stand in the place of hotkeys' signatures. */
const SIGNATURE = '00'.repeat(64)

const named = (name: string): Digest => hash(utf8ToBytes(name))

const PARAMS = {
  ...PRESETS.demo({
    image: named('image'),
    poolManifest: named('pool'),
    poolRoot: named('root'),
    referenceNanos: 1_000_000n,
  }),
  roundBlocks: 8,
  commitBlocks: 8,
  revealBlocks: 6,
  extendBlocks: 6,
  dailySubmissionsMax: 4,
}

const delegationOf = (hotkey: Key): Delegation => ({
  netuid: 1,
  hotkey,
  scheme: 'sr25519',
  sessionKey: keyNamed(`session ${hotkey}`),
  sealingKey: keyNamed(`sealing ${hotkey}`),
  peerId: `peer ${hotkey.slice(0, 8)}`,
  fromBlock: 0,
  toBlock: 1_000_000,
  counter: 1,
})

const genesisOf = (members: Genesis['members']): Genesis => ({
  chainGenesis: named('chain'),
  netuid: 1,
  mechanism: 0,
  version: 1,
  block: 0,
  blockHash: blockAt(0).hash,
  epoch: 0,
  owner: OWNER,
  members,
  delegations: members.map(({ hotkey }) => ({ body: delegationOf(hotkey), signature: SIGNATURE })),
  deltaMs: DELTA_MS,
  weightCapPpm: 330_000,
  weightsEveryBlocks: 10,
  competitions: [PARAMS],
})

/** Stakes move by up to a fifth from one epoch to the next. */
const stakeAt = (weight: bigint, place: number, epoch: number): bigint =>
  weight * 1000n + BigInt(((place + epoch) % 4) * 50) * weight

const metagraphOf =
  (members: Genesis['members']) =>
  (block: number): Metagraph => {
    const epoch = Math.floor(block / EPOCH_BLOCKS)
    return {
      block: blockAt(block),
      epoch,
      epochStart: epoch * EPOCH_BLOCKS,
      ownerHotkey: OWNER,
      neurons: [OWNER, ...members.map(({ hotkey }) => hotkey), ...MINERS].map((hotkey, uid) => {
        const place = members.findIndex((member) => member.hotkey === hotkey)
        const stakeRao = stakeAt(members[place]?.weight ?? 0n, place, epoch)
        return { uid, hotkey, coldkey: named(`cold ${hotkey}`), stakeRao, permit: place >= 0 }
      }),
    }
  }

const submissionAt = (block: number): Signed => {
  const hotkey = MINERS[Math.floor(block / SUBMIT_EVERY_BLOCKS) % MINERS.length] ?? OWNER
  const body = {
    competition: PARAMS.id,
    hotkey,
    scheme: 'sr25519' as const,
    bundle: named(`bundle ${block}`),
    sizeBytes: 1000,
  }
  return { kind: 'submission', body, signature: SIGNATURE }
}

/** Differs per validator, and some fail: what a median is for. */
const measuredBy = (node: Key, id: Digest, seed: Digest): Measured => {
  const drawn = Number.parseInt(named(`${node} ${id} ${seed}`).slice(0, 8), 16)
  const common = { id, transcriptRoot: named(`transcript ${node}`), runs: named('runs') }
  if (Number.parseInt(id.slice(0, 2), 16) < 40) return failed({ ...common, verdict: 'miner', code: 'WRONG_OUTPUT' })
  if (drawn % 16 === 0) return failed({ ...common, verdict: 'infra', code: 'TIMEOUT' })
  const ratioPpm = 950_000 + (Number.parseInt(id.slice(2, 6), 16) % 300_000) + (drawn % 20_000)
  const quadsPpm = Array.from({ length: PARAMS.matrixCount }, (_, index) => ratioPpm + index)
  return passed({
    ...common,
    quadsPpm,
    ratioPpb: 700_000_000n,
    timeNanos: 1_000_000n,
    scorePpb: 1000n,
    thetaPpm: PARAMS.thetaPpm,
  })
}

const evaluate = (domain: Digest, node: Key, effect: Evaluate) => {
  const { competition, round, manifest, entry, seed } = effect
  const nonce = named(`nonce ${node} ${manifest}`)
  const statement = buildStatement({
    domain,
    competition,
    paramsHash: entry.paramsHash,
    round,
    manifest,
    hotkey: node,
    nonce,
    seed,
    image: entry.image,
    referee: named('referee'),
    hardware: { model: 'simulated', cores: 1, engine: 'none', strength: 'none', class: 'simulated-x1' },
    hostNoisePpm: 1000,
    submissions: entry.submissions.map(({ id }) => measuredBy(node, id, seed)),
  })
  return { nonce, statement }
}

/** The same entry one block earlier: as valid as the leader's own, and another value. */
const twist = (header: Header): Header => {
  const { entry, block } = header
  if (entry.kind !== 'manifest') return { ...header, block: block - 1 }
  return { ...header, block: block - 1, entry: { ...entry, beaconBlock: entry.beaconBlock - 1 } }
}

/** A whole round after everything healed: its manifest, its commits and its end. */
const hasRoundAfter = (log: readonly Header[], block: number): boolean => {
  const opened = log.findIndex(({ entry, block: at }) => entry.kind === 'manifest' && at > block)
  return opened >= 0 && log.slice(opened).some(({ entry }) => entry.kind === 'result' || entry.kind === 'void')
}

export const roundsScene = (count: number): Scene<RoundState> => {
  const { members } = committeeOf(count)
  const seats = members.map(({ hotkey, weight }) => ({ hotkey, weight }))
  const genesis = genesisOf(seats)
  const domains = domainsOf(genesis)
  return {
    genesis,
    keys: seats.map(({ hotkey }) => hotkey),
    application: rounds,
    createRounds: (self) => createRounds({ genesis, self }),
    idOf: (message) => messageId(message, domains),
    outside: (block) => (block % SUBMIT_EVERY_BLOCKS === 0 ? [submissionAt(block)] : []),
    metagraph: metagraphOf(seats),
    evaluate: (node, effect) => evaluate(domains.mesh, node, effect),
    twist,
    isDone: hasRoundAfter,
  }
}
