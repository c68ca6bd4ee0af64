/** Makes a mesh's genesis document from the chain, and checks one against it: one derivation, so that its maker chooses nothing but parameters. */
import {
  type CompetitionParams,
  chainDomain,
  type Domains,
  domainsOf,
  eligibleHotkeys,
  encodeSs58,
  epochEntry,
  type Genesis,
  type Key,
  MEMBERS_MIN,
  type MeshParams,
  type Metagraph,
  messageId,
  parseGenesis,
  printGenesis,
  type SignedDelegation,
  signatureClaim,
} from '../../protocol/index.ts'
import type { Chain } from '../chain/port.ts'
import type { VerifySignatures } from '../peers/verify.ts'

/**
 * BAD_DELEGATION: signed by nobody, for another subnet, out of force, or of a hotkey without permit and stake. KEY_SHARED: two hotkeys
 * name one node. TOO_FEW: fewer than four members.
 */
export class FoundingError extends Error {
  readonly code: 'BAD_DELEGATION' | 'KEY_SHARED' | 'TOO_FEW'
  readonly exitCode = 5

  constructor(code: FoundingError['code'], what: string) {
    super(what)
    this.name = 'FoundingError'
    this.code = code
  }
}

/** What delegations of one chain, subnet and mechanism are signed under. */
export const delegationDomains = (o: Parameters<typeof chainDomain>[0]): Domains => {
  const chain = chainDomain(o)
  return { chain, mesh: chain }
}

const claimOf = ({ body, signature }: SignedDelegation, domains: Domains) =>
  signatureClaim({ kind: 'delegation', body, signature }, { domains, sessionKeyOf: () => null })

/** Whether each delegation's hotkey signed it. */
const verifyAll = async (
  delegations: readonly SignedDelegation[],
  o: { readonly domains: Domains; readonly verify: VerifySignatures },
): Promise<readonly boolean[]> =>
  o.verify(delegations.map((one) => claimOf(one, o.domains)).filter((claim) => claim !== null))

/** of several of one hotkey the one with the highest counter. */
const newestOf = (delegations: readonly SignedDelegation[]): ReadonlyMap<Key, SignedDelegation> => {
  const newest = new Map<Key, SignedDelegation>()
  for (const one of delegations) {
    const { hotkey, counter } = one.body
    if ((newest.get(hotkey)?.body.counter ?? -1) < counter) newest.set(hotkey, one)
  }
  return newest
}

/** Committee 0, as R-57 derives every later one. */
const firstCommittee = (
  metagraph: Metagraph,
  o: { readonly delegations: readonly SignedDelegation[]; readonly domains: Domains; readonly capPpm: number },
) => {
  const newest = newestOf(o.delegations)
  return epochEntry(metagraph, {
    capPpm: o.capPpm,
    delegationOf: (hotkey) => {
      const held = newest.get(hotkey)
      if (held === undefined) return undefined
      return { id: messageId({ kind: 'delegation', body: held.body }, o.domains), body: held.body }
    },
  }).members
}

/** A hotkey that may be a member and sent no delegation. */
export type Absent = { readonly hotkey: Key; readonly stakeRao: bigint }

export type Founded = {
  readonly genesis: Genesis
  /** It can join later; while what is absent is a third of the stake or more, the mesh speaks for a part of the subnet only. */
  readonly absent: readonly Absent[]
}

const refuse = (hotkey: Key, why: string): never => {
  throw new FoundingError('BAD_DELEGATION', `the delegation of ${encodeSs58(hotkey)} ${why}`)
}

const checkUnshared = (delegations: Iterable<SignedDelegation>): void => {
  const owners = new Map<string, Key>()
  for (const { body } of delegations) {
    for (const name of [body.sessionKey, body.peerId]) {
      const other = owners.get(name)
      if (other !== undefined) {
        const both = `${encodeSs58(other)} and ${encodeSs58(body.hotkey)}`
        throw new FoundingError('KEY_SHARED', `${both} name one node: every validator has node keys of its own`)
      }
      owners.set(name, body.hotkey)
    }
  }
}

/**
 * The document of a mesh that begins at the chain's newest final block: its members are all who delegated, hold a permit and have stake.
 * @throws FoundingError for a delegation that would not count, ChainError, ProtocolError BAD_GENESIS for parameters out of their ranges
 */
export const makeGenesis = async (o: {
  readonly chain: Chain
  readonly netuid: number
  readonly mechanism: number
  readonly delegations: readonly SignedDelegation[]
  readonly mesh: MeshParams
  readonly competitions: readonly CompetitionParams[]
  readonly verify: VerifySignatures
}): Promise<Founded> => {
  const { chain, netuid, mechanism, mesh, competitions } = o
  const chainGenesis = await chain.genesisHash()
  const head = await chain.finalizedHead()
  const metagraph = await chain.metagraphAt({ netuid, block: head.number })
  const domains = delegationDomains({ chainGenesis, netuid, mechanism })
  const holds = await verifyAll(o.delegations, { domains, verify: o.verify })
  for (const [index, { body }] of o.delegations.entries()) {
    if (holds[index] !== true) refuse(body.hotkey, 'does not hold on this chain, subnet and mechanism')
    if (body.netuid !== netuid) refuse(body.hotkey, `is for subnet ${body.netuid}, not ${netuid}`)
  }
  const newest = newestOf(o.delegations)
  checkUnshared(newest.values())
  const members = firstCommittee(metagraph, { delegations: o.delegations, domains, capPpm: mesh.weightCapPpm })
  const seated = new Set(members.map(({ hotkey }) => hotkey))
  const eligible = eligibleHotkeys(metagraph)
  for (const { body } of newest.values()) {
    if (seated.has(body.hotkey)) continue
    if (eligible.has(body.hotkey))
      refuse(body.hotkey, `is in force from block ${body.fromBlock} to ${body.toBlock}, and the head is ${head.number}`)
    refuse(body.hotkey, `does not count: the hotkey has no permit or no stake at block ${head.number}`)
  }
  if (members.length < MEMBERS_MIN)
    throw new FoundingError('TOO_FEW', `${members.length} delegations, and a mesh begins with at least ${MEMBERS_MIN}`)
  const genesis: Genesis = {
    ...{ chainGenesis, netuid, mechanism, version: 1, block: head.number, blockHash: head.hash },
    ...{ epoch: metagraph.epoch, owner: metagraph.ownerHotkey },
    members: members.map(({ hotkey, weight }) => ({ hotkey, weight })),
    delegations: members.flatMap(({ hotkey }) => newest.get(hotkey) ?? []),
    ...mesh,
    competitions: [...competitions],
  }
  const absent = metagraph.neurons
    .filter(({ hotkey }) => eligible.has(hotkey) && !seated.has(hotkey))
    .map(({ hotkey, stakeRao }) => ({ hotkey, stakeRao }))
  // What no validator would read is not written.
  return { genesis: parseGenesis(printGenesis(genesis)), absent }
}

/** One thing that was compared, and what was found. */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string }

/** Compares a genesis document with the finalised chain. @throws ChainError */
export const checkGenesis = async (
  genesis: Genesis,
  o: { readonly chain: Chain; readonly verify: VerifySignatures },
): Promise<readonly Check[]> => {
  const { chain, verify } = o
  const domains = domainsOf(genesis)
  const holds = await verifyAll(genesis.delegations, { domains, verify })
  const delegated = holds.filter(Boolean).length
  const chainGenesis = await chain.genesisHash()
  const block = await chain.blockAt(genesis.block)
  const metagraph = await chain.metagraphAt({ netuid: genesis.netuid, block: genesis.block })
  const { delegations, weightCapPpm: capPpm } = genesis
  const derived = firstCommittee(metagraph, { delegations, domains, capPpm })
  const weights = new Map(derived.map(({ hotkey, weight }) => [hotkey, weight]))
  const known = genesis.members.filter(({ hotkey, weight }) => weights.get(hotkey) === weight).length
  return [
    {
      name: 'delegations',
      ok: delegated === genesis.members.length && delegated === genesis.delegations.length,
      detail: `${delegated} of ${genesis.members.length} members’ hotkeys signed for their node’s keys`,
    },
    {
      name: 'chain',
      ok: chainGenesis === genesis.chainGenesis && block?.hash === genesis.blockHash,
      detail: `the genesis document names this chain and its block ${genesis.block}`,
    },
    {
      name: 'owner',
      ok: metagraph.ownerHotkey === genesis.owner,
      detail: `the genesis document names the subnet’s owner at block ${genesis.block}`,
    },
    {
      name: 'committee',
      ok: known === genesis.members.length && known === derived.length,
      detail: `${known} of ${genesis.members.length} members hold a permit and that weight at block ${genesis.block}`,
    },
  ]
}
