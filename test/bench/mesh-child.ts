/** A process of a benchmark that runs some of a mesh's validators: does what its parent asks, and tells when heights are proposed and decided. */
import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { toPeerId } from '../../node/mesh/index.ts'
import type { Effect, Input } from '../../protocol/machine-types.ts'
import { rounds } from '../../protocol/round/application.ts'
import { sessionKeysOf } from '../../protocol/round/signers.ts'
import { createRounds, type RoundState } from '../../protocol/round/state.ts'
import { encodeEnvelopes } from '../../protocol/wire.ts'
import { createCrew, createHeights, heights } from './committee.ts'
import { createDelayLine } from './delay.ts'
import { BARE, type BenchNode, peerSeedOf, startNode } from './mesh-node.ts'
import { blockAt, COMPETITION, createWorld, submissionsOf } from './round.ts'

export type Settings = {
  readonly members: number
  readonly rttMs: number
  /** Null: bare heights; else the submissions of one round. */
  readonly submissions: number | null
}

export type Ask =
  | { readonly kind: 'open'; readonly place: number; readonly bootstrap: readonly string[] }
  | { readonly kind: 'joined' }
  | { readonly kind: 'head'; readonly block: number }
  | { readonly kind: 'submit'; readonly place: number }
  | { readonly kind: 'bare'; readonly run: number; readonly leader: number }
  /** The least that any node here holds of it, over all submissions or members. */
  | { readonly kind: 'held'; readonly what: 'receipts' | 'attestations' }
  | { readonly kind: 'usage' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'close' }

export type Usage = {
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** Off all sockets, both ends of a connection counted where they are. */
  readonly receivedBytes: number
  readonly lagP99Ms: number
}

/** `at`: milliseconds of the host's monotonic clock, the same in all processes. */
export type Event = {
  readonly event: 'proposed' | 'decided' | 'bare' | 'evaluated'
  readonly place: number
  /** Of heights; the run of a bare exchange. */
  readonly number: number
  readonly entry: string
  readonly at: number
}

const settings = JSON.parse(process.argv[2] ?? '') as Settings
const { members, submissions } = settings
const peerIds = await Promise.all(Array.from({ length: members }, (_, place) => toPeerId(peerSeedOf(place))))
const crew = createCrew(members, { peerIds, competitions: submissions === null ? [] : [COMPETITION] })
const made = submissionsOf(crew, { from: 0, count: submissions ?? 0 })
const miners = made.map(({ body }) => body.hotkey)
const line = createDelayLine(settings.rttMs / 2)
type Held = Extract<Ask, { kind: 'held' }>['what']
type Running = Pick<BenchNode<unknown>, 'mesh' | 'close'> & {
  readonly submit: (input: Input) => void
  readonly held: (what: Held) => number
}
const nodes = new Map<number, Running>()
/** How often the event loop is asked to be on time; a gap of this length is none. */
const LAG_RESOLUTION_MS = 5
const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
const sockets = new Set<Socket>()
let closedBytes = 0

for (const name of ['net.client.socket', 'net.server.socket']) {
  channel(name).subscribe((message) => {
    const { socket } = message as { socket: Socket }
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      closedBytes += socket.bytesRead
    })
  })
}

const receivedBytes = (): number => [...sockets].reduce((sum, socket) => sum + socket.bytesRead, closedBytes)
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6
const tell = (event: Omit<Event, 'at'>): void => {
  process.send?.({ ...event, at: nowMs() } satisfies Event)
}

/** The votes' three hops without the votes: one says, all say, all say once a quorum said; only bytes of the same size. */
const createBare = (place: number, send: (peerId: string, data: Uint8Array) => void) => {
  const quorum = Math.floor((2 * members) / 3) + 1
  const heard = new Map<string, number>()
  const say = (run: number, hop: number): void => {
    const data = new Uint8Array(180).fill(BARE, 0, 1)
    data[1] = run
    data[2] = hop
    for (const peerId of peerIds) send(peerId, data)
    hear(run, hop)
  }
  const hear = (run: number, hop: number): void => {
    const key = `${run} ${hop}`
    const count = (heard.get(key) ?? 0) + 1
    heard.set(key, count)
    if (hop === 1) say(run, 2)
    else if (hop === 2 && count === quorum) say(run, 3)
    else if (hop === 3 && count === quorum) tell({ event: 'bare', place, number: run, entry: '' })
  }
  return { say, hear }
}
const bares = new Map<number, ReturnType<typeof createBare>>()

const onEffect = (place: number) => (effect: Effect) => {
  if (effect.kind === 'sign' && effect.message.kind === 'proposal') {
    const { height, header } = effect.message.body
    tell({ event: 'proposed', place, number: height, entry: header.entry.kind })
  } else if (effect.kind === 'notice' && effect.notice.kind === 'decided') {
    const { header } = effect.notice.decided
    tell({ event: 'decided', place, number: header.height, entry: header.entry.kind })
  } else if (effect.kind === 'evaluate') tell({ event: 'evaluated', place, number: 0, entry: '' })
}

const heldOf = (state: RoundState, what: Held): number => {
  const competition = state.competitions.get(COMPETITION.id)
  if (what === 'attestations') return competition?.attested?.attestations.size ?? 0
  return [...(competition?.candidates.values() ?? [])].reduce((sum, { receipts }) => sum + receipts.size, 0)
}

const open = async (place: number, bootstrap: readonly string[]): Promise<string> => {
  const hotkey = crew.authors[place]?.hotkey ?? ''
  const common = {
    crew,
    place,
    bootstrap,
    line,
    onEffect: onEffect(place),
    onBare: (_: string, data: Uint8Array) => bares.get(place)?.hear(data[1] ?? 0, data[2] ?? 0),
  }
  const keys = new Map(crew.authors.map((author) => [author.hotkey, author.sessionKey]))
  const start = async (): Promise<Running> => {
    if (submissions === null) {
      const node = await startNode({
        ...common,
        application: heights,
        rounds: createHeights(crew.committee),
        sessionKeysOf: (_, { body }) => [keys.get(body.hotkey)].filter((key) => key !== undefined),
        answer: () => null,
      })
      return { ...node, submit: node.driver.submit, held: () => 0 }
    }
    const state = createRounds({ genesis: crew.genesis, self: hotkey })
    const answer = createWorld(crew, { hotkey, miners })
    const node = await startNode({ ...common, application: rounds, rounds: state, sessionKeysOf, answer })
    return { ...node, submit: node.driver.submit, held: (what) => heldOf(state, what) }
  }
  const node = await start()
  nodes.set(place, node)
  bares.set(place, createBare(place, node.mesh.send))
  return node.mesh.addresses()[0] ?? ''
}

const answer = async (ask: Ask): Promise<unknown> => {
  switch (ask.kind) {
    case 'open':
      return open(ask.place, ask.bootstrap)
    case 'joined':
      return Math.min(...[...nodes.values()].map(({ mesh }) => mesh.connectedPeers().length))
    case 'head':
      for (const { submit } of nodes.values()) {
        submit({ kind: 'head', at: Math.floor(performance.now()), block: blockAt(ask.block) })
      }
      return null
    case 'submit': {
      const { mesh, submit } = nodes.get(ask.place) ?? {}
      for (const message of made) {
        for (const data of encodeEnvelopes({ kind: 'message', message })) await mesh?.publish('submissions', data)
        submit?.({ kind: 'message', at: Math.floor(performance.now()), message: message as never })
      }
      return null
    }
    case 'bare':
      bares.get(ask.leader)?.say(ask.run, 1)
      return null
    case 'reset':
      lag.enable()
      lag.reset()
      return null
    case 'held':
      return Math.min(...[...nodes.values()].map(({ held }) => held(ask.what)))
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return {
        cpuSeconds: (user + system) / 1e6,
        rssBytes: process.memoryUsage.rss(),
        receivedBytes: receivedBytes(),
        lagP99Ms: Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS),
      } satisfies Usage
    }
    case 'close':
      line.close()
      await Promise.all([...nodes.values()].map(({ close }) => close()))
      return null
  }
}

process.on('message', (message: { id: number; ask: Ask }) => {
  answer(message.ask).then(
    (value) => process.send?.({ id: message.id, value }, () => message.ask.kind === 'close' && process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${error}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
