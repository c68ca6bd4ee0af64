/** Brings a machine back from its journal, one record after the other: months of rounds are never in memory at once. */
import {
  createMachine,
  type Digest,
  isHere,
  type JournalRecord,
  type Machine,
  namedBy,
  type RoundState,
  replayRecord,
} from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Journal } from './journal.ts'
import { BINDINGS_MAX, type Guard } from './signer.ts'

const TELL_EVERY_MS = 5_000

/** The round that a record is of, by its manifest; null for what is of none. */
const manifestOf = (record: JournalRecord): Digest | null => {
  if (record.kind === 'sealed') return record.manifest
  if (record.kind !== 'message') return null
  const { kind, body } = record.message
  return kind === 'commit' || kind === 'reveal' ? body.manifest : null
}

/**
 * What is of a round was written when its manifest had been folded. A replay may not have come so far: a submission that the manifest names may
 * have had no place in it, where the node then running had forgotten what filled them. The archive has it. Without it the sealed measurement and
 * the commit to it would be lost, and a second commit convicts.
 */
const foldManifest = (machine: Machine<RoundState>, manifest: Digest, journal: Pick<Journal, 'item'>): void => {
  const { rounds } = machine
  let oldest = rounds.backlog[0]
  while (oldest !== undefined && rounds.backlog.some(({ digest }) => digest === manifest)) {
    for (const id of namedBy(oldest.header)) {
      const item = isHere(rounds, id) ? null : journal.item(id)
      if (item !== null) replayRecord(machine, item)
    }
    const [next] = rounds.backlog
    if (next === oldest) return
    oldest = next
  }
}

/**
 * The machine as the last record left it, and the guards that a signer needs, the newest last.
 * @throws StoreError CORRUPT when a record, or what it names, is damaged or not there
 */
export const restoreFrom = async (
  journal: Pick<Journal, 'records' | 'item'>,
  parts: Parameters<typeof createMachine<RoundState>>[0],
  log: Pick<Log, 'info'>,
): Promise<{ readonly machine: Machine<RoundState>; readonly guards: readonly Guard[] }> => {
  const machine = createMachine(parts)
  let guards: Guard[] = []
  let count = 0
  let toldAt = performance.now()
  for await (const record of journal.records()) {
    const manifest = manifestOf(record)
    if (manifest !== null) foldManifest(machine, manifest, journal)
    replayRecord(machine, record)
    if (isGuard(record)) guards.push(record)
    if (guards.length >= 2 * BINDINGS_MAX) guards = guards.slice(-BINDINGS_MAX)
    count += 1
    if (performance.now() - toldAt < TELL_EVERY_MS) continue
    toldAt = performance.now()
    log.info({ records: count, height: machine.consensus.current.height }, 'restoring')
  }
  return { machine, guards: guards.slice(-BINDINGS_MAX) }
}

const isGuard = (record: JournalRecord): record is Guard => record.kind === 'guard'
