/** One validator of a benchmark: the real mesh, network, inbox, driver and machine; the chain, the disk and the sandbox are left out. */

import type { Log } from '../../node/log.ts'
import { createClock } from '../../node/machine/clock.ts'
import { createDriver, type Driver } from '../../node/machine/driver.ts'
import { createMesh, type Mesh, MeshError } from '../../node/mesh/index.ts'
import { createInbox, type Inbox } from '../../node/peers/inbox.ts'
import { createNetwork } from '../../node/peers/network.ts'
import { createVerifier } from '../../node/peers/verify.ts'
import type { Application } from '../../protocol/application.ts'
import type { Committee } from '../../protocol/committee.ts'
import { certificateClaims } from '../../protocol/consensus/certificate.ts'
import { bytesToHex, type Digest, type Key } from '../../protocol/crypto.ts'
import { createMachine, type Machine, step } from '../../protocol/machine.ts'
import type { Effect, Input, JournalRecord } from '../../protocol/machine-types.ts'
import { messageId, type Signed } from '../../protocol/message/message.ts'
import { encodeEnvelopes, type Item } from '../../protocol/wire.ts'
import { type Crew, seedOf } from './committee.ts'
import type { DelayLine } from './delay.ts'

/** The first byte of a bare message: no envelope begins with it. */
export const BARE = 0xff

export type BenchNode<S> = {
  readonly mesh: Mesh
  readonly driver: Driver<Machine<S>>
  readonly close: () => Promise<void>
}

const silent = (): void => {}
const silentLog = { debug: silent, info: silent, warn: silent, error: silent } as unknown as Log

export const peerSeedOf = (place: number): Buffer => seedOf(`peer ${place}`)

/** Messages by id, as the journal's archive holds them. */
const createArchive = (crew: Crew) => {
  const messages = new Map<Digest, Signed>()
  return {
    append: async (records: readonly JournalRecord[]): Promise<void> => {
      for (const record of records) {
        if (record.kind === 'message') messages.set(messageId(record.message, crew.domains), record.message)
      }
    },
    item: (id: Digest): Item | null => {
      const message = messages.get(id)
      return message === undefined ? null : { kind: 'message', message }
    },
  }
}

type Options<S> = {
  readonly crew: Crew
  readonly place: number
  readonly bootstrap: readonly string[]
  readonly line: DelayLine
  readonly application: Application<S>
  readonly rounds: S
  readonly sessionKeysOf: (rounds: S, message: Signed) => readonly Key[]
  /** What the world answers to an effect; null: nothing. */
  readonly answer: (effect: Effect, rounds: S) => Input | null
  readonly onEffect: (effect: Effect) => void
  readonly onBare: (from: string, data: Uint8Array) => void
}

/** The transport; whatever it brings has been under way for half a round trip. */
const openMesh = <S>(
  { place, bootstrap, crew, line, onBare }: Options<S>,
  p: {
    readonly archive: ReturnType<typeof createArchive>
    readonly inbox: () => Inbox
    readonly onFatal: (error: unknown) => void
  },
): Promise<Mesh> => {
  const arrived = () => new Promise<void>((resolve) => line.send(resolve))
  return createMesh({
    privateKeySeed: peerSeedOf(place),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap,
    domain: crew.domains.mesh,
    log: silentLog,
    handlers: {
      gossip: async ({ from, data }) => {
        await arrived()
        return p.inbox().receive({ via: 'gossip', from, data })
      },
      direct: ({ from, data }) =>
        line.send(() => {
          if (data[0] === BARE) onBare(from, data)
          else p.inbox().receive({ via: 'direct', from, data }).catch(p.onFatal)
        }),
      request: async ({ kind, data }) => {
        await arrived()
        const item = kind === 'item' ? p.archive.item(bytesToHex(data)) : null
        if (item === null) throw new MeshError('REFUSED', { reason: 'not here' })
        return encodeEnvelopes(item)[0] ?? new Uint8Array()
      },
    },
  })
}

/** What sends and fetches; it meets no peer that serves badly. */
const openNetwork = (o: {
  readonly mesh: Mesh
  readonly crew: Crew
  readonly archive: ReturnType<typeof createArchive>
  readonly committee: () => Committee
  readonly inbox: () => Inbox
  readonly signal: AbortSignal
}) => {
  const { mesh, crew, archive } = o
  return createNetwork({
    mesh,
    domains: crew.domains,
    committee: o.committee,
    local: {
      item: archive.item,
      blob: async () => null,
      isRefused: () => false,
      isComing: () => false,
      archived: () => [],
    },
    inOrder: (peers) => peers,
    blame: silent,
    found: (item) => (item.what === 'item' ? o.inbox().accept(item.item, item.from) : undefined),
    log: silentLog,
    signal: o.signal,
  })
}

const onFatal = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}

export const startNode = async <S>(o: Options<S>): Promise<BenchNode<S>> => {
  const { crew, place } = o
  const author = crew.authors[place]
  if (author === undefined) throw new Error(`no place ${place}`)
  const clock = createClock()
  const archive = createArchive(crew)
  const stopping = new AbortController()
  const mesh = await openMesh(o, { archive, inbox: () => inbox, onFatal })
  const read = () => driver.read((state) => state)
  const committee = () => read().consensus.current.committee
  const network = openNetwork({ mesh, crew, archive, committee, inbox: () => inbox, signal: stopping.signal })
  const answer = (effect: Effect): void => {
    o.onEffect(effect)
    const input = o.answer(effect, read().rounds)
    if (input !== null) driver.submit({ ...input, at: clock.now() })
  }
  const driver = createDriver<Machine<S>>({
    state: createMachine({
      genesis: crew.genesis,
      self: author.hotkey,
      application: o.application,
      rounds: o.rounds,
    }),
    step,
    ports: {
      clock,
      journal: archive,
      signer: {
        sign: (message) => {
          o.onEffect({ kind: 'sign', message })
          return author.sign(message, crew.domains)
        },
      },
      network: {
        ...network,
        fetch: (what, digest) =>
          what === 'message' ? network.fetch(what, digest) : answer({ kind: 'fetch', what, digest }),
      },
      chain: {
        readBlock: (number) => answer({ kind: 'readBlock', number }),
        readMetagraph: (block) => answer({ kind: 'readMetagraph', block }),
        readPayment: answer,
        setWeights: o.onEffect,
      },
      measurer: { evaluate: (asked) => answer({ kind: 'evaluate', ...asked }) },
      accuse: silent,
      notice: (notice) => {
        if (notice.kind === 'decided') network.announce(notice.decided)
        o.onEffect({ kind: 'notice', notice })
      },
    },
    onFatal,
  })
  const inbox = createInbox<Machine<S>>({
    driver: () => driver,
    verify: createVerifier(),
    context: (state) => ({
      domains: crew.domains,
      sessionKeysOf: (message) => o.sessionKeysOf(state.rounds, message),
      certificateClaims: (certificate) =>
        certificateClaims(certificate, state.consensus.current.committee, crew.domains),
    }),
    hotkeyOfPeer: (state, peerId) =>
      state.consensus.current.committee.members.find((member) => member.peerId === peerId)?.hotkey ?? null,
    heightOf: (state) => state.consensus.current.height,
    wantsEvidence: () => false,
    now: clock.now,
    log: silentLog,
  })
  driver.submit({ kind: 'wake', at: clock.now() })
  return {
    mesh,
    driver,
    close: async () => {
      stopping.abort()
      await driver.close()
      await mesh.close()
    },
  }
}
