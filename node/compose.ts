/** Ties one validator together: the only file that knows every adapter. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  rounds as application,
  bundleOf,
  createRounds,
  type Digest,
  type Domains,
  domainsOf,
  type Genesis,
  type Input,
  type Key,
  type Machine,
  paramsRefusal,
  parseGenesis,
  type RoundState,
  sealedUntil,
  sessionKeysOf,
  step,
  submissionRefusal,
  wantsEvidence,
} from '../protocol/index.ts'
import { readBaseline, refereeDigest } from '../sandbox/index.ts'
import { createCertificates } from './api/certificates.ts'
import { createMetrics } from './api/metrics.ts'
import { createApi } from './api/server.ts'
import { createViews } from './api/views.ts'
import { openChain } from './chain/open.ts'
import { createPaymentCheck } from './chain/payment.ts'
import type { Chain } from './chain/port.ts'
import { createChainReader } from './chain/reader.ts'
import { openHeadWatch, type StopReason } from './head-watch.ts'
import type { ValidatorConfig } from './home/config.ts'
import { checkNotMoved, countStart } from './home/guard.ts'
import { loadValidatorKeys, type ValidatorKeys } from './home/keys.ts'
import type { LineCounts, Log } from './log.ts'
import { createClock } from './machine/clock.ts'
import { createDriver, type Driver } from './machine/driver.ts'
import { createJournal, type Journal } from './machine/journal.ts'
import { logCloned, logNotice } from './machine/notices.ts'
import type { Clock, Signer } from './machine/ports.ts'
import { restoreFrom } from './machine/restore.ts'
import { createSigner, type Guard, onlyWhereHeard } from './machine/signer.ts'
import { openEngines } from './measure/engines.ts'
import { createMeasurer } from './measure/measure.ts'
import { createPoolIndex, openPool, type Pool, type PoolIndex } from './measure/pool-blobs.ts'
import { type Mesh, type PreparedMesh, prepareMesh } from './mesh/index.ts'
import { once } from './once.ts'
import { type BundleNames, createIntake, namesOfBundle } from './peers/bundle-intake.ts'
import { claimContext, createInbox, type Inbox } from './peers/inbox.ts'
import { createNetwork } from './peers/network.ts'
import { createServer } from './peers/serve.ts'
import { createVerifier } from './peers/verify.ts'
import { openStore, type Store } from './store/index.ts'
import { createSyncPeers, type SyncPeers } from './sync/peers.ts'
import { createSync, type Sync } from './sync/sync.ts'

export type Validator = {
  readonly api: string
  readonly addresses: readonly string[]
  readonly hotkey: Key
  /** Resolves when the node should stop by itself. */
  readonly stop: Promise<StopReason>
  close(): Promise<void>
}

type State = Machine<RoundState>
type Closer = () => Promise<unknown>
type FetchBlob = (digest: Digest) => Promise<Uint8Array | null>

/** What the parts of one validator share. `driver` and `inbox` are there once all parts are. */
type Parts = {
  readonly config: ValidatorConfig
  readonly log: Log
  readonly onFatal: (error: unknown) => void
  readonly version: string
  readonly logLines: LineCounts
  readonly signal: AbortSignal
  readonly genesis: Genesis
  readonly domains: Domains
  readonly keys: ValidatorKeys
  readonly self: Key
  readonly store: Store
  readonly journal: Journal
  readonly pool: Pool
  readonly poolIndex: PoolIndex
  readonly clock: Clock
  readonly driver: () => Driver<State>
  readonly inbox: () => Inbox
  readonly sync: () => Sync
  readonly syncPeers: SyncPeers
}

/** Decided below this height, and folded: every message that the log names so far is here. */
const wholeBelow = ({ rounds, consensus }: State): number =>
  rounds.backlog[0]?.header.height ?? consensus.current.height

const membersBy = (state: State) => state.consensus.current.committee.members

const membersOf = (p: Parts) => p.driver().read(({ consensus }) => consensus.current.committee)

const isMember = (p: Parts, id: string): boolean => membersOf(p).members.some(({ peerId }) => peerId === id)

/** Looked at in turn, so after the message itself, and answered once that is durable; `whenFull` where its turn will not come. */
const inTurn = async <T>(p: Parts, look: (rounds: RoundState) => T, whenFull: T): Promise<T> => {
  const looked = await p.driver().inTurn(({ rounds }) => ({ found: look(rounds) }))
  await p.driver().durable()
  return looked === null ? whenFull : looked.found
}

const openMesh = (p: Parts, chain: Chain, stored: (digest: Digest) => void): Promise<PreparedMesh> =>
  prepareMesh({
    privateKeySeed: p.keys.peerSeed,
    listen: p.config.listen,
    bootstrap: p.config.peers,
    domain: p.domains.mesh,
    handlers: {
      gossip: ({ from, data }) => p.inbox().receive({ via: 'gossip', from, data }),
      direct: ({ from, data }) => {
        p.inbox().receive({ via: 'direct', from, data }).catch(p.onFatal)
      },
      request: createServer({
        ...p,
        stored,
        refusalOf: (id, body) => inTurn(p, (rounds) => submissionRefusal(rounds, id, body), 'WAITING' as const),
        paymentRefusalOf: createPaymentCheck({
          ...{ chain, netuid: p.genesis.netuid },
          rounds: () => p.driver().read(({ rounds }) => rounds),
        }),
        paramsRefusalOf: (id, change) => inTurn(p, (rounds) => paramsRefusal(rounds, id, change), 'stopping'),
        paramsOf: (id) => p.driver().read(({ rounds }) => rounds.competitions.get(id)?.params),
        isMember: (id) => isMember(p, id),
        sealedUntil: (digest) => p.driver().read(({ rounds }) => sealedUntil(rounds, digest)),
        wholeBelow: () => p.driver().read(wholeBelow),
      }),
      isMember: (id) => isMember(p, id),
    },
    log: p.log,
  })

/** Everything that names a bundle here, and whether what it names must be had as it is. */
const bundleNames = (p: Parts, digest: Digest): BundleNames =>
  p.driver().read(({ rounds }) => namesOfBundle([...rounds.competitions.values()], digest))

const openNetwork = (p: Parts, mesh: Mesh, stored: (digest: Digest) => void) => {
  const intake = createIntake({ store: p.store, namesOf: (digest) => bundleNames(p, digest), stored, log: p.log })
  return createNetwork({
    mesh,
    domains: p.domains,
    committee: () => membersOf(p),
    local: {
      item: (id) => p.journal.item(id),
      // A damaged blob is as good as none: the next write mends it.
      blob: async (digest) => (await p.store.getBlob(digest).catch(() => undefined)) ?? null,
      isRefused: intake.isRefused,
      isComing: (id) => p.sync().isComing(id),
      archived: p.journal.envelopesFrom,
    },
    inOrder: p.syncPeers.allInOrder,
    blame: p.syncPeers.failed,
    found: async (item) => {
      if (item.what === 'item') return p.inbox().accept(item.item, item.from)
      await intake.take(item)
    },
    log: p.log,
    signal: p.signal,
  })
}

/** What runs submissions for this validator; warns where the mesh's image is another. */
const openEvaluator = async (p: Parts, restored: State) => {
  const opened = await openEngines(p.config, p.log)
  const { imageDigest } = opened.facts
  for (const { params } of restored.rounds.competitions.values()) {
    const { id, image } = params
    if (image !== imageDigest)
      p.log.warn({ competition: id, image, here: imageDigest }, 'another image than the mesh’s')
  }
  return opened
}

const workDirOf = (p: Parts): string => join(p.config.home, 'work')

const openMeasurer = (p: Parts, engines: Awaited<ReturnType<typeof openEngines>>, fetchBlob: FetchBlob) =>
  createMeasurer({
    ...p,
    evaluator: engines.evaluator,
    trainingEvaluator: engines.evaluator.training,
    engine: engines.facts,
    referee: refereeDigest(),
    baselineOf: readBaseline,
    workDir: workDirOf(p),
    fetchBlob,
    bundleOf: (competition, id) =>
      p.driver().read(({ rounds }) => {
        const state = rounds.competitions.get(competition)
        return state === undefined ? null : bundleOf(state, id)
      }),
    isOpen: (competition, manifest) =>
      p.driver().read(({ rounds }) => rounds.competitions.get(competition)?.open?.manifest === manifest),
    submit: (input) => p.driver().submit(input),
    now: p.clock.now,
  })

const openSigner = (p: Parts, guards: readonly Guard[]): Signer =>
  onlyWhereHeard(createSigner({ keys: p.keys, domains: p.domains, guards }), (message) =>
    p.driver().read(({ rounds }) => sessionKeysOf(rounds, message).includes(p.keys.session.publicKey)),
  )

/** before the first head, which is held back until this node's log is the mesh's, it knows of no newest vector. */
const certifiedOf = ({ rounds: { head, vectors, weightsBlock } }: State): number | null =>
  head !== null && vectors.at(-1)?.block === weightsBlock ? weightsBlock : null

const openChainReader = (p: Parts, chain: Chain, submit: (input: Input) => void) =>
  createChainReader({
    ...p,
    chain,
    netuid: p.genesis.netuid,
    versionKey: BigInt(p.config.weightsVersionKey),
    hotkey: p.keys.hotkey,
    submit,
    certified: () => p.driver().read(certifiedOf),
    now: p.clock.now,
  })

/** The driver with everything it moves, and the API that looks at it; `closers` gets how each is ended. */
const tieTogether = async (p: Parts, restored: State, guards: readonly Guard[], closers: Closer[]) => {
  const stored = (digest: Digest): void => p.driver().submit({ kind: 'stored', at: p.clock.now(), digest })
  const engines = await openEvaluator(p, restored)
  closers.push(() => engines.evaluator.close())
  // What a round left that was cut short: it starts again from nothing.
  await rm(workDirOf(p), { recursive: true, force: true })
  const chain = await openChain(p.config.chain, {
    mechanism: p.genesis.mechanism,
    pendingDir: join(p.config.home, 'reveals'),
  })
  closers.push(() => chain.close())
  const mesh = await openMesh(p, chain, stored)
  closers.push(() => mesh.close())
  const network = openNetwork(p, mesh, stored)
  const { netuid } = p.genesis
  const headWatch = await openHeadWatch(p, mesh.peerId, network)
  const submit = (input: Input): void => {
    p.driver().submit(input)
    if (input.kind === 'head') headWatch.atHead(input.block.number)
  }
  const sync = createSync({
    ...p,
    mesh,
    peers: p.syncPeers,
    local: (id) => p.journal.item(id),
    chain: { metagraphAt: (block) => chain.metagraphAt({ netuid, block }) },
    submit,
    now: p.clock.now,
  })
  const chainReader = openChainReader(p, chain, sync.submit)
  const driver = createDriver<State>({
    state: restored,
    step,
    ports: {
      clock: p.clock,
      journal: p.journal,
      signer: openSigner(p, guards),
      network,
      chain: chainReader,
      measurer: openMeasurer(p, engines, network.fetchBlob),
      accuse: (evidence) => {
        // Not waited for: its turn comes after the one that noticed it.
        p.inbox()
          .accept({ kind: 'evidence', evidence }, mesh.peerId)
          .catch((error: unknown) => p.log.warn({ error: `${error}` }, 'evidence that does not hold'))
      },
      notice: (notice) => {
        logNotice(notice, p.log)
        if (notice.kind === 'decided' && !sync.isBehind()) network.announce(notice.decided)
      },
    },
    onFatal: p.onFatal,
  })
  closers.push(() => driver.close())
  const machine = (): State => driver.read((current) => current)
  const views = createViews({
    machine,
    name: p.config.name,
    certificates: createCertificates({ ...p, height: () => machine().consensus.current.height }),
    sync: sync.view,
    self: p.self,
    isConnected: (peerId) => mesh.connectedPeers().includes(peerId),
    engine: `${engines.facts.kind} ${engines.facts.version}`,
    blob: (digest) => p.store.getBlob(digest),
    poolIndex: p.poolIndex,
    pool: p.pool,
    addresses: () => [...mesh.addresses(), ...p.config.peers],
  })
  const metrics = createMetrics({ ...p, status: views.status, machine, now: p.clock.now, headAt: headWatch.seenAt })
  closers.push(metrics.close)
  const api = createApi({ ...views, metrics: metrics.print }, (fault) =>
    p.log.error(fault, 'the HTTP interface failed'),
  )
  closers.push(() => api.close())
  return { mesh, driver, api, chainReader, sync, stop: headWatch.stop }
}

/**
 * Starts a validator; resolves when it listens, serves its API and follows the chain.
 * @throws typed errors of the layer that failed (keys, store, genesis, engine, mesh)
 */
export const startValidator = async (o: {
  readonly config: ValidatorConfig
  readonly log: Log
  readonly logLines: LineCounts
  readonly version: string
  readonly onFatal: (error: unknown) => void
}): Promise<Validator> => {
  const { config, log } = o
  const stopping = new AbortController()
  const closers: Closer[] = []
  const close = async (): Promise<void> => {
    stopping.abort()
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => log.warn({ error: `${error}` }, 'close failed'))
    }
  }
  try {
    const genesis = parseGenesis(await readFile(config.genesis))
    const domains = domainsOf(genesis)
    const keys = await loadValidatorKeys(config.home, config.hotkey)
    const self = keys.hotkey.publicKey
    const store = await openStore({ dir: join(config.home, 'store') })
    closers.push(() => store.close())
    // Behind the store's lock: an export that runs now has it.
    await checkNotMoved(config.home)
    await countStart({ home: config.home, store, sessionKey: keys.session.publicKey })
    const journal = createJournal({ store, domains })
    const blank = { genesis, self, application, rounds: createRounds({ genesis, self }) }
    const { machine: restored, guards } = await restoreFrom(journal, blank, log)
    log.info({ height: restored.consensus.current.height, hotkey: self }, 'restored')
    if (restored.consensus.clonedKey === keys.session.publicKey) logCloned(log)
    const driver = once<Driver<State>>('the driver')
    const inbox = once<Inbox>('the inbox')
    const sync = once<Sync>('the sync')
    const clock = createClock()
    const pool = await openPool(config.pools)
    const syncPeers = createSyncPeers(clock.now)
    const roundsNow = () => driver.get().read(({ rounds }) => rounds)
    const shared = {
      ...o,
      signal: stopping.signal,
      genesis,
      domains,
      keys,
      self,
      store,
      journal,
      pool,
      poolIndex: createPoolIndex({ pool, store, rounds: roundsNow }),
      clock,
      syncPeers,
    }
    const parts: Parts = { ...shared, driver: driver.get, inbox: inbox.get, sync: sync.get }
    inbox.set(
      createInbox<State>({
        driver: driver.get,
        verify: createVerifier(),
        context: claimContext,
        hotkeyOfPeer: (state, peerId) => membersBy(state).find((member) => member.peerId === peerId)?.hotkey ?? null,
        heightOf: (state) => state.consensus.current.height,
        ahead: () => sync.get().hint(),
        wantsEvidence: (state, evidence) => wantsEvidence(state.rounds, evidence),
        now: clock.now,
        log,
      }),
    )
    const tied = await tieTogether(parts, restored, guards, closers)
    driver.set(tied.driver)
    sync.set(tied.sync)
    // Not before: peers that were waiting for it speak to it at once, and every part has to be there to hear them.
    await tied.mesh.start()
    const api = await tied.api.listen(config.api)
    tied.driver.submit({ kind: 'wake', at: clock.now() })
    for (const running of [tied.chainReader.follow(), tied.sync.run()]) {
      running.catch((error: unknown) => {
        if (!stopping.signal.aborted) o.onFatal(error)
      })
    }
    return { api, addresses: tied.mesh.addresses(), hotkey: self, stop: tied.stop, close }
  } catch (error) {
    await close()
    throw error
  }
}
