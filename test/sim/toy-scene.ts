/** Four validators with stakes 30, 28, 22 and 20 over the toy's rounds. */
import type { Committee } from '../../protocol/committee.ts'
import { hash, utf8ToBytes } from '../../protocol/crypto.ts'
import { domainsOf, type Genesis } from '../../protocol/genesis.ts'
import { messageId } from '../../protocol/message/message.ts'
import { blockAt, type Scene } from './scene.ts'
import { type Signing, TOKENS } from './signing.ts'
import { createToy, type ToyRounds, toy, toyItemId, toyRoundsDue } from './toy.ts'

const STAKES = [30n, 28n, 22n, 20n]
export const DELTA_MS = 1000
/** Blocks after healing in which something new falls due. */
const BLOCKS_AFTER_HEALING = 5

/** `count` validators by rising hotkey; stakes repeat those of the demo. */
export const committeeOf = (count: number, signing: Signing): Committee => {
  const { keyNamed } = signing
  const keys = Array.from({ length: count }, (_, index) => keyNamed(`validator ${index}`)).sort((a, b) =>
    a < b ? -1 : 1,
  )
  const members = keys.map((hotkey, index) => {
    const weight = STAKES[index % STAKES.length] ?? 1n
    return { hotkey, sessionKey: keyNamed(`session ${hotkey}`), sealingKey: hotkey, peerId: `${index}`, weight }
  })
  const total = members.reduce((sum, member) => sum + member.weight, 0n)
  return { epoch: 0, members, total, seed: blockAt(0).hash }
}

const toyGenesis = (committee: Committee): Genesis => ({
  chainGenesis: blockAt(0).hash,
  netuid: 1,
  mechanism: 0,
  version: 1,
  block: 0,
  blockHash: blockAt(0).hash,
  epoch: 0,
  owner: '00'.repeat(32),
  members: committee.members.map(({ hotkey, weight }) => ({ hotkey, weight })),
  delegations: [],
  deltaMs: DELTA_MS,
  weightCapPpm: 333_333,
  weightsEveryBlocks: 10,
  evidenceEpochs: 3,
  competitions: [],
})

export const toyScene = (count: number): Scene<ToyRounds> => {
  const committee = committeeOf(count, TOKENS)
  const genesis = toyGenesis(committee)
  const domains = domainsOf(genesis)
  const keys = committee.members.map(({ hotkey }) => hotkey)
  return {
    name: 'toy',
    genesis,
    domains,
    keys,
    signing: TOKENS,
    isReal: false,
    application: toy,
    createRounds: (self) => createToy({ self, committee, deltaMs: DELTA_MS }),
    idOf: (message) => (message.kind === 'receipt' ? toyItemId(message.body) : messageId(message, domains)),
    outside: () => [],
    metagraph: () => null,
    payment: () => null,
    evaluate: () => null,
    twist: (header) =>
      header.entry.kind === 'commits'
        ? { ...header, entry: { ...header.entry, manifest: hash(utf8ToBytes(`twisted ${header.entry.manifest}`)) } }
        : header,
    isDone: (log, healedBlock) => log.length >= toyRoundsDue(healedBlock + BLOCKS_AFTER_HEALING),
  }
}
