/** What a connected peer reaches: the way from its bytes into the machine, and the questions that a node answers. */
import assert from 'node:assert/strict'
import { createJournal } from '../../node/machine/journal.ts'
import { MeshError } from '../../node/mesh/errors.ts'
import { REQUEST_KINDS } from '../../node/mesh/port.ts'
import { submitRequest } from '../../node/miner/bundle.ts'
import { claimContext, createInbox, type Inbox } from '../../node/peers/inbox.ts'
import { createServer } from '../../node/peers/serve.ts'
import type { Store } from '../../node/store/index.ts'
import { toDiskKey } from '../../node/store/record.ts'
import { heightsRequest, itemsRequest } from '../../node/sync/messages.ts'
import { encode } from '../../protocol/canonical.ts'
import { hash, hexToBytes, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import { wantsEvidence } from '../../protocol/index.ts'
import { type Machine, restoreMachine, step } from '../../protocol/machine.ts'
import type { Effect, JournalRecord } from '../../protocol/machine-types.ts'
import { packBundle } from '../../protocol/message/bundle.ts'
import type { Signed } from '../../protocol/message/message.ts'
import type { RoundState } from '../../protocol/round/state.ts'
import { encodeEnvelopes } from '../../protocol/wire.ts'
import { signed } from '../protocol/arbitrary.ts'
import type { Random } from '../sim/random.ts'
import { everyday } from './machine.ts'
import { drawn, type Target } from './target.ts'
import { scene } from './world.ts'

type State = Machine<RoundState>

/** The disk of a node in the middle of a round. */
const disk = everyday()
const restored = (records: readonly JournalRecord[]): State => {
  const self = scene.keys[0] ?? ''
  const parts = { genesis: scene.genesis, self, application: scene.application }
  return restoreMachine({ ...parts, rounds: scene.createRounds(self), records })
}
const manifest = restored(disk).rounds.competitions.values().next().value?.open?.manifest

const recordsOf = (effects: readonly Effect[]): readonly JournalRecord[] =>
  effects.flatMap((effect) => (effect.kind === 'persist' ? effect.records : []))

/** A member signs whatever it likes, so every message's signature holds here; nobody can forge a quorum, so no certificate's does. */
const createNode = () => {
  let state = restored(disk)
  const persisted = [...recordsOf(step(state, { kind: 'wake', at: 0 }).effects)]
  const inbox: Inbox = createInbox<State>({
    driver: () => ({
      offer: (arrival) => {
        taking = Promise.resolve(arrival(state)).then((input) => {
          if (input === null) return
          const { effects, state: next } = step(state, input)
          state = next
          persisted.push(...recordsOf(effects))
        })
        return true
      },
      submit: () => undefined,
      read: (view) => view(state),
      inTurn: async (view) => view(state),
      durable: () => Promise.resolve(),
      idle: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
    verify: async (claims) => claims.map(() => claims.length < 3),
    context: claimContext,
    hotkeyOfPeer: () => scene.keys[1] ?? null,
    heightOf: ({ consensus }) => consensus.current.height,
    wantsEvidence: ({ rounds }, evidence) => wantsEvidence(rounds, evidence),
    now: () => 1000,
    log: { debug: () => undefined },
  })
  let taking: Promise<void> = Promise.resolve()
  return { inbox, taken: () => taking, persisted }
}

const runInbox = async (data: Uint8Array): Promise<void> => {
  const node = createNode()
  const verdict = await node.inbox.receive({ via: 'direct', from: 'peer', data })
  assert.ok(['accept', 'ignore', 'reject'].includes(verdict))
  await node.taken()
  restored([...disk, ...node.persisted])
}

/** Any message, but by a member, of this height and round where it names one. */
const plausible = (random: Random): Signed => {
  const message = drawn(signed(), random)
  const hotkey: Key = scene.keys[random.below(4)] ?? ''
  const fits: Readonly<Record<string, unknown>> = {
    hotkey,
    height: restored(disk).consensus.current.height,
    view: random.below(3),
    competition: scene.genesis.competitions[0]?.id,
    round: 1,
    ...(manifest === undefined ? {} : { manifest }),
  }
  const body = Object.fromEntries(
    Object.entries(message.body).map(([name, value]) => [name, random.chance(900) ? (fits[name] ?? value) : value]),
  )
  return { ...message, body } as Signed
}

const envelope = (message: Signed): Uint8Array => encodeEnvelopes({ kind: 'message', message })[0] ?? new Uint8Array()

const bundle = packBundle([{ path: 'solution.py', content: utf8ToBytes('pass') }])

/** A store that holds nothing, as particular about its keys as the real one. */
const store = {
  get: (kind: string, key: string) => {
    toDiskKey(kind, key)
    return undefined
  },
  nextSequence: () => 0,
  getBlob: async () => undefined,
  putBlob: async () => '',
} as unknown as Store

const serve = createServer({
  domains: scene.domains,
  store,
  journal: createJournal({ store, domains: scene.domains }),
  inbox: () => createNode().inbox,
  pool: { read: async () => undefined },
  poolIndex: { isSecret: async () => false },
  sealedUntil: () => null,
  stored: () => undefined,
  isMember: () => false,
  paramsOf: (id) => scene.genesis.competitions.find((one) => one.id === id),
  wholeBelow: () => 1,
  refusalOf: async () => null,
  paymentRefusalOf: async () => null,
  paramsRefusalOf: async () => null,
})

/** The first byte says what is asked. Anything but an answer or a refusal would be an error in this node's log. */
const runServe = async (input: Uint8Array): Promise<void> => {
  const kind = REQUEST_KINDS[(input[0] ?? 0) % REQUEST_KINDS.length] ?? 'blob'
  try {
    await serve({ from: 'peer', kind, data: input.subarray(1) })
  } catch (error) {
    if (!(error instanceof MeshError && error.code === 'REFUSED')) throw error
  }
}

const requestSample = (random: Random): Uint8Array => {
  const kind = random.below(REQUEST_KINDS.length)
  const body = {
    competition: 'matrix-lossless',
    hotkey: scene.keys[0] ?? '',
    scheme: 'ed25519' as const,
    payment: null,
  }
  const submission = { kind: 'submission' as const, body: { ...body, bundle: hash(bundle), sizeBytes: 4 } }
  const message = random.chance(700) ? { ...submission, signature: '00'.repeat(64) } : plausible(random)
  const datas: Readonly<Record<string, Uint8Array>> = {
    submit: encode(submitRequest, { message: envelope(message), bundle }),
    items: encode(itemsRequest, { ids: [hash(bundle), hash()] }),
    certificates: encode(heightsRequest, { from: random.below(9) }),
  }
  return Uint8Array.of(kind, ...(datas[REQUEST_KINDS[kind] ?? ''] ?? hexToBytes(hash(bundle))))
}

export const peerTargets: readonly Target[] = [
  { name: 'inbox', grammar: 'protobuf', sample: (random) => envelope(plausible(random)), run: runInbox },
  { name: 'serve', grammar: 'bytes', sample: requestSample, run: runServe },
]
