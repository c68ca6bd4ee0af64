/** A miner's client that skips every check: gossips any claim and serves any bytes as its bundle. */
import { randomBytes } from 'node:crypto'
import { signWithHotkey } from '../../node/machine/signer.ts'
import { createMesh, type Mesh, MeshError } from '../../node/mesh/index.ts'
import {
  bytesToHex,
  type Digest,
  domainsOf,
  encodeEnvelopes,
  hash,
  messageId,
  packBundle,
} from '../../protocol/index.ts'
import { log, type TestMesh, until } from './mesh-process.ts'

export type Liar = {
  /** Gossips a claim to be the author of `solution` with `claimedBytes`; resolves to the id that it has if anyone takes it. */
  claim(o: { readonly solution: Uint8Array; readonly claimedBytes: number }): Promise<Digest>
  /** How many peers have got the bundle of that claim. */
  served(id: Digest): number
}

/** Connected to all validators while `use` runs. */
export const withLiar = async (test: TestMesh, miner: string, use: (liar: Liar) => Promise<void>): Promise<void> => {
  const domains = domainsOf(test.genesis)
  const { hotkey } = test.miner(miner)
  const bundles = new Map<Digest, Uint8Array>()
  const bundleOf = new Map<Digest, Digest>()
  const servedTo = new Map<Digest, Set<string>>()
  const serve = (digest: Digest, from: string): Uint8Array => {
    const bundle = bundles.get(digest)
    if (bundle === undefined) throw new MeshError('REFUSED', { reason: 'not here' })
    servedTo.get(digest)?.add(from)
    return bundle
  }
  const mesh: Mesh = await createMesh({
    privateKeySeed: randomBytes(32),
    listen: [],
    bootstrap: test.peers,
    domain: domains.mesh,
    handlers: {
      gossip: () => 'ignore',
      direct: () => {},
      request: async ({ data, from }) => serve(bytesToHex(data), from),
    },
    log,
  })
  try {
    // Gossip reaches those whose subscription is known.
    await until('the liar being connected to all', async () =>
      mesh.connectedPeers().length === test.peers.length ? true : null,
    )
    await use({
      claim: async ({ solution, claimedBytes }) => {
        const bundle = packBundle([{ path: 'solution.py', content: solution }])
        const body = {
          competition: test.params.id,
          hotkey: hotkey.publicKey,
          scheme: 'sr25519' as const,
          bundle: hash(bundle),
          sizeBytes: claimedBytes,
          payment: null,
        }
        bundles.set(body.bundle, bundle)
        servedTo.set(body.bundle, new Set())
        const message = signWithHotkey({ kind: 'submission', body }, { hotkey, domains })
        const id = messageId(message, domains)
        bundleOf.set(id, body.bundle)
        for (const data of encodeEnvelopes({ kind: 'message', message })) await mesh.publish('submissions', data)
        return id
      },
      served: (id) => servedTo.get(bundleOf.get(id) ?? '')?.size ?? 0,
    })
  } finally {
    await mesh.close()
  }
}
