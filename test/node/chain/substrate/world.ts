/** The state of the test chain after a block: the local chain's, and what Subtensor has beyond it (hidden weights, mechanisms, proxies). */
import type { Row, State } from '../../../../node/chain/local/state.ts'

export type TimedCommit = {
  readonly hotkey: string
  readonly index: number
  readonly epoch: number
  readonly block: number
  readonly wire: string
  readonly round: bigint
}

export type HashCommit = {
  readonly hotkey: string
  readonly index: number
  readonly epoch: number
  readonly block: number
  readonly hash: string
}

export type World = {
  readonly local: State
  /** Commit-reveal is on. */
  readonly isHidden: boolean
  readonly commitVersion: number
  readonly timed: readonly TimedCommit[]
  readonly hashed: readonly HashCommit[]
  /** Rows of mechanisms other than 0, by storage index, then uid. */
  readonly mechanisms: ReadonlyMap<number, ReadonlyMap<number, Row>>
  /** "real/delegate" of those that may act for another. */
  readonly proxies: ReadonlySet<string>
}

export const createWorld = (
  local: State,
  o: { readonly isHidden: boolean; readonly commitVersion?: number },
): World => ({
  local,
  isHidden: o.isHidden,
  commitVersion: o.commitVersion ?? 4,
  timed: [],
  hashed: [],
  mechanisms: new Map(),
  proxies: new Set(),
})

/** One epoch later a commit is revealed. */
export const REVEAL_PERIOD = 1

export const epochOf = (world: World, block: number): number => Math.floor(block / world.local.subnet.tempo)
