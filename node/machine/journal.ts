/** The machine's journal and archive on top of the store: records in the order written, messages and evidence by id, decided heights by number. */
import {
  bytes,
  certificate,
  count,
  type Decided,
  type Digest,
  type Domains,
  decode,
  decodeEnvelope,
  digest,
  type Evidence,
  encode,
  encodeEnvelopes,
  evidenceId,
  type Infer,
  type Item,
  type JournalRecord,
  joinDecided,
  key,
  messageId,
  oneOf,
  PHASES,
  type Signed,
  STATEMENT_BYTES_MAX,
  SYNC_BATCH_MAX,
  struct,
  text,
  u32,
  union,
} from '../../protocol/index.ts'
import { JOURNAL, type Store, type StoredRecord, StoreError, toSequenceKey } from '../store/index.ts'

/** What one journal line holds: small things whole, messages and heights by their key in the archive. */
const line = union({
  decided: struct({ height: count }),
  certificate: struct({ certificate }),
  guard: struct({ height: count, view: u32, phase: oneOf([...PHASES, 'proposal']), value: digest }),
  message: struct({ id: digest }),
  sealed: struct({
    competition: text(32),
    round: u32,
    manifest: digest,
    nonce: digest,
    statement: bytes(STATEMENT_BYTES_MAX),
  }),
  weights: struct({ block: count }),
  evidence: struct({ id: digest }),
  cloned: struct({ sessionKey: key }),
})

export type Journal = {
  /** Durable before it resolves, all or nothing. */
  append(records: readonly JournalRecord[]): Promise<void>
  /** Everything ever appended, in order. */
  records(): AsyncIterable<JournalRecord>
  message(id: Digest): Signed | null
  /** A message or evidence as it travels. */
  envelope(id: Digest): Uint8Array | null
  /** A message or evidence by id. */
  item(id: Digest): Item | null
  decided(height: number): Decided | null
  /** Decided heights from this one on, at most `countMax`; SYNC_BATCH_MAX if not said. */
  decidedFrom(height: number, countMax?: number): readonly Decided[]
  /** The same as one envelope, as many as fit; nothing is decoded for it. */
  envelopeFrom(height: number): Uint8Array
  /** The same in as many envelopes as they need, at most `countMax` heights. */
  envelopesFrom(height: number, countMax: number): readonly Uint8Array[]
}

const envelope = (content: Parameters<typeof encodeEnvelopes>[0]): Uint8Array => {
  const [only, ...more] = encodeEnvelopes(content)
  if (only === undefined || more.length > 0) throw new Error('one item is one envelope')
  return only
}

/** What the archive has by id and by height. */
const createArchive = (store: Pick<Store, 'get'>) => {
  const message = (id: Digest): Signed | null => {
    const raw = store.get('message', id)
    const received = raw && decodeEnvelope(raw)[0]
    return received?.kind === 'message' ? received.message : null
  }
  const envelopeOf = (id: Digest): Uint8Array | null => store.get('message', id) ?? store.get('evidence', id) ?? null
  const item = (id: Digest): Item | null => {
    const raw = envelopeOf(id)
    const received = raw && decodeEnvelope(raw)[0]
    return received?.kind === 'message' || received?.kind === 'evidence' ? received : null
  }
  const evidence = (id: Digest): Evidence | null => {
    const found = item(id)
    return found?.kind === 'evidence' ? found.evidence : null
  }
  const decided = (height: number): Decided | null => {
    const raw = store.get('decided', toSequenceKey(height))
    const received = raw && decodeEnvelope(raw)[0]
    return received?.kind === 'decided' ? received.decided : null
  }
  return { message, envelope: envelopeOf, item, evidence, decided }
}

const lost = (what: string): never => {
  const remedy = '`evalmesh keys renew` sets this store aside and makes new session keys'
  throw new StoreError('CORRUPT', { lacks: `${what}, which its journal names`, remedy })
}

/** Everything ever appended, in order. @throws StoreError CORRUPT where a record or what it names is damaged or not there */
export async function* readRecords(store: Pick<Store, 'get' | 'records'>): AsyncGenerator<JournalRecord> {
  const { message, decided, evidence } = createArchive(store)
  for await (const { value } of store.records(JOURNAL)) {
    const read = decode(line, value)
    if (read.kind === 'message') yield { kind: 'message', message: message(read.id) ?? lost(`message ${read.id}`) }
    else if (read.kind === 'decided')
      yield { kind: 'decided', decided: decided(read.height) ?? lost(`height ${read.height}`) }
    else if (read.kind === 'evidence')
      yield { kind: 'evidence', evidence: evidence(read.id) ?? lost(`evidence ${read.id}`) }
    else yield read
  }
}

export const createJournal = (o: { readonly store: Store; readonly domains: Domains }): Journal => {
  const { store, domains } = o
  const archive = createArchive(store)
  const { message, item, decided } = archive
  let next = store.nextSequence()

  const lines = (record: JournalRecord): readonly StoredRecord[] => {
    const journalLine = (content: Infer<typeof line>): StoredRecord => {
      return { kind: JOURNAL, key: toSequenceKey(next++), value: encode(line, content) }
    }
    if (record.kind === 'message') {
      const id = messageId(record.message, domains)
      return [{ kind: 'message', key: id, value: envelope(record) }, journalLine({ kind: 'message', id })]
    }
    if (record.kind === 'decided') {
      const { height } = record.decided.header
      const value = envelope({ kind: 'decided', decided: [record.decided] })
      return [{ kind: 'decided', key: toSequenceKey(height), value }, journalLine({ kind: 'decided', height })]
    }
    if (record.kind === 'evidence') {
      const id = evidenceId(record.evidence, domains)
      return [{ kind: 'evidence', key: id, value: envelope(record) }, journalLine({ kind: 'evidence', id })]
    }
    return [journalLine(record)]
  }

  const decidedFrom = (from: number, countMax = SYNC_BATCH_MAX): readonly Decided[] => {
    const found: Decided[] = []
    for (let height = from; found.length < countMax; height++) {
      const one = decided(height)
      if (one === null) break
      found.push(one)
    }
    return found
  }
  /** As many of these heights as fit one envelope; `next` is the first that is not in it. */
  const join = (from: number, end: number): { readonly envelope: Uint8Array; readonly next: number } => {
    let next = from
    const raws = function* () {
      for (; next < end; next++) {
        const raw = store.get('decided', toSequenceKey(next))
        if (raw === undefined) return
        yield raw
      }
    }
    const joined = joinDecided(raws())
    return { envelope: joined, next }
  }
  const envelopesFrom = (from: number, countMax: number): readonly Uint8Array[] => {
    const envelopes: Uint8Array[] = []
    for (let at = from; at < from + countMax; ) {
      const one = join(at, from + countMax)
      if (one.next === at) break
      envelopes.push(one.envelope)
      at = one.next
    }
    return envelopes
  }

  return {
    append: (records) => store.append(records.flatMap(lines)),
    message,
    envelope: archive.envelope,
    item,
    decided,
    decidedFrom,
    envelopeFrom: (from) => join(from, from + SYNC_BATCH_MAX).envelope,
    envelopesFrom,
    records: () => readRecords(store),
  }
}
