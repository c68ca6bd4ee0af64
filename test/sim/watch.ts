/** What a checker may see of a run, and how it says that a promise was broken. */
import type { Key } from '../../protocol/crypto.ts'
import type { JournalRecord, WeightsVector } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Signed } from '../../protocol/message/message.ts'
import type { Certificate, Decided } from '../../protocol/message/vote.ts'

/** Everything here is of honest nodes, except certificates: those are seen wherever they turn up. */
export type Watcher = {
  readonly persisted?: (node: Key, records: readonly JournalRecord[]) => void
  /** A signature leaves the process. */
  readonly signed?: (node: Key, message: Signed) => void
  readonly certified?: (certificate: Certificate) => void
  readonly decided?: (node: Key, decided: Decided) => void
  readonly weighed?: (node: Key, weights: { readonly block: number; readonly vector: WeightsVector }) => void
  readonly ended?: (run: Ended) => void
}

export type Ended = {
  /** Per honest node the headers of its log, in order. */
  readonly logs: ReadonlyMap<Key, readonly Header[]>
  /** Whether a log holds all that should be decided by now. */
  readonly isDone: (log: readonly Header[]) => boolean
}

export class Violation extends Error {
  readonly promise: string
  readonly facts: Readonly<Record<string, unknown>>

  constructor(promise: string, facts: Readonly<Record<string, unknown>>) {
    super(`${promise} ${JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`)
    this.promise = promise
    this.facts = facts
  }
}
