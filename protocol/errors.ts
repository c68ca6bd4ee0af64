/** Errors of the protocol layer: a code, its facts, and what a relay should do with the message that caused it. */

/**
 * What a peer's message deserves. `ignore`: not provably wrong (unknown signer, too old, nothing new);
 * `reject`: provably malformed or forged, counts against the peer that relayed it. It follows from the bytes alone, the same on every node:
 * which session key or committee is in force does not, so a bad signature under one, or a bad certificate, is ignored.
 */
export type Relay = 'ignore' | 'reject'

const RELAY = {
  BAD_SHAPE: 'reject',
  TOO_LARGE: 'reject',
  BAD_SIGNATURE: 'ignore',
  FORGED: 'reject',
  UNKNOWN_SIGNER: 'ignore',
  UNKNOWN_ITEM: 'ignore',
  BAD_CERTIFICATE: 'ignore',
  BAD_GENESIS: 'reject',
  BAD_STATEMENT: 'reject',
  BAD_BUNDLE: 'reject',
  BAD_EVIDENCE: 'reject',
  NOT_COMMITTED: 'ignore',
  WRONG_ROUND: 'ignore',
  QUOTA: 'ignore',
} as const satisfies Record<string, Relay>

export type ProtocolErrorCode = keyof typeof RELAY

/** Thrown for anything wrong with bytes or values that came from outside; invariants use `assert` instead. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ProtocolErrorCode, facts: Readonly<Record<string, unknown>> = {}) {
    super(`${code} ${JSON.stringify(facts, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`)
    this.name = 'ProtocolError'
    this.code = code
    this.facts = facts
  }

  /** How gossip treats the message. */
  get relay(): Relay {
    return RELAY[this.code]
  }
}
