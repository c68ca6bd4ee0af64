/** Errors of the mesh: a code with its facts. */

/**
 * `BAD_OPTIONS`: this node's own configuration is wrong (the facts say what). `LISTEN_FAILED`: no listen address could be
 * opened. `TOO_LARGE`: a message or an answer is over its limit. `REFUSED`: the other side answered, and its answer is no
 * (`reason`). `BUSY`: the other side already serves as many of our requests as it allows. `UNREACHABLE`: no connection or
 * it broke. `TIMEOUT`, `ABORTED`: the wait ended. `BAD_FRAME`: the other side sent bytes that are no frame. `CLOSED`: this
 * mesh was closed.
 */
export type MeshErrorCode =
  | 'BAD_OPTIONS'
  | 'LISTEN_FAILED'
  | 'TOO_LARGE'
  | 'REFUSED'
  | 'BUSY'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'BAD_FRAME'
  | 'CLOSED'

/** What the mesh throws; a handler throws `REFUSED` with the fact `reason` to refuse a peer's request. */
export class MeshError extends Error {
  readonly code: MeshErrorCode
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: MeshErrorCode, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(`${code} ${JSON.stringify(facts)}`, { cause })
    this.name = 'MeshError'
    this.code = code
    this.facts = facts
  }
}
