/** Shows what lies in stopped validators' stores to the simulator's checkers, as the simulator shows them its own nodes. */
import { join } from 'node:path'
import sodium from 'sodium-native'
import { createJournal } from '../../node/journal.ts'
import { openStore } from '../../node/store/index.ts'
import {
  createRounds,
  type Decided,
  type Domains,
  type Genesis,
  type JournalRecord,
  type Key,
} from '../../protocol/index.ts'
import { bytesToSign, messageId, type Signed, type Unsigned } from '../../protocol/message/message.ts'
import type { Certificate } from '../../protocol/message/vote.ts'
import type { Ended, Sim, Watcher } from '../sim/watch.ts'

/** One validator's whole journal, in the order written. */
export type Archive = { readonly node: Key; readonly records: readonly JournalRecord[] }

/** @throws StoreError when it is in use or damaged. */
export const readArchive = async (o: {
  readonly node: Key
  readonly home: string
  readonly domains: Domains
}): Promise<Archive> => {
  const store = await openStore({ dir: join(o.home, 'store') })
  try {
    const records: JournalRecord[] = []
    for await (const record of createJournal({ store, domains: o.domains }).records()) records.push(record)
    return { node: o.node, records }
  } finally {
    await store.close()
  }
}

type Voter = { readonly hotkey: Key; readonly sessionKey: Key }

const decidedOf = ({ records }: Archive): readonly Decided[] =>
  records.flatMap((record) => (record.kind === 'decided' ? [record.decided] : []))

/** Who votes at each height, by the epochs that these archives decided. */
const votersBy = (genesis: Genesis, archives: readonly Archive[]): ((height: number) => readonly Voter[]) => {
  const { committee } = createRounds({ genesis, self: null })
  const sessionKeys = new Map(committee.members.map(({ hotkey, sessionKey }) => [hotkey, sessionKey]))
  const epochs: { above: number; voters: readonly Voter[] }[] = [{ above: 0, voters: committee.members }]
  const longest = archives.map(decidedOf).sort((a, b) => b.length - a.length)[0] ?? []
  for (const { header } of longest) {
    if (header.entry.kind !== 'epoch') continue
    const voters = header.entry.members.map(({ hotkey }) => ({ hotkey, sessionKey: sessionKeys.get(hotkey) ?? '' }))
    epochs.push({ above: header.height, voters })
  }
  return (height) => epochs.findLast(({ above }) => above < height)?.voters ?? []
}

const certificatesOf = ({ records }: Archive): readonly Certificate[] =>
  records.flatMap((record) =>
    record.kind === 'certificate'
      ? [record.certificate]
      : record.kind === 'decided'
        ? [record.decided.certificate]
        : [],
  )

const votesOf = (votersAt: (height: number) => readonly Voter[], certificate: Certificate): readonly Signed[] => {
  const { phase, height, view, value, signatures } = certificate
  return signatures.map(({ member, signature }) => {
    const hotkey = votersAt(height)[member]?.hotkey ?? ''
    return { kind: phase, body: { height, view, value, hotkey }, signature }
  })
}

/** What the checkers may know of stopped validators: nothing of a live machine, and no moment after which all had healed. */
export const simOf = (o: {
  readonly genesis: Genesis
  readonly domains: Domains
  readonly archives: readonly Archive[]
}): Sim => {
  const votersAt = votersBy(o.genesis, o.archives)
  const messages = new Map(
    o.archives
      .flatMap(({ records }) => records.flatMap((record) => (record.kind === 'message' ? [record.message] : [])))
      .map((message) => [messageId(message, o.domains), message]),
  )
  return {
    genesis: o.genesis,
    keys: o.genesis.members.map(({ hotkey }) => hotkey),
    isHonest: () => true,
    now: () => 0,
    healAtMs: Number.POSITIVE_INFINITY,
    messageOf: (id) => messages.get(id) ?? null,
    consensusOf: () => null,
    roundsOf: () => null,
    metagraphAt: () => null,
    isVoteSigned: ({ kind, signature, ...body }) => {
      const voter = votersAt(body.height).find(({ hotkey }) => hotkey === body.hotkey)
      const message = bytesToSign({ kind, body } as Unsigned<typeof kind>, o.domains)
      return (
        voter !== undefined &&
        sodium.crypto_sign_verify_detached(
          Buffer.from(signature, 'hex'),
          Buffer.from(message),
          Buffer.from(voter.sessionKey, 'hex'),
        )
      )
    },
  }
}

/** A guard is written right before the signature that it covers: what it covers counts as signed. */
const signedBy = (node: Key, record: JournalRecord): readonly Signed[] => {
  if (record.kind === 'message') return record.message.body.hotkey === node ? [record.message] : []
  if (record.kind !== 'guard' || record.phase === 'proposal') return []
  const { phase, height, view, value } = record
  return [{ kind: phase, body: { height, view, value, hotkey: node }, signature: '' }]
}

/**
 * Tells the watchers everything: each journal in its order, with what was signed and decided where it says so;
 * then every vote found in anybody's certificate, to `ofVotes`, since an archive does not say when it left its signer; then the end.
 */
export const feedArchives = (o: {
  readonly genesis: Genesis
  readonly domains: Domains
  readonly archives: readonly Archive[]
  readonly watchers: readonly Watcher[]
  /** Watchers that do not mind the order of what was signed. */
  readonly ofVotes: readonly Watcher[]
  readonly isDone: Ended['isDone']
}): void => {
  const { archives, watchers, ofVotes } = o
  const votersAt = votersBy(o.genesis, archives)
  const all = (tell: (watcher: Watcher) => void): void => {
    for (const watcher of watchers) tell(watcher)
  }
  for (const { node, records } of archives) {
    for (const record of records) {
      all((watcher) => watcher.persisted?.(node, [record]))
      for (const watcher of ofVotes) watcher.persisted?.(node, [record])
      for (const message of signedBy(node, record)) all((watcher) => watcher.signed?.(node, message))
      if (record.kind === 'certificate') all((watcher) => watcher.certified?.(record.certificate))
      if (record.kind !== 'decided') continue
      const { header, certificate } = record.decided
      all((watcher) => watcher.certified?.(certificate))
      all((watcher) => watcher.decided?.(node, { header, certificate }))
    }
  }
  for (const vote of archives.flatMap(certificatesOf).flatMap((certificate) => votesOf(votersAt, certificate))) {
    for (const watcher of ofVotes) watcher.signed?.(vote.body.hotkey, vote)
  }
  const logs = new Map(archives.map((archive) => [archive.node, decidedOf(archive).map(({ header }) => header)]))
  const diskOf: Ended['diskOf'] = (node) => archives.find((archive) => archive.node === node)?.records ?? []
  all((watcher) => watcher.ended?.({ logs, isDone: o.isDone, diskOf }))
}
