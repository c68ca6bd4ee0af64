/** The errors of the local chain process, each a code with its facts. */

type Facts = Readonly<Record<string, string | number | null>>

/** Bytes that are not the canonical encoding of anything. */
export class ChainCodecError extends Error {
  readonly code:
    | 'TRAILING_BYTES'
    | 'TOO_SHORT'
    | 'TOO_LONG'
    | 'OUT_OF_RANGE'
    | 'NOT_CANONICAL'
    | 'NOT_HEX'
    | 'UNKNOWN_KIND'
  readonly facts: Facts

  constructor(code: ChainCodecError['code'], facts: Facts) {
    super(`${code} ${JSON.stringify(facts)}`)
    this.name = 'ChainCodecError'
    this.code = code
    this.facts = facts
  }
}

/**
 * Why the process cannot start or go on. BAD_GENESIS: the spec breaks a rule (`facts.field`). GENESIS_MISMATCH: the folder
 * holds another chain. CORRUPT: what is stored does not hash to what it should.
 */
export class LocalChainError extends Error {
  readonly code: 'BAD_GENESIS' | 'GENESIS_MISMATCH' | 'CORRUPT'
  readonly facts: Facts

  constructor(code: LocalChainError['code'], facts: Facts) {
    super(`${code} ${JSON.stringify(facts)}`)
    this.name = 'LocalChainError'
    this.code = code
    this.facts = facts
  }
}

/** Why the pool refuses an extrinsic before inclusion; the last two say that it has this very extrinsic already. */
export type PoolRefusal =
  | 'BadEncoding'
  | 'BadSignature'
  | 'StaleNonce'
  | 'FutureNonce'
  | 'PoolFull'
  | 'AlreadyPooled'
  | 'AlreadyIncluded'

/** A request that the chain answers with a refusal; `code` and `facts` travel to the caller as they are. */
export class RequestError extends Error {
  readonly code:
    | 'BAD_REQUEST'
    | 'BLOCK_NOT_FINAL'
    | 'BLOCK_UNKNOWN'
    | 'EXTRINSIC_UNKNOWN'
    | 'SUBNET_UNKNOWN'
    | 'NOT_REGISTERED'
    | 'EXTRINSIC_REFUSED'
  readonly facts: Facts

  constructor(code: RequestError['code'], facts: Facts = {}) {
    super(`${code} ${JSON.stringify(facts)}`)
    this.name = 'RequestError'
    this.code = code
    this.facts = facts
  }
}
