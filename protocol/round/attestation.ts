/** The round's attestation: what each member of a round's committee signs once the result is final, for those outside the mesh. */
import { memberOf } from '../committee.ts'
import type { Key } from '../crypto.ts'
import type { Effect } from '../machine-types.ts'
import { PREDICATE_TYPES, printJson, STATEMENT_TYPE } from '../message/statement.ts'
import { type Attested, ask, type CompetitionState, type Held, type RoundState } from './state.ts'

const RETRY_MS = 2_000

/** everyone prints the same statement of a decided result but for the hotkey; a round attestation with any other bytes is none. */
export const attestationStatement = (state: RoundState, attested: Attested, hotkey: Key): Uint8Array => {
  const { height, header, digest, result } = attested
  const { competition, round, manifest, winner } = result
  return printJson({
    _type: STATEMENT_TYPE,
    subject: [{ name: 'result', digest: { sha256: digest } }],
    predicateType: PREDICATE_TYPES.roundAttestation,
    predicate: { domain: state.domains.mesh, competition, round, hotkey, height, header, manifest, winner },
  })
}

/** Signs this node's own, once the result is folded here. */
export const signAttestation = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly self: Key | null; readonly at: number },
): readonly Effect[] => {
  const { attested } = competition
  const { self, at } = o
  if (attested === null || self === null || memberOf(attested.committee, self) === undefined) return []
  if (attested.attestations.has(self)) return []
  if (!ask(state, { key: `attest ${attested.header}`, at, everyMs: RETRY_MS })) return []
  const { competition: id, round } = attested.result
  const statement = attestationStatement(state, attested, self)
  return [
    { kind: 'sign', message: { kind: 'roundAttestation', body: { competition: id, round, hotkey: self, statement } } },
  ]
}

/** The newest result's table, when this attestation belongs there. */
export const attestedBy = (state: RoundState, held: Held<'roundAttestation'>): Attested | null => {
  const { competition, hotkey, statement } = held.message.body
  const attested = state.competitions.get(competition)?.attested ?? null
  if (attested === null || memberOf(attested.committee, hotkey) === undefined) return null
  const wanted = attestationStatement(state, attested, hotkey)
  const isSame = wanted.length === statement.length && wanted.every((byte, index) => byte === statement[index])
  return isSame ? attested : null
}
