/** Checks that whatever an honest node signs or hands to the chain stands on its disk before (4). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { JournalRecord } from '../../../protocol/machine-types.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { BodyOf, Signed } from '../../../protocol/message/message.ts'
import { type Checker, Violation } from '../watch.ts'
import { commitmentOf } from './commitment.ts'
import { domainOf, entryOf, placeOf } from './log.ts'

type Guard = Extract<JournalRecord, { kind: 'guard' }>
type Sealed = Extract<JournalRecord, { kind: 'sealed' }>

/** What a disk holds that something may later be signed by. */
type Disk = {
  readonly guards: Map<number, Guard[]>
  readonly sealed: Map<Digest, Sealed[]>
  readonly weights: Set<number>
}

const write = (disk: Disk, record: JournalRecord): void => {
  if (record.kind === 'guard') entryOf(disk.guards, placeOf(record), () => []).push(record)
  else if (record.kind === 'sealed') entryOf(disk.sealed, record.manifest, () => []).push(record)
  else if (record.kind === 'weights') disk.weights.add(record.block)
}

const isGuarded = (disk: Disk, message: Signed): boolean | null => {
  const { kind, body } = message
  if (kind !== 'proposal' && kind !== 'notarize' && kind !== 'nullify' && kind !== 'finalize') return null
  const value = 'header' in body ? headerDigest(body.header) : body.value
  return disk.guards.get(placeOf(body))?.some((guard) => guard.phase === kind && guard.value === value) ?? false
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a === b || Buffer.compare(a, b) === 0

const opening = ({ competition, round, manifest, nonce, statement }: Sealed, hotkey: Key): BodyOf<'reveal'> => ({
  competition,
  round,
  manifest,
  hotkey,
  nonce,
  statement,
})

export const guarded: Checker = {
  name: 'guarded',
  watch: (sim, checked) => {
    const disks = new Map<Key, Disk>()
    const diskOf = (node: Key): Disk =>
      entryOf(disks, node, () => ({ guards: new Map(), sealed: new Map(), weights: new Set() }))
    const isSealed = (disk: Disk, message: Signed): boolean | null => {
      if (message.kind !== 'commit' && message.kind !== 'reveal') return null
      const { manifest, hotkey, competition, round } = message.body
      return (disk.sealed.get(manifest) ?? []).some((sealed) => {
        if (sealed.competition !== competition || sealed.round !== round) return false
        return message.kind === 'commit'
          ? message.body.commitment === commitmentOf(domainOf(sim), opening(sealed, hotkey))
          : message.body.nonce === sealed.nonce && isSame(message.body.statement, sealed.statement)
      })
    }
    return {
      persisted: (node, records) => {
        const disk = diskOf(node)
        for (const record of records) write(disk, record)
      },
      signed: (node, message) => {
        const disk = diskOf(node)
        const stands = isGuarded(disk, message) ?? isSealed(disk, message)
        if (stands === null) return
        checked()
        if (!stands) throw new Violation('guarded before it is sent', { node, kind: message.kind, body: message.body })
      },
      weighed: (node, { block }) => {
        checked()
        if (!diskOf(node).weights.has(block)) throw new Violation('guarded before it is sent', { node, block })
      },
    }
  },
}
