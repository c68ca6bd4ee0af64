/** Where the peers say the mesh is, and what that is worth: a claim only says whom to ask. */
import type { Committee } from '../../protocol/index.ts'
import type { Mesh } from '../mesh/index.ts'
import type { SyncPeers } from './peers.ts'
import { PeerFault, type Puller } from './pull.ts'

/** Peers asked at once: enough to meet an honest one soon, few enough at a hundred nodes. */
const STANDINGS_MAX = 16

export const createStandings = (o: {
  readonly mesh: Pick<Mesh, 'connectedPeers'>
  readonly peers: SyncPeers
  readonly puller: Puller
  readonly committee: () => Committee
}) => {
  const { mesh, peers } = o
  let turn = 0

  /** Members first, the others from another place each time, so that no crowd of strangers hides an honest one. */
  const peersToAsk = (): readonly string[] => {
    const all = peers.inOrder(mesh.connectedPeers())
    const members = new Set(o.committee().members.map(({ peerId }) => peerId))
    const others = all.filter((peerId) => !members.has(peerId))
    const place = others.length === 0 ? 0 : turn++ % others.length
    const asked = [...all.filter((id) => members.has(id)), ...others.slice(place), ...others.slice(0, place)]
    return asked.slice(0, STANDINGS_MAX)
  }
  const ahead = (height: number, peerIds: readonly string[]): readonly string[] =>
    peerIds.filter((peerId) => peers.claimOf(peerId) > height)

  return {
    ask: async (): Promise<void> => {
      const one = async (peerId: string): Promise<void> => {
        const height = await o.puller.standing(peerId).catch((error: unknown) => {
          if (error instanceof PeerFault) return 0
          throw error
        })
        peers.claimed(peerId, height)
      }
      await Promise.all(peersToAsk().map(one))
    },
    /** Peers to pull from, the best first: not left, and ahead by their own word. */
    servers: (height: number): readonly string[] => ahead(height, peers.inOrder(mesh.connectedPeers())),
    /** All that say they are ahead, those that are left among them. */
    claimants: (height: number): readonly string[] => ahead(height, mesh.connectedPeers()),
    highest: (peerIds: readonly string[], height: number): number =>
      peerIds.reduce((most, peerId) => Math.max(most, peers.claimOf(peerId)), height),
    /** True when members of more than a third of the stake claim such heights: at least one of them is honest. */
    isVouched: (is: (claim: number) => boolean): boolean => {
      const { members, total } = o.committee()
      const weight = members.reduce((sum, m) => (is(peers.claimOf(m.peerId)) ? sum + m.weight : sum), 0n)
      return 3n * weight > total
    },
  }
}
