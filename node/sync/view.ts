/** What a node says of its catching up, and the sentence for people. */
import type { Fault } from './peers.ts'

export type SyncView =
  /** Has not met enough of the committee to know where the mesh is. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'catching-up'; readonly height: number; readonly target: number; readonly perSecond: number }
  /** Peers claim more than anybody serves. `isVouched`: members of more than a third of the stake do, so it is true. */
  | {
      readonly kind: 'stuck'
      readonly height: number
      readonly target: number
      readonly isVouched: boolean
      readonly asked: readonly { readonly peerId: string; readonly fault: Fault }[]
    }
  /** The newest EPOCH could not be compared with the chain yet. */
  | { readonly kind: 'unchecked'; readonly epoch: number; readonly reason: string }
  /** The newest EPOCH is not what the chain says: this log is forged, or the chain endpoint is another chain's. */
  | { readonly kind: 'contradicted'; readonly epoch: number; readonly reason: string }

/** Null when there is nothing to say. */
export const syncSentence = (view: SyncView): string | null => {
  switch (view.kind) {
    case 'live':
      return null
    case 'starting':
      return 'asks its peers where the mesh is'
    case 'catching-up': {
      const { height, target, perSecond } = view
      const rate =
        perSecond < 1 ? '' : `, ${Math.round(perSecond)}/s, about ${Math.ceil((target - height) / perSecond)} s left`
      return `catching up: height ${height} of ${target}${rate}`
    }
    case 'stuck': {
      const asked = view.asked.map(({ peerId, fault }) => `${peerId} (${fault})`).join(', ')
      return `cannot catch up: no peer serves height ${view.height} of ${view.target}; asked ${asked || 'nobody'}`
    }
    case 'unchecked':
      return `does not vote: EPOCH ${view.epoch} could not be compared with the chain yet: ${view.reason}`
    case 'contradicted':
      return `does not vote: EPOCH ${view.epoch} of this log contradicts the chain (${view.reason}): the log is forged or the chain is another one; start anew from an honest peer`
  }
}
