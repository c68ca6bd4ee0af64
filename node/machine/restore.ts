/** Brings a machine back from its journal, one record after the other: months of rounds are never in memory at once. */
import { createMachine, type JournalRecord, type Machine, replayRecord } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Journal } from './journal.ts'
import { BINDINGS_MAX, type Guard } from './signer.ts'

const TELL_EVERY_MS = 5_000

/**
 * The machine as the last record left it, and the guards that a signer needs, the newest last.
 * @throws Error when the archive lacks what its journal names
 */
export const restoreFrom = async <S>(
  journal: Pick<Journal, 'records'>,
  parts: Parameters<typeof createMachine<S>>[0],
  log: Pick<Log, 'info'>,
): Promise<{ readonly machine: Machine<S>; readonly guards: readonly Guard[] }> => {
  const machine = createMachine(parts)
  let guards: Guard[] = []
  let count = 0
  let toldAt = performance.now()
  for await (const record of journal.records()) {
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
