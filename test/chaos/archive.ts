/** Shows what lies in stopped validators' stores to the simulator's checkers, as the simulator shows them its own nodes. */
import { join } from 'node:path'
import sodium from 'sodium-native'
import { createJournal } from '../../node/machine/journal.ts'
import { openStore } from '../../node/store/index.ts'
import { restoreRecord } from '../../protocol/consensus/restore.ts'
import {
  rounds as application,
  createMachine,
  createRounds,
  type Decided,
  type Domains,
  type Genesis,
  type JournalRecord,
  type Key,
  type Metagraph,
} from '../../protocol/index.ts'
import { bytesToSign, messageId, type Signed, type Unsigned } from '../../protocol/message/message.ts'
import type { Certificate } from '../../protocol/message/vote.ts'
import type { Ended, Sim, Watcher } from '../sim/watch.ts'

/** Later than anything; a multiple of four, since a checker draws its runs by that. */
const NEVER_MS = 2 ** 50

/** What the checkers see, and how its machines go on by a record. */
export type ArchiveSim = Sim & { readonly restore: (node: Key, record: JournalRecord) => void }

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

/** What the checkers may know of stopped validators: their machines as the records read so far restore them, and no moment after which all had healed. */
export const simOf = (o: {
  readonly genesis: Genesis
  readonly domains: Domains
  readonly archives: readonly Archive[]
  /** Of the blocks that vectors were set for. */
  readonly metagraphs: ReadonlyMap<number, Metagraph>
}): ArchiveSim => {
  const { genesis } = o
  const votersAt = votersBy(genesis, o.archives)
  const messages = new Map(
    o.archives
      .flatMap(({ records }) => records.flatMap((record) => (record.kind === 'message' ? [record.message] : [])))
      .map((message) => [messageId(message, o.domains), message]),
  )
  const machines = new Map(
    o.archives.map(({ node }) => {
      const rounds = createRounds({ genesis, self: node })
      return [node, createMachine({ genesis, self: node, application, rounds })]
    }),
  )
  return {
    genesis,
    keys: genesis.members.map(({ hotkey }) => hotkey),
    isHonest: () => true,
    now: () => 0,
    healAtMs: NEVER_MS,
    messageOf: (id) => messages.get(id) ?? null,
    consensusOf: (node) => machines.get(node)?.consensus ?? null,
    roundsOf: (node) => machines.get(node)?.rounds ?? null,
    kept: new Map(),
    metagraphAt: (block) => o.metagraphs.get(block) ?? null,
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
    restore: (node, record) => {
      const machine = machines.get(node)
      if (machine === undefined || restoreRecord(machine.consensus, machine.host, record)) return
      application.restore(machine.rounds, record)
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

/** A journal cut after each height that it decides; the last part decides none. */
const byHeight = ({ records }: Archive): readonly (readonly JournalRecord[])[] => {
  const parts: JournalRecord[][] = [[]]
  for (const record of records) {
    parts.at(-1)?.push(record)
    if (record.kind === 'decided') parts.push([])
  }
  return parts
}

/**
 * Tells the watchers everything, height by height: what each wrote and signed before it decided the height, in its journal's order, then
 * that it did. Journals have no common clock; this is one of the orders in which it can have happened. Then every vote in anybody's
 * certificate to `ofVotes`, since no journal says when it left its signer; then the end.
 */
export const feedArchives = (o: {
  readonly sim: ArchiveSim
  readonly archives: readonly Archive[]
  readonly watchers: readonly Watcher[]
  /** Those of the watchers that do not mind when something was signed. */
  readonly ofVotes: readonly Watcher[]
  readonly isDone: Ended['isDone']
}): void => {
  const { sim, archives, watchers, ofVotes } = o
  const votersAt = votersBy(sim.genesis, archives)
  const all = (tell: (watcher: Watcher) => void): void => {
    for (const watcher of watchers) tell(watcher)
  }
  const tellRecord = (node: Key, record: JournalRecord): void => {
    sim.restore(node, record)
    all((watcher) => watcher.persisted?.(node, [record]))
    for (const message of signedBy(node, record)) all((watcher) => watcher.signed?.(node, message))
    if (record.kind === 'certificate') all((watcher) => watcher.certified?.(record.certificate))
    if (record.kind !== 'decided') return
    all((watcher) => watcher.certified?.(record.decided.certificate))
    all((watcher) => watcher.decided?.(node, record.decided))
  }
  const parts = archives.map((archive) => ({ node: archive.node, heights: byHeight(archive) }))
  const longest = Math.max(0, ...parts.map(({ heights }) => heights.length))
  for (let index = 0; index < longest; index++) {
    for (const isDecision of [false, true]) {
      for (const { node, heights } of parts) {
        for (const record of heights[index] ?? []) {
          if ((record.kind === 'decided') === isDecision) tellRecord(node, record)
        }
      }
    }
  }
  for (const vote of archives.flatMap(certificatesOf).flatMap((certificate) => votesOf(votersAt, certificate))) {
    for (const watcher of ofVotes) watcher.signed?.(vote.body.hotkey, vote)
  }
  const logs = new Map(archives.map((archive) => [archive.node, decidedOf(archive).map(({ header }) => header)]))
  const diskOf: Ended['diskOf'] = (node) => archives.find((archive) => archive.node === node)?.records ?? []
  all((watcher) => watcher.ended?.({ logs, isDone: o.isDone, diskOf }))
}
