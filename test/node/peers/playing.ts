/** A network of which only the mesh is played, with what it sent, published, asked and blamed. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Mesh, MeshError } from '../../../node/mesh/index.ts'
import { createNetwork } from '../../../node/peers/network.ts'
import {
  bytesToHex,
  type Committee,
  type Decided,
  type Digest,
  decodeEnvelope,
  encodeEnvelopes,
  hash,
  headerDigest,
  type Item,
  itemId,
  messageId,
  type Signed,
} from '../../../protocol/index.ts'
import { createFakeLog, DIGEST, receipt, SIGNATURE } from '../fakes.ts'

export const domains = { chain: DIGEST, mesh: DIGEST }
export const member = (peerId: string, hotkey: string) => ({
  hotkey,
  sessionKey: DIGEST,
  sealingKey: DIGEST,
  peerId,
  weight: 1n,
})
export const committee: Committee = {
  epoch: 1,
  members: [member('self', '01'.repeat(32)), member('b', '02'.repeat(32)), member('c', '03'.repeat(32))],
  total: 3n,
  seed: DIGEST,
}
export const message: Signed<'receipt'> = { ...receipt(1), signature: SIGNATURE }
export const vote: Signed = {
  kind: 'notarize',
  body: { height: 1, view: 0, value: DIGEST, hotkey: DIGEST },
  signature: SIGNATURE,
}
export const attestation: Signed<'roundAttestation'> = {
  kind: 'roundAttestation',
  body: { competition: 'c', round: 1, hotkey: DIGEST, statement: new Uint8Array() },
  signature: SIGNATURE,
}
export const id = messageId(message, domains)
export const blob = Uint8Array.of(1, 2, 3)
export const entry = {
  kind: 'epoch',
  epoch: 1,
  block: 1,
  blockHash: DIGEST,
  members: [],
  owner: DIGEST,
  released: [],
} as const
export const header = { height: 4, previous: DIGEST, logRoot: DIGEST, block: 1, epoch: 0, entry, evidence: [] }
export const decided: Decided = {
  header,
  certificate: { phase: 'finalize', height: 4, view: 0, value: headerDigest(header), signatures: [] },
}

type Asked = { readonly peerId: string; readonly kind: string; readonly data: string; readonly bytesMax: number }

export const create = (
  t: TestContext,
  o: {
    /** What each peer answers; a throw is a peer that has it not. */
    readonly answers?: Readonly<Record<string, () => Uint8Array>>
    readonly connected?: readonly string[]
    readonly items?: readonly Item[]
    readonly blobs?: readonly Uint8Array[]
    readonly malformed?: readonly Digest[]
    readonly coming?: readonly Digest[]
    /** Peers that served badly before. */
    readonly left?: readonly string[]
    readonly committee?: Committee
    /** What the machine's door makes of what was found. */
    readonly found?: (item: { readonly what: string }) => Promise<void>
  },
) => {
  const stopping = new AbortController()
  t.after(() => stopping.abort())
  const [sent, published, asked]: [unknown[], unknown[], Asked[]] = [[], [], []]
  const blamed: (readonly [string, string])[] = []
  const log = createFakeLog()
  const settled = Promise.withResolvers<unknown>()
  const mesh: Mesh = {
    peerId: 'self',
    addresses: () => [],
    publish: async (topic, data) => {
      published.push([topic, ...decodeEnvelope(data)])
    },
    send: (peerId, data) => sent.push([peerId, ...decodeEnvelope(data)]),
    request: async ({ peerId, kind, data, bytesMax }) => {
      asked.push({ peerId, kind, data: bytesToHex(data), bytesMax })
      const answer = o.answers?.[peerId]
      if (answer === undefined) throw new MeshError('REFUSED', { reason: 'not here' })
      return answer()
    },
    connectedPeers: () => o.connected ?? [],
    close: async () => {},
  }
  const network = createNetwork({
    mesh,
    domains,
    committee: () => o.committee ?? committee,
    local: {
      item: (wanted) => o.items?.find((one) => itemId(one, domains) === wanted) ?? null,
      blob: async (wanted) => o.blobs?.find((bytes) => hash(bytes) === wanted) ?? null,
      isRefused: (wanted) => o.malformed?.includes(wanted) ?? false,
      isComing: (wanted) => o.coming?.includes(wanted) ?? false,
      archived: () => encodeEnvelopes({ kind: 'decided', decided: [decided] }),
    },
    inOrder: (peerIds) => peerIds.toSorted((a, b) => Number(o.left?.includes(a)) - Number(o.left?.includes(b))),
    blame: (peerId, fault) => blamed.push([peerId, fault]),
    found: async (item) => {
      await o.found?.(item)
      settled.resolve(item)
    },
    log: {
      debug: log.debug,
      warn: (facts: object, event?: string) => {
        log.warn(facts, event)
        settled.resolve(null)
      },
    },
    signal: stopping.signal,
    pauseMs: 0,
  })
  return { network, sent, published, asked, blamed, log, settled: settled.promise, stop: () => stopping.abort() }
}

export const envelope = (content: Parameters<typeof encodeEnvelopes>[0]): Uint8Array => {
  const [only] = encodeEnvelopes(content)
  assert.ok(only)
  return only
}
