/** From bytes of a peer to an input of the machine: decode, claims, signatures, admit; the verdict scores the peer. */
import {
  admit,
  type ClaimContext,
  claims,
  decodeEnvelope,
  type Input,
  type Key,
  ProtocolError,
  type Received,
} from '../protocol/index.ts'
import type { Driver } from './driver.ts'
import type { Log } from './log.ts'
import type { Verdict } from './mesh/index.ts'
import type { VerifySignatures } from './verify.ts'

export type Inbox = {
  /** Resolves once the machine has taken it all, or something in it was found wanting. */
  receive(m: { readonly from: string; readonly data: Uint8Array }): Promise<Verdict>
  /** The same for what is decoded already; throws the ProtocolError instead of turning it into a verdict. */
  accept(received: Received, from: string): Promise<void>
}

export const createInbox = <S>(o: {
  readonly driver: () => Driver<S>
  readonly verify: VerifySignatures
  /** What a signature is checked against, as of this state; of a certificate, the committee of the next height. */
  readonly context: (state: S) => ClaimContext
  readonly hotkeyOfPeer: (state: S, peerId: string) => Key | null
  /** Height that the machine decides next. */
  readonly heightOf: (state: S) => number
  readonly now: () => number
  readonly log: Log
}): Inbox => {
  /** One input through the queue: its turn is what its claims are checked against. */
  const through = (make: (state: S) => Promise<Input | null>): Promise<void> =>
    new Promise((resolve, reject) => {
      const queued = o.driver().offer(async (state) => {
        try {
          const input = await make(state)
          resolve()
          return input
        } catch (error) {
          reject(error)
          return null
        }
      })
      if (!queued) reject(new ProtocolError('QUOTA', { queue: 'full' }))
    })

  /** A certificate of another height is no error: it came too late or too early, and resending repairs the latter. */
  const isDue = (received: Received, state: S): boolean => {
    if (received.kind === 'decided') return received.decided.header.height === o.heightOf(state)
    return received.kind !== 'certificate' || received.certificate.height === o.heightOf(state)
  }

  const accept = (received: Received, from: string): Promise<void> =>
    through(async (state) => {
      if (received.kind === 'status') {
        const hotkey = o.hotkeyOfPeer(state, from)
        return hotkey === null ? null : { kind: 'status', at: o.now(), from: hotkey, status: received.status }
      }
      if (!isDue(received, state)) return null
      const claimed = claims(received, o.context(state))
      return { ...admit(claimed, await o.verify(claimed.claims)), at: o.now() }
    })

  return {
    accept,
    receive: async ({ from, data }) => {
      try {
        // In order: each decided height is judged by the committee that the heights before it made.
        for (const received of decodeEnvelope(data)) await accept(received, from)
        return 'accept'
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        o.log.debug({ from, code: error.code, facts: error.facts }, 'not taken')
        return error.relay
      }
    },
  }
}
