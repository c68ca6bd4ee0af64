/** Committees with real keys, and the smallest rounds that decide heights: what the benchmarks of the agreement stand on. */
import { createHash } from 'node:crypto'
import sodium from 'sodium-native'
import type { Application } from '../../protocol/application.ts'
import { type Committee, memberOf } from '../../protocol/committee.ts'
import { type Digest, hash, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import { domainsOf, type Genesis } from '../../protocol/genesis.ts'
import { bytesToSign, type Domains, type Signed, type Unsigned } from '../../protocol/message/message.ts'

export const digestOf = (name: string): Digest => hash(utf8ToBytes(name))
export const seedOf = (name: string): Buffer => createHash('sha256').update(name).digest()

/** Far above any delay that is measured: no view ends by its timer. */
const DELTA_MS = 10_000

/** One validator of a benchmark: its name as a hotkey, and a real session key. */
export type Author = {
  readonly hotkey: Key
  readonly sessionKey: Key
  readonly sign: (message: Unsigned, domains: Domains) => Signed
}

const createAuthor = (index: number): Author => {
  const point = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES)
  const secret = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES)
  sodium.crypto_sign_seed_keypair(point, secret, seedOf(`session ${index}`))
  return {
    hotkey: digestOf(`validator ${index}`),
    sessionKey: point.toString('hex'),
    sign: (message, domains) => {
      const signature = Buffer.alloc(sodium.crypto_sign_BYTES)
      sodium.crypto_sign_detached(signature, Buffer.from(bytesToSign(message, domains)), secret)
      return { ...message, signature: signature.toString('hex') } as Signed
    },
  }
}

/** No hotkey signed it: those of the genesis document are believed. */
const delegationOf = ({ weight: _, ...member }: Committee['members'][number]): Genesis['delegations'][number] => ({
  body: { netuid: 1, scheme: 'ed25519', ...member, fromBlock: 0, toBlock: 1_000_000_000, counter: 1 },
  signature: '00'.repeat(64),
})

export type Crew = {
  readonly genesis: Genesis
  readonly domains: Domains
  readonly committee: Committee
  /** In the committee's order. */
  readonly authors: readonly Author[]
}

/** `count` validators of equal stake; `peerIds` names the libp2p peer of the one at each place. */
export const createCrew = (
  count: number,
  o: { readonly peerIds?: readonly string[]; readonly competitions?: Genesis['competitions'] } = {},
): Crew => {
  const authors = Array.from({ length: count }, (_, index) => createAuthor(index)).sort((a, b) =>
    a.hotkey < b.hotkey ? -1 : 1,
  )
  const members = authors.map(({ hotkey, sessionKey }, place) => ({
    hotkey,
    sessionKey,
    sealingKey: hotkey,
    peerId: o.peerIds?.[place] ?? `peer ${place}`,
    weight: 1_000_000_000n,
  }))
  const seed = digestOf('block 0')
  const genesis: Genesis = {
    chainGenesis: seed,
    netuid: 1,
    mechanism: 0,
    version: 1,
    block: 0,
    blockHash: seed,
    epoch: 0,
    members: members.map(({ hotkey, weight }) => ({ hotkey, weight })),
    delegations: members.map(delegationOf),
    owner: digestOf('owner'),
    deltaMs: DELTA_MS,
    weightCapPpm: 333_333,
    weightsEveryBlocks: 10,
    evidenceEpochs: 3,
    competitions: o.competitions ?? [],
  }
  const total = members.reduce((sum, { weight }) => sum + weight, 0n)
  return { genesis, domains: domainsOf(genesis), committee: { epoch: 0, members, total, seed }, authors }
}

/** One height falls due with every block. */
export type Heights = { readonly committee: Committee; head: number; decided: number }

export const heights: Application<Heights> = {
  committee: (state) => state.committee,
  sessionKeyOf: (state, { body }) => memberOf(state.committee, body.hotkey)?.sessionKey ?? null,
  headBlock: (state) => state.head,
  deltaMs: () => DELTA_MS,
  due: (state) =>
    state.head > state.decided
      ? { kind: 'commits', competition: 'bench', round: state.decided + 1, manifest: digestOf('manifest'), commits: [] }
      : null,
  check: () => ({ kind: 'valid' }),
  evidence: () => [],
  accuse: () => [],
  apply: (state) => {
    state.decided += 1
    return []
  },
  step: (state, input) => {
    if (input.kind === 'head') state.head = input.block.number
    return []
  },
  restore: () => {},
}

export const createHeights = (committee: Committee): Heights => ({ committee, head: 0, decided: 0 })
