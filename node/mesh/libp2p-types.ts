/** Names for the libp2p types that its own package does not export. */
import type { GossipSub } from '@libp2p/gossipsub'
import type { Identify } from '@libp2p/identify'
import type { Libp2p } from 'libp2p'

export type Host = Libp2p<{ identify: Identify; pubsub: GossipSub }>
export type PeerId = Host['peerId']
export type Connection = ReturnType<Host['getConnections']>[number]
export type Stream = Awaited<ReturnType<Connection['newStream']>>
