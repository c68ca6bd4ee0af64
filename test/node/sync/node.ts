/** Whole nodes for the tests of syncing: real machine, store, driver, libp2p host on loopback; only chain and measuring are played. */
import type { BlockRef, Chain, Metagraph as ChainMetagraph } from '../../../node/chain/port.ts'
import { createChainReader } from '../../../node/chain/reader.ts'
import { createClock } from '../../../node/machine/clock.ts'
import { createDriver, type Driver } from '../../../node/machine/driver.ts'
import { createJournal } from '../../../node/machine/journal.ts'
import type { Measurer, Signer } from '../../../node/machine/ports.ts'
import { createSigner } from '../../../node/machine/signer.ts'
import { createMesh, type Mesh, type MeshHandlers } from '../../../node/mesh/index.ts'
import { claimContext, createInbox, type Inbox } from '../../../node/peers/inbox.ts'
import { createNetwork } from '../../../node/peers/network.ts'
import { createServer } from '../../../node/peers/serve.ts'
import { createVerifier } from '../../../node/peers/verify.ts'
import { openStore } from '../../../node/store/index.ts'
import { createSyncPeers } from '../../../node/sync/peers.ts'
import { createSync, type Sync } from '../../../node/sync/sync.ts'
import type { Metagraph } from '../../../protocol/chain-view.ts'
import {
  rounds as application,
  createRounds,
  type Input,
  type JournalRecord,
  type Machine,
  type RoundState,
  restoreMachine,
  step,
  wantsEvidence,
} from '../../../protocol/index.ts'
import { createFakeLog } from '../fakes.ts'
import { newFolder } from '../store/folder.ts'
import {
  blockAt,
  hotkeyOf,
  type KeyPair,
  keyOf,
  type Log,
  metagraphOf,
  seedOfPeer,
  sessionKeyOf,
  signBytes,
  statementOf,
} from './log.ts'

export type State = Machine<RoundState>

const unasked = (): never => {
  throw new Error('not asked for in these tests')
}

/** A chain whose head the test moves; all nodes of a test share it. */
export const createFakeChain = (log: Log, o: { readonly metagraph?: (block: number) => Metagraph } = {}) => {
  let head = log.block
  const waiting = new Set<() => void>()
  const moved = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  const read = o.metagraph ?? metagraphOf(log.options)
  const chain: Chain = {
    genesisHash: unasked,
    finalizedHead: async () => blockAt(head),
    followFinalized: async function* ({ after, signal }) {
      for (let next = after + 1; !signal.aborted; ) {
        if (next <= head) yield blockAt(next++) satisfies BlockRef
        else await moved(signal)
      }
    },
    blockAt: async (number) => (number <= head ? blockAt(number) : null),
    metagraphAt: async ({ block }) => read(block) as unknown as ChainMetagraph,
    yumaInputAt: unasked,
    setWeights: unasked,
    unrevealed: unasked,
    weightsOf: unasked,
    transfer: unasked,
    transfersAt: unasked,
    close: async () => {},
  }
  return {
    chain,
    advance: (blocks = 1): void => {
      head += blocks
      for (const wake of [...waiting]) wake()
    },
  }
}
export type FakeChain = ReturnType<typeof createFakeChain>

export type TestNode = {
  readonly mesh: Mesh
  readonly sync: Sync
  readonly driver: Driver<State>
  readonly height: () => number
  readonly logged: ReturnType<typeof createFakeLog>['calls']
  readonly signed: { readonly kind: string; readonly height: number | null }[]
  readonly fatal: unknown[]
  readonly address: () => string
}

/** Changes or withholds an answer that an honest server would give; returns null to let it stand. */
export type Tamper = (m: {
  readonly kind: Parameters<MeshHandlers['request']>[0]['kind']
  readonly data: Uint8Array
  readonly honest: () => Promise<Uint8Array>
}) => Promise<Uint8Array>

export type NodeOptions = {
  readonly log: Log
  /** Place of its hotkey; null: a peer without stake. */
  readonly member: number | null
  readonly records?: readonly JournalRecord[]
  readonly chain: FakeChain
  readonly bootstrap?: readonly string[]
  readonly tamper?: Tamper
  readonly name?: string
  readonly answerMsMax?: number
}

const toKeys = (member: number, epoch: number) => {
  const keys = (pair: KeyPair) => ({ publicKey: pair.publicKey, sign: (bytes: Uint8Array) => signBytes(pair, bytes) })
  return { hotkey: keys(hotkeyOf(member)), session: keys(sessionKeyOf(member, epoch)) } as never
}

/** Where a node leaves what must be done at its end. */
type Cleanup = { readonly after: (end: () => unknown) => unknown }

type Kept = { driver?: Driver<State>; sync?: Sync }

/** What one node's parts share; driver and sync are there once all parts are. */
const openParts = async (t: Cleanup, o: NodeOptions) => {
  const { genesis, domains } = o.log
  const stopping = new AbortController()
  const store = await openStore({ dir: newFolder(t) })
  const journal = createJournal({ store, domains })
  const records = o.records ?? []
  await journal.append(records)
  const self = o.member === null ? null : hotkeyOf(o.member).publicKey
  const logged = createFakeLog()
  const clock = createClock()
  const kept: Kept = {}
  return {
    genesis,
    domains,
    stopping,
    signal: stopping.signal,
    store,
    journal,
    self,
    restored: restoreMachine({ genesis, self, application, rounds: createRounds({ genesis, self }), records }),
    logged,
    log: logged,
    clock,
    now: clock.now,
    peers: createSyncPeers(clock.now),
    kept,
    driver: (): Driver<State> => kept.driver ?? unasked(),
    sync: (): Sync => kept.sync ?? unasked(),
    submit: (input: Input): void => (kept.driver ?? unasked()).submit(input),
    fatal: [] as unknown[],
    signed: [] as { kind: string; height: number | null }[],
  }
}
type Parts = Awaited<ReturnType<typeof openParts>>

const openInbox = (p: Parts) =>
  createInbox<State>({
    ...p,
    verify: createVerifier(),
    context: claimContext,
    hotkeyOfPeer: ({ consensus }, peerId) =>
      consensus.current.committee.members.find((one) => one.peerId === peerId)?.hotkey ?? null,
    heightOf: ({ consensus }) => consensus.current.height,
    ahead: () => p.sync().hint(),
    wantsEvidence: ({ rounds }, evidence) => wantsEvidence(rounds, evidence),
  })

const openMesh = (p: Parts, o: NodeOptions, inbox: Inbox): Promise<Mesh> => {
  const serve = createServer({
    ...p,
    inbox: () => inbox,
    pool: { read: async () => undefined },
    poolIndex: { isSecret: async () => false },
    sealedUntil: () => null,
    stored: () => {},
    isMember: () => false,
    wholeBelow: () =>
      p.driver().read(({ rounds, consensus }) => rounds.backlog[0]?.header.height ?? consensus.current.height),
    paramsOf: () => undefined,
    refusalOf: async () => 'WAITING',
    paymentRefusalOf: async () => null,
    paramsRefusalOf: async () => 'stopping',
  })
  return createMesh({
    privateKeySeed: o.member === null ? keyOf(o.name ?? 'guest').seed : seedOfPeer(o.member),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: o.bootstrap ?? [],
    domain: p.domains.mesh,
    handlers: {
      gossip: ({ from, data }) => inbox.receive({ via: 'gossip', from, data }),
      direct: ({ from, data }) => {
        inbox.receive({ via: 'direct', from, data }).catch((error: unknown) => p.fatal.push(error))
      },
      request: (m) => (o.tamper === undefined ? serve(m) : o.tamper({ ...m, honest: () => serve(m) })),
    },
    log: p.logged,
  })
}

const openNetwork = (p: Parts, mesh: Mesh, inbox: Inbox) =>
  createNetwork({
    ...p,
    mesh,
    committee: () => p.driver().read(({ consensus }) => consensus.current.committee),
    local: {
      item: p.journal.item,
      // Bundles are not what these tests are about: every node has them all.
      blob: async () => new Uint8Array(),
      isRefused: () => false,
      isComing: (id) => p.sync().isComing(id),
      archived: p.journal.envelopesFrom,
    },
    inOrder: p.peers.allInOrder,
    blame: p.peers.failed,
    found: (item) =>
      item.what === 'item'
        ? inbox.accept(item.item, item.from)
        : p.submit({ kind: 'stored', at: p.now(), digest: item.digest }),
  })

/** Measures at once what every member measures. */
const createFakeMeasurer = (p: Parts): Measurer => ({
  evaluate: ({ competition, round, manifest, entry, seed }) => {
    const { paramsHash, image } = entry
    const id = { domain: p.domains.mesh, competition, round, manifest }
    const submissions = entry.submissions.map((one) => one.id)
    const sealed = statementOf({ terms: { id, seed, paramsHash, image, submissions }, hotkey: p.self ?? '' })
    p.submit({ kind: 'evaluated', at: p.now(), competition, round, manifest, ...sealed })
  },
})

/** Tells what it signed. */
const openSigner = (p: Parts, o: NodeOptions): Signer | null => {
  if (o.member === null) return null
  const signer = createSigner({ keys: toKeys(o.member, o.log.epoch), domains: p.domains, guards: [] })
  return {
    sign: (message) => {
      p.signed.push({ kind: message.kind, height: 'height' in message.body ? message.body.height : null })
      return signer.sign(message)
    },
  }
}

/** Runs until the test ends; everything that compose.ts ties together, but for the sandbox and the API. */
export const startNode = async (t: Cleanup, o: NodeOptions): Promise<TestNode> => {
  const p = await openParts(t, o)
  const inbox = openInbox(p)
  const mesh = await openMesh(p, o, inbox)
  const network = openNetwork(p, mesh, inbox)
  const { netuid } = p.genesis
  const chain = { metagraphAt: (block: number) => o.chain.chain.metagraphAt({ netuid, block }) }
  const patience = {
    idleMs: 200,
    answerMsMax: o.answerMsMax ?? 10_000,
    aloneMs: o.member === null ? 500 : 20_000,
  }
  const sync = createSync({ ...p, ...patience, mesh, inbox: () => inbox, local: p.journal.item, chain })
  const certified = (): null => null
  const reader = createChainReader({ ...p, chain: o.chain.chain, netuid, hotkey: null, certified, submit: sync.submit })
  const driver = createDriver<State>({
    state: p.restored,
    step,
    ports: {
      clock: p.clock,
      journal: p.journal,
      signer: openSigner(p, o),
      network,
      chain: reader,
      measurer: createFakeMeasurer(p),
      accuse: (evidence) => {
        inbox.accept({ kind: 'evidence', evidence }, mesh.peerId).catch((error: unknown) => p.fatal.push(error))
      },
      notice: (notice) => {
        if (notice.kind === 'decided' && !sync.isBehind()) network.announce(notice.decided)
      },
    },
    onFatal: (error) => p.fatal.push(error),
  })
  Object.assign(p.kept, { driver, sync })
  driver.submit({ kind: 'wake', at: p.now() })
  const running = [reader.follow(), sync.run()].map((work) =>
    work.catch((error: unknown) => {
      if (!p.signal.aborted) p.fatal.push(error)
    }),
  )
  t.after(async () => {
    p.stopping.abort()
    await Promise.all(running)
    await driver.close()
    await mesh.close()
    await p.store.close()
  })
  return {
    mesh,
    sync,
    driver,
    height: () => driver.read(({ consensus }) => consensus.current.height),
    logged: p.logged.calls,
    signed: p.signed,
    fatal: p.fatal,
    address: () => mesh.addresses()[0] ?? unasked(),
  }
}
