/** Changes one thing in the archive of a stopped validator, as a liar would: checksums fit, signatures and digests do not. */
import { join } from 'node:path'
import { createJournal, type Journal } from '../../node/machine/journal.ts'
import { openStore, type Store, toSequenceKey } from '../../node/store/index.ts'
import { type Decided, type Digest, type Domains, encodeEnvelopes, type Signed } from '../../protocol/index.ts'

type Archive = { readonly store: Store; readonly journal: Journal; readonly results: readonly Decided[] }
type Result = Extract<Decided['header']['entry'], { kind: 'result' }>

/** Another number in the last place. */
const flipped = (hex: string): string => {
  const last = Number.parseInt(hex.slice(-2), 16) ^ 1
  return `${hex.slice(0, -2)}${last.toString(16).padStart(2, '0')}`
}

const onlyOne = <T>(items: readonly T[]): T => {
  const [one] = items
  if (one === undefined) throw new Error('the archive holds no result to tamper with')
  return one
}

const putDecided = (store: Store, decided: Decided): Promise<void> => {
  const value = onlyOne(encodeEnvelopes({ kind: 'decided', decided: [decided] }))
  return store.append([{ kind: 'decided', key: toSequenceKey(decided.header.height), value }])
}

const revealOf = ({ journal, results }: Archive): { readonly id: Digest; readonly message: Signed } => {
  const { reveals } = onlyOne(results).header.entry as Result
  const id = onlyOne(reveals)
  const message = journal.message(id)
  if (message === null) throw new Error(`the archive lacks ${id}`)
  return { id, message }
}

/** By what is changed: the change, and the check that must name it. */
const TAMPERINGS: readonly {
  readonly name: string
  readonly check: string
  readonly change: (archive: Archive) => Promise<void>
}[] = [
  {
    name: 'a signature of a certificate',
    check: 'signatures',
    change: async ({ store, results }) => {
      const { header, certificate } = onlyOne(results)
      const [signer, ...more] = certificate.signatures
      if (signer === undefined) throw new Error('nobody signed')
      const signatures = [{ ...signer, signature: flipped(signer.signature) }, ...more]
      await putDecided(store, { header, certificate: { ...certificate, signatures } })
    },
  },
  {
    name: 'a certified result',
    check: 'signatures',
    change: async ({ store, results }) => {
      const { header, certificate } = onlyOne(results)
      const entry = header.entry as Result
      await putDecided(store, {
        header: { ...header, entry: { ...entry, result: flipped(entry.result) } },
        certificate,
      })
    },
  },
  {
    name: 'a revealed measurement',
    check: 'signatures',
    change: async (archive) => {
      const { id, message } = revealOf(archive)
      if (message.kind !== 'reveal') throw new Error('not a reveal')
      const statement = message.body.statement.slice()
      // A digit of the JSON somewhere behind its head.
      const place = statement.findIndex((byte, index) => index > 200 && byte >= 0x30 && byte <= 0x38)
      statement[place] = (statement[place] ?? 0) + 1
      const value = onlyOne(
        encodeEnvelopes({ kind: 'message', message: { ...message, body: { ...message.body, statement } } }),
      )
      await archive.store.append([{ kind: 'message', key: id, value }])
    },
  },
  {
    name: 'the absence of a revealed measurement',
    check: 'archive',
    change: async (archive) => archive.store.remove('message', [revealOf(archive).id]),
  },
]

export const tamperings = TAMPERINGS.map(({ name, check, change }) => ({
  name,
  check,
  /** In the archive of this home, which no process uses. */
  applyTo: async (home: string, domains: Domains): Promise<void> => {
    const store = await openStore({ dir: join(home, 'store') })
    try {
      const journal = createJournal({ store, domains })
      const results = journal.decidedFrom(1).filter(({ header }) => header.entry.kind === 'result')
      await change({ store, journal, results })
    } finally {
      await store.close()
    }
  },
}))
