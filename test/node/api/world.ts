/** A machine after one decided round, and the HTTP interface over it. */
import { createCertificates } from '../../../node/api/certificates.ts'
import { printMetrics, type Vitals } from '../../../node/api/metrics.ts'
import { createApi } from '../../../node/api/server.ts'
import { createViews } from '../../../node/api/views.ts'
import { createPoolIndex } from '../../../node/measure/pool-blobs.ts'
import type { SyncView } from '../../../node/sync/view.ts'
import {
  rounds as application,
  createRounds,
  type Decided,
  hash,
  type Machine,
  merkleRoot,
  type RoundState,
  restoreMachine,
} from '../../../protocol/index.ts'
import { writePoolManifest } from '../../../sandbox/pool/manifest.ts'
import {
  blockAt,
  createMesh,
  genesisOf,
  kindsOf,
  MINERS,
  nodeAt,
  submissionOf,
  VALIDATORS,
} from '../../protocol/round/mesh.ts'
import { SIGNATURE } from '../../protocol/round/signing.ts'

const traits = { name: 'm', rows: 1, columns: 1, layer: 0, step: 1, direction: 'forward', loss: 1 } as const
/** Of two bytes each, forty of them: more than a round draws. */
export const matrices = Array.from({ length: 40 }, (_, index) => Uint8Array.of(index, 1))
export const poolManifest = Buffer.from(
  writePoolManifest(matrices.map((bytes) => ({ ...traits, digest: hash(bytes) }))),
)
const NO_POOL = { isMatrix: () => false, read: async () => undefined }

export const genesis = genesisOf({
  params: { poolManifest: hash(poolManifest), poolRoot: merkleRoot(matrices.map((bytes) => hash(bytes))) },
})
export const self = VALIDATORS[0] ?? ''

/** A machine after one decided round of one submission; a second submission waits. */
const machineAfterRound = () => {
  const mesh = createMesh({ genesis })
  const id = mesh.tell(submissionOf(MINERS[0] ?? '', 'first'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const waiting = mesh.tell(submissionOf(MINERS[1] ?? '', 'second'))
  const records = nodeAt(mesh, 0).journal
  const machine = restoreMachine({ genesis, self, application, rounds: createRounds({ genesis, self }), records })
  return { id, waiting, machine, records, log: mesh.log }
}

export const world = machineAfterRound()
export const members = genesis.members
export const decided: readonly Decided[] = world.log.map(({ header, digest }) => ({
  header,
  certificate: {
    phase: 'finalize',
    height: header.height,
    view: 2,
    value: digest,
    signatures: [0, 1, 2].map((member) => ({ member, signature: SIGNATURE })),
  },
}))

const viewsOf = (
  o: {
    connected?: readonly number[]
    machine?: Machine<RoundState>
    sync?: SyncView
    blobs?: ReadonlyMap<string, Uint8Array>
  } = {},
) => {
  const machine = o.machine ?? world.machine
  const peers = new Set(
    (o.connected ?? [1, 2, 3]).map(
      (index) => machine.rounds.committee.members.find((m) => m.hotkey === VALIDATORS[index])?.peerId,
    ),
  )
  return createViews({
    machine: () => machine,
    name: 'anna',
    self,
    certificates: createCertificates({
      genesis,
      height: () => decided.length + 1,
      journal: { decided: (height) => decided[height - 1] ?? null },
    }),
    isConnected: (peerId) => peers.has(peerId),
    sync: () => o.sync ?? { kind: 'live' },
    engine: 'bubblewrap 0.8.0',
    addresses: () => [
      '/ip4/127.0.0.1/tcp/4001/p2p/A',
      '/ip4/127.0.0.1/tcp/4002/p2p/B',
      '/ip4/127.0.0.1/tcp/4001/p2p/A',
    ],
    blob: async (digest) => o.blobs?.get(digest),
    pool: NO_POOL,
    poolIndex: createPoolIndex({
      pool: NO_POOL,
      store: { getBlob: async (digest) => o.blobs?.get(digest) },
      rounds: () => machine.rounds,
    }),
  })
}

type Shown = NonNullable<Parameters<typeof viewsOf>[0]>

/** What the metrics of this world are made of. */
export const vitalsOf = (o: Shown = {}): Vitals => ({
  status: viewsOf(o).status(),
  machine: o.machine ?? world.machine,
  self,
  version: '1.2.3',
  nowMs: 5_000,
  headAtMs: 2_000,
  logLines: new Map([['warn', 4]]),
  loopLagSeconds: 0.01,
})

export const create = (o: Shown = {}) =>
  createApi({ ...viewsOf(o), metrics: () => printMetrics(vitalsOf(o)) }, ({ path, error }) => {
    throw new Error(`${path}: ${error}`)
  })

export const get = async (path: string, app = create()) => {
  const response = await app.inject(path)
  return { status: response.statusCode, type: response.headers['content-type'], body: response.json() }
}

// Restored from disk alone it has seen no block yet.
world.machine.rounds.head = blockAt(200)
