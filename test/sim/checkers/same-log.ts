/** Checks at the end that every honest node has one and the same log, each header linked to all before, and that it grew after healing. */
import { hash } from '../../../protocol/crypto.ts'
import { merkleRoot } from '../../../protocol/merkle.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { Violation, type Watcher } from '../watch.ts'

export const sameLog = (origin: string): Watcher => ({
  ended: ({ logs, isDone }) => {
    for (const [node, log] of logs) {
      const digests: string[] = []
      for (const header of log) {
        const linked = header.previous === (digests.at(-1) ?? origin)
        const root = digests.length === 0 ? hash() : merkleRoot(digests)
        if (!linked || header.logRoot !== root)
          throw new Violation('headers are linked', { node, height: header.height })
        digests.push(headerDigest(header))
      }
      if (!isDone(log)) throw new Violation('everything due is decided after healing', { node, height: log.length })
    }
  },
})
