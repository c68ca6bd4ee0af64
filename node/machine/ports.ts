/** What the driver asks of the world: small ports, each with a real adapter that compose.ts ties in. */
import type {
  CompetitionParams,
  Digest,
  Effect,
  Evidence,
  Input,
  JournalRecord,
  ManifestEntry,
  Notice,
  Relayed,
  Signed,
  Unsigned,
} from '../../protocol/index.ts'

/** Monotonic milliseconds and the one alarm. */
export type Clock = {
  now(): number
  /** Replaces the alarm before; `cancel` by setting another or `null`. */
  setAlarm(at: number | null, ring: () => void): void
}

/** Signs for this node's own identity; refuses a body that conflicts with one signed before. Null: nobody would take it, so it is not signed. */
export type Signer = { sign(message: Unsigned): Signed | null }

/** Sends what is signed; best effort, never throws for a peer's absence. */
export type Network = {
  broadcast(message: Signed): void
  relay(what: Relayed, to: 'committee' | Digest): void
  /** Looks for a signed message, evidence or a blob among the peers until it is found or given up; answers by an input of its own. */
  fetch(what: 'message' | 'blob', digest: Digest): void
}

export type ChainReader = {
  readBlock(number: number): void
  readMetagraph(block: number): void
  readPayment(effect: Extract<Effect, { kind: 'readPayment' }>): void
  setWeights(effect: Extract<Effect, { kind: 'setWeights' }>): void
}

/** One round's measurement, started at most once for a manifest however often it is asked for. */
export type Measurer = {
  evaluate(o: {
    readonly competition: string
    readonly round: number
    readonly manifest: Digest
    readonly entry: ManifestEntry
    readonly params: CompetitionParams
    readonly seed: Digest
  }): void
}

export type DriverPorts = {
  readonly clock: Clock
  readonly journal: { append(records: readonly JournalRecord[]): Promise<void> }
  readonly signer: Signer | null
  readonly network: Network
  readonly chain: ChainReader
  readonly measurer: Measurer
  /** Has the signatures of evidence checked that this node put together; answers by an input if all hold. */
  readonly accuse: (evidence: Evidence) => void
  readonly notice: (notice: Notice) => void
}

/** An input, or the way to one that needs the machine's state as it is when its turn comes; null: nothing came of it. */
export type Arrival<S> = (state: S) => Input | null | Promise<Input | null>
