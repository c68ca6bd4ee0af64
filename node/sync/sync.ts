/** Keeps this node's log at the mesh's: pulls what is missing, leaves servers that lie, and holds the chain's heads back until it is there. */
import {
  type Digest,
  type Domains,
  type Input,
  type Item,
  isHere as isOnHand,
  type Machine,
  type RoundState,
} from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Driver } from '../machine/driver.ts'
import type { Mesh } from '../mesh/index.ts'
import type { Inbox } from '../peers/inbox.ts'
import { createApplier } from './apply.ts'
import { createEpochCheck, type EpochChain } from './epoch-check.ts'
import { createGate } from './gate.ts'
import { createPace } from './pace.ts'
import type { SyncPeers } from './peers.ts'
import { type Batch, createPuller, PeerFault } from './pull.ts'
import { createStandings } from './standings.ts'
import type { SyncView } from './view.ts'

/** How often peers are asked while nothing hints at more, and while this node does not know yet where the mesh is. */
const IDLE_MS = 10_000
const START_EVERY_MS = 500
/** A node that meets nobody goes on with what it has: alone it decides nothing, and its last certified weights must not lapse. */
const ALONE_MS = 5_000
/** So many heights are behind in the ordinary course of things; beyond it heads are held back. */
const LAG_HEIGHTS = 3

export type SyncOptions = {
  readonly mesh: Pick<Mesh, 'request' | 'connectedPeers'>
  readonly domains: Domains
  readonly driver: () => Driver<Machine<RoundState>>
  readonly inbox: () => Inbox
  /** Messages and evidence on this node's own disk. */
  readonly local: (id: Digest) => Item | null
  readonly peers: SyncPeers
  readonly chain: EpochChain
  /** Takes this node's own inputs. */
  readonly submit: (input: Input) => void
  readonly now: () => number
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  readonly signal: AbortSignal
  /** Tests wait less. */
  readonly answerMsMax?: number
  readonly idleMs?: number
  readonly aloneMs?: number
}

export type Sync = ReturnType<typeof createSync>

/** What one node's sync works with; `shown` is what it says of itself. */
const createParts = (o: SyncOptions) => {
  const { driver, log, peers, signal } = o
  const isHere = (id: Digest): boolean => driver().read(({ rounds }) => isOnHand(rounds, id)) || o.local(id) !== null
  const puller = createPuller({ ...o, isHere })
  const shown: { view: SyncView } = { view: { kind: 'starting' } }
  return {
    puller,
    shown,
    applier: createApplier(o),
    standings: createStandings({ ...o, puller, committee: () => driver().read(({ rounds }) => rounds.committee) }),
    gate: createGate(o.submit),
    pace: createPace(signal),
    height: (): number => driver().read(({ consensus }) => consensus.current.height),
    /** Null where the peer was at fault, which it is blamed for. */
    orBlame: async <T>(peerId: string, work: () => Promise<T>): Promise<T | null> => {
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof PeerFault)) throw error
        peers.failed(peerId, error.fault)
        log.warn({ peerId, fault: error.fault, reason: error.message }, 'left as a server of the log')
        return null
      }
    },
  }
}

type Parts = ReturnType<typeof createParts>

const pull = (o: SyncOptions, p: Parts, from: { readonly peerId: string; readonly height: number }) =>
  p.orBlame(from.peerId, async (): Promise<Batch> => {
    const askedAt = o.now()
    const batch = await p.puller.batch(from.peerId, from.height)
    o.peers.delivered(from.peerId, { heights: batch.decided.length, ms: o.now() - askedAt })
    return batch
  })

/** What was decided here without the messages that it names comes first: the committee of the next height may lie in it. */
const mend = async (o: SyncOptions, p: Parts): Promise<void> => {
  for (const peerId of o.peers.inOrder(o.mesh.connectedPeers())) {
    const unfolded = p.applier.unfolded()
    if (unfolded.length === 0) return
    await p.orBlame(peerId, async () => {
      const messages = await p.puller.messages(peerId, [...new Set(unfolded.flatMap(({ missing }) => missing))])
      await p.applier.mend(peerId, unfolded, messages)
      const [left] = p.applier.unfolded()
      if (left !== undefined && left.height === unfolded[0]?.height && o.peers.claimOf(peerId) > left.height) {
        throw new PeerFault('withheld', `a message of height ${left.height}`)
      }
    })
  }
}

/** Pulls while a peer that is not left claims more; the next batch is under way while one is worked off. */
const catchUp = async (o: SyncOptions, p: Parts): Promise<void> => {
  const begun = { height: p.height(), at: o.now() }
  let next: Promise<Batch | null> | null = null
  for (let height = begun.height; !o.signal.aborted; height = p.height()) {
    const servers = p.standings.servers(height)
    const [peerId] = servers
    if (peerId === undefined) break
    const target = p.standings.highest(servers, height)
    if (target - height > LAG_HEIGHTS) {
      // Certified heights came: this is no empty claim.
      if (height > begun.height) p.gate.close()
      const perSecond = ((height - begun.height) * 1_000) / Math.max(1, o.now() - begun.at)
      p.shown.view = { kind: 'catching-up', height, target, perSecond }
    }
    if (next === null) {
      const before = p.applier.unfolded()[0]?.height
      await mend(o, p)
      // Nobody gave what the oldest waits for: more heights on top of it would wait as well.
      if (before !== undefined && p.applier.unfolded()[0]?.height === before) break
    }
    const batch: Batch | null = await (next ?? pull(o, p, { peerId, height }))
    next = null
    if (batch === null || (batch.decided[0]?.header.height ?? 0) > p.height()) continue
    const after = height + batch.decided.length
    const [follower] = batch.owed === null ? p.standings.servers(after) : []
    if (follower !== undefined) next = pull(o, p, { peerId: follower, height: after })
    const isTaken = await p.orBlame(batch.from, () => p.applier.apply(batch, o.signal).then(() => true))
    if (isTaken !== null) continue
    // What follows a batch that was not taken belongs to no log of ours.
    await next
    next = null
  }
  await next
}

/** After all was pulled that anybody serves: whether this node is where the mesh is, and may take part. */
const settle = async (
  o: SyncOptions,
  p: Parts,
  o2: { readonly isYoung: boolean; readonly epochFault: () => Promise<SyncView | null> },
) => {
  const height = p.height()
  const claimants = p.standings.claimants(height + LAG_HEIGHTS)
  const target = p.standings.highest(claimants, height)
  const asked = o.peers.faultsOf(claimants)
  const isVouched = p.standings.isVouched((claim) => claim > height + LAG_HEIGHTS)
  const stuck: SyncView | null = claimants.length === 0 ? null : { kind: 'stuck', height, target, isVouched, asked }
  if (stuck !== null) o.log.warn({ height, target, asked }, 'cannot catch up: nobody serves the next height')
  if (isVouched) {
    p.gate.close()
    p.shown.view = stuck ?? p.shown.view
    return
  }
  if (!p.gate.isOpen() && !p.standings.isVouched((claim) => claim > 0) && o2.isYoung) {
    p.shown.view = stuck ?? { kind: 'starting' }
    return
  }
  const fault = await o2.epochFault()
  p.shown.view = fault ?? stuck ?? { kind: 'live' }
  if (fault === null) p.gate.open()
  else p.gate.close()
}

export const createSync = (o: SyncOptions) => {
  const p: Parts = createParts(o)
  const epochFault = createEpochCheck(o)
  const startedAt = o.now()
  return {
    /** Runs until the node stops; rejects only with this node's own errors. */
    run: async (): Promise<void> => {
      while (!o.signal.aborted) {
        await mend(o, p)
        await p.standings.ask()
        await catchUp(o, p)
        await settle(o, p, { isYoung: o.now() - startedAt < (o.aloneMs ?? ALONE_MS), epochFault })
        await p.pace.pause(p.gate.isOpen() ? (o.idleMs ?? IDLE_MS) : START_EVERY_MS)
      }
    },
    /** Heads wait here while this node is behind; all else goes through. */
    submit: p.gate.submit,
    /** Something came that lies ahead of this node's log. */
    hint: p.pace.hint,
    isComing: p.applier.isComing,
    /** What this node decides now is news to nobody. */
    isBehind: (): boolean => !p.gate.isOpen(),
    view: (): SyncView => p.shown.view,
  }
}
