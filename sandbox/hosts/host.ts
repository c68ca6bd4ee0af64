/** One engine and its machine, as a validator knows them. */
import type { EngineOptions } from '../engine/open.ts'

/** Processor and cores of the machine behind an engine. */
export type Hardware = { readonly model: string; readonly cores: number }

/** One engine and its machine. */
export type EngineHost = {
  /** Unique among the hosts of a validator. */
  readonly name: string
  readonly engine: EngineOptions
  /** True: timed runs take turns with those of every validator on this machine. */
  readonly isLocal: boolean
  /** Cores of each timed run at once, at least one entry; null: not pinned. */
  readonly timed: readonly (string | null)[]
  /** What its machine is; null: it is asked. */
  readonly hardware: Hardware | null
}

/** A host's answer to the question whether it is well. */
export type Checkup =
  | { readonly isWell: true; readonly hardware: Hardware }
  | { readonly isWell: false; readonly reason: string }
