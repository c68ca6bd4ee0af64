/** A peer without stake that only asks: what auditors and miners connect as. */
import { randomBytes } from 'node:crypto'
import type { Domains } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { createMesh, type Mesh, MeshError } from '../mesh/index.ts'

/** The peer id at the end of a multiaddr. */
export const peerIdOf = (address: string): string => {
  const [, peerId] = /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/.exec(address) ?? []
  if (peerId === undefined) throw new MeshError('BAD_OPTIONS', { address, want: 'a multiaddr that ends in /p2p/PEER' })
  return peerId
}

/** A peer without stake that only asks: for auditors and miners. */
export const connectGuest = (o: {
  readonly peers: readonly string[]
  readonly domains: Domains
  readonly log: Log
}): Promise<Mesh> =>
  createMesh({
    privateKeySeed: randomBytes(32),
    listen: [],
    bootstrap: o.peers,
    domain: o.domains.mesh,
    handlers: {
      gossip: () => 'ignore',
      direct: () => {},
      request: () => Promise.reject(new MeshError('REFUSED', { reason: 'a guest serves nothing' })),
    },
    log: o.log,
  })
