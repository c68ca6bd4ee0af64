/** Keeps a connection to every bootstrap peer: dials with back-off until connected, and again after each loss. */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { MeshError } from './errors.ts'
import type { Host, PeerId } from './libp2p-types.ts'
import { OPEN_MS_MAX, REDIAL_MS_MAX, REDIAL_MS_MIN } from './limits.ts'
import type { MeshLog } from './port.ts'

/** A peer's address with the identity it must prove. */
export type BootstrapPeer = { readonly peerId: PeerId; readonly address: Multiaddr }

/** Reads `/ip4/…/tcp/…/p2p/<peer id>`; throws `BAD_OPTIONS` naming the text. */
export const toBootstrapPeer = (text: string): BootstrapPeer => {
  try {
    const address = multiaddr(text)
    const id = address.getComponents().findLast((c) => c.name === 'p2p')?.value
    if (id === undefined) throw new Error('the address must end in /p2p/<peer id>')
    return { address, peerId: peerIdFromString(id) }
  } catch (error) {
    throw new MeshError('BAD_OPTIONS', { bootstrap: text, reason: String(error) })
  }
}

const keepConnected = async (o: { host: Host; peer: BootstrapPeer; log: MeshLog; signal: AbortSignal }) => {
  const { address, peerId } = o.peer
  // The address, so that a request can dial at once whatever this loop waits for; the tag, so that strangers who fill up the
  // connections are pruned before a bootstrap peer is.
  await o.host.peerStore.merge(peerId, { multiaddrs: [address], tags: { bootstrap: { value: 100 } } })
  // Started together, both sides would dial and keep two connections: the greater id waits a moment.
  const isPatient = o.host.peerId.toString() > peerId.toString()
  if (isPatient) await delay(2 * REDIAL_MS_MIN, undefined, { signal: o.signal })
  for (let failures = 0; ; ) {
    if (o.host.getConnections(peerId).length > 0) {
      failures = 0
      await once(o.host, 'peer:disconnect', { signal: o.signal })
      continue
    }
    try {
      await o.host.dial(address, { signal: AbortSignal.any([o.signal, AbortSignal.timeout(OPEN_MS_MAX)]) })
      continue
    } catch (error) {
      o.signal.throwIfAborted()
      failures += 1
      o.log.debug({ peerId: peerId.toString(), failures, error: String(error) }, 'dial failed')
    }
    // Up to a quarter more, so that a restarted mesh does not dial in step.
    const wait = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** (failures - 1)) * (1 + Math.random() / 4)
    await delay(wait, undefined, { signal: o.signal })
  }
}

/** Starts one loop a peer; each ends when `signal` aborts. */
export const startDialer = (o: {
  readonly host: Host
  readonly peers: readonly BootstrapPeer[]
  readonly log: MeshLog
  readonly signal: AbortSignal
}): void => {
  for (const peer of o.peers) {
    if (peer.peerId.equals(o.host.peerId)) continue
    keepConnected({ host: o.host, peer, log: o.log, signal: o.signal }).catch((error: unknown) => {
      if (!o.signal.aborted) o.log.error({ peerId: peer.peerId.toString(), error: String(error) }, 'dialling stopped')
    })
  }
}
