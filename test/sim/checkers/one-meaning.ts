/** Checks that no two messages of different kind, body or mesh are signed by the same bytes (20). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { bytesToSign, type Signed } from '../../../protocol/message/message.ts'
import { type Checker, Violation } from '../watch.ts'
import { sha256 } from './commitment.ts'
import { domainOf } from './log.ts'

/**
 * Encoding is dear: one run in so many is looked at, in it one node's messages, of its votes all of one height in so many. What could be mixed up
 * are the kinds, views and values of one height.
 */
const ONE_RUN_IN = 4
const ONE_HEIGHT_IN = 4

/** Kind and body in words of their own. */
const wordsOf = ({ kind, body }: Signed): string =>
  `${kind} ${JSON.stringify(body, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
  })}`

const isDrawn = ({ kind, body }: Signed): boolean =>
  kind === 'proposal' || kind === 'notarize' || kind === 'nullify' || kind === 'finalize'
    ? body.height % ONE_HEIGHT_IN === 1
    : true

const OTHER = 'ff'.repeat(32)

export const oneMeaning: Checker = {
  name: 'one-meaning',
  watch: (sim, checked) => {
    if (sim.healAtMs % ONE_RUN_IN !== 0) return {}
    const meanings = new Map<string, string>()
    let witness: Key | null = null
    const digestOf = (message: Signed, domain: Digest): string =>
      sha256(bytesToSign(message, { chain: domain, mesh: domain })).toString('base64')
    return {
      signed: (node, message) => {
        witness ??= node
        if (node !== witness || !isDrawn(message)) return
        const domain = domainOf(sim)
        const digest = digestOf(message, domain)
        const words = wordsOf(message)
        const known = meanings.get(digest)
        checked()
        if (known === words) return
        if (known !== undefined) throw new Violation('what is signed has one meaning', { node, known, words })
        meanings.set(digest, words)
        const { kind } = message
        const isBound =
          kind === 'reveal' || kind === 'roundAttestation'
            ? Buffer.from(message.body.statement).includes(domain)
            : digestOf(message, OTHER) !== digest
        if (!isBound) throw new Violation('what is signed holds in one mesh', { node, kind })
      },
    }
  },
}
