/** Checks that whatever an honest node signs for a view stands on its disk before. */
import type { Key } from '../../../protocol/crypto.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { Violation, type Watcher } from '../watch.ts'

export const guarded = (): Watcher => {
  const disks = new Map<Key, Set<string>>()
  return {
    persisted: (node, records) => {
      const disk = disks.get(node) ?? new Set()
      disks.set(node, disk)
      for (const record of records) {
        if (record.kind === 'guard') disk.add(`${record.phase}/${record.height}/${record.view}/${record.value}`)
      }
    },
    signed: (node, { kind, body }) => {
      if (kind !== 'proposal' && kind !== 'notarize' && kind !== 'nullify' && kind !== 'finalize') return
      const value = 'header' in body ? headerDigest(body.header) : body.value
      const place = `${kind}/${body.height}/${body.view}/${value}`
      if (!disks.get(node)?.has(place)) throw new Violation('guarded before it is sent', { node, place })
    },
  }
}
