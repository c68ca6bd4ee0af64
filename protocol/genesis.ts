/** The document a mesh starts from: chain block, committee 0, parameters; its hash is part of every signature's domain. */
import { count, digest, encode, type Infer, key, list, struct, u8, u16, u32, u64 } from './canonical.ts'
import { type Digest, hash, hexToBytes, utf8ToBytes } from './crypto.ts'
import { ProtocolError } from './errors.ts'
import { COMPETITIONS_MAX, MEMBERS_MAX, MEMBERS_MIN } from './limits.ts'
import { signedDelegation } from './message/membership.ts'
import type { Domains } from './message/message.ts'
import { type Json, parseJson, printJson } from './message/statement.ts'
import {
  competitionParams,
  competitionParamsFault,
  MESH_FIELDS,
  type MeshParams,
  meshParamsFault,
  sharesFault,
} from './params.ts'

export const genesis = struct({
  chainGenesis: digest,
  netuid: u16,
  mechanism: u8,
  version: u16,
  /** The finalised block that committee 0 was read at. */
  block: count,
  blockHash: digest,
  epoch: u32,
  /** Hotkey of the subnet's owner at that block: who signs changes of parameters until the first EPOCH. */
  owner: key,
  members: list(struct({ hotkey: key, weight: u64 }), MEMBERS_MAX),
  delegations: list(signedDelegation, MEMBERS_MAX),
  ...MESH_FIELDS,
  competitions: list(competitionParams, COMPETITIONS_MAX),
})
export type Genesis = Infer<typeof genesis>

const VERSION = 1

/** Domain of hotkeys' delegations: known before the genesis document that contains them. */
export const chainDomain = (o: { chainGenesis: Digest; netuid: number; mechanism: number }): Digest =>
  hash(
    utf8ToBytes('evalmesh/v1/chain'),
    hexToBytes(o.chainGenesis),
    Uint8Array.of(o.netuid >> 8, o.netuid & 255, o.mechanism),
  )

/** A document is immutable, and its domains are asked for wherever something is signed. */
const domains = new WeakMap<Genesis, Domains>()

/** the mesh's domain binds the chain, the whole genesis document and the protocol's version. */
export const domainsOf = (document: Genesis): Domains => {
  const known = domains.get(document)
  if (known !== undefined) return known
  const mesh = hash(utf8ToBytes('evalmesh/v1/mesh'), encode(genesis, document))
  const made = { chain: chainDomain(document), mesh }
  domains.set(document, made)
  return made
}

/** The mesh's parameters at its start. */
export const meshParamsOf = ({ deltaMs, weightCapPpm, weightsEveryBlocks, evidenceEpochs }: Genesis): MeshParams => ({
  deltaMs,
  weightCapPpm,
  weightsEveryBlocks,
  evidenceEpochs,
})

const faultOf = (document: Genesis): string | null =>
  meshParamsFault(meshParamsOf(document)) ??
  document.competitions.map(competitionParamsFault).find((fault) => fault !== null) ??
  sharesFault(document.competitions.map(({ sharePpm }) => sharePpm))

export const printGenesis = (document: Genesis): Uint8Array => printJson(genesis.toJson(document) as Json)

/** @throws ProtocolError BAD_STATEMENT, BAD_SHAPE or BAD_GENESIS. */
export const parseGenesis = (bytes: Uint8Array): Genesis => {
  const document = genesis.fromWire(parseJson(bytes), 'genesis')
  if (document.version !== VERSION)
    throw new ProtocolError('BAD_GENESIS', { version: document.version, supported: VERSION })
  if (document.members.length < MEMBERS_MIN)
    throw new ProtocolError('BAD_GENESIS', { members: document.members.length, min: MEMBERS_MIN })
  const fault = faultOf(document)
  if (fault !== null) throw new ProtocolError('BAD_GENESIS', { params: fault })
  return document
}
