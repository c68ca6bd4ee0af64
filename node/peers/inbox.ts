/** From bytes of a peer to an input of the machine: decode, claims, signatures, admit; the verdict scores the peer. */
import {
  admit,
  type ClaimContext,
  certificateClaims,
  claims,
  decodeEnvelope,
  type Evidence,
  type Input,
  type Key,
  type Machine,
  ProtocolError,
  type Received,
  type RoundState,
  sessionKeysOf,
} from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Driver } from '../machine/driver.ts'
import type { Verdict } from '../mesh/index.ts'
import type { VerifySignatures } from './verify.ts'

/** How something came: whoever gossips through an honest peer must not use up the places of that peer's own votes. */
type Via = 'gossip' | 'direct' | 'request'

export type Inbox = {
  /** Resolves once the machine has taken it all, or something in it was found wanting. */
  receive(m: { readonly via: Via; readonly from: string; readonly data: Uint8Array }): Promise<Verdict>
  /** The same for what a request brought, decoded already; throws the ProtocolError instead of turning it into a verdict. */
  accept(received: Received, from: string): Promise<void>
}

/** Room that a message from a request counts for: the request itself had its own limit. */
const REQUESTED_BYTES = 0

/** What signatures are checked against as of this state: of a certificate, the committee of exactly the next height. */
export const claimContext = ({ rounds, consensus }: Machine<RoundState>): ClaimContext => {
  const { domains } = rounds
  return {
    domains,
    sessionKeysOf: (message) => sessionKeysOf(rounds, message),
    certificateClaims: (certificate) => certificateClaims(certificate, consensus.current.committee, domains),
  }
}

/** The height that something certified is of, null for what is of none. */
const heightNamed = (received: Received): number | null => {
  if (received.kind === 'decided') return received.decided.header.height
  return received.kind === 'certificate' ? received.certificate.height : null
}

export const createInbox = <S>(o: {
  readonly driver: () => Driver<S>
  readonly verify: VerifySignatures
  /** What a signature is checked against, as of this state; of a certificate, the committee of the next height. */
  readonly context: (state: S) => ClaimContext
  readonly hotkeyOfPeer: (state: S, peerId: string) => Key | null
  /** Height that the machine decides next. */
  readonly heightOf: (state: S) => number
  /** Something of a height ahead came: this node is behind. */
  readonly ahead?: () => void
  /** False for what would be dropped anyhow: an offender with a thousand offences must not have each of them checked and passed on. */
  readonly wantsEvidence: (state: S, evidence: Evidence) => boolean
  readonly now: () => number
  readonly log: Pick<Log, 'debug'>
}): Inbox => {
  const toInput = async (received: Received, from: string, state: S): Promise<Input | null> => {
    if (received.kind === 'status') {
      const hotkey = o.hotkeyOfPeer(state, from)
      return hotkey === null ? null : { kind: 'status', at: o.now(), from: hotkey, status: received.status }
    }
    // One of another height is no error: it came too late or too early, and catching up repairs the latter.
    const named = heightNamed(received)
    if (named !== null && named !== o.heightOf(state)) {
      if (named > o.heightOf(state)) o.ahead?.()
      return null
    }
    if (received.kind === 'evidence' && !o.wantsEvidence(state, received.evidence)) throw new ProtocolError('QUOTA')
    const claimed = claims(received, o.context(state))
    return { ...admit(claimed, await o.verify(claimed.claims)), at: o.now() }
  }

  /** Through the queue: the state of its turn is what its claims are checked against. */
  const take = (received: Received, m: { via: Via; from: string; sizeBytes: number }): Promise<void> =>
    new Promise((resolve, reject) => {
      const arrival = async (state: S): Promise<Input | null> => {
        try {
          const input = await toInput(received, m.from, state)
          resolve()
          return input
        } catch (error) {
          reject(error)
          return null
        }
      }
      const isMember = o.driver().read((state) => o.hotkeyOfPeer(state, m.from) !== null)
      const queued = o.driver().offer(arrival, { sender: `${m.via} ${m.from}`, sizeBytes: m.sizeBytes, isMember })
      if (!queued) reject(new ProtocolError('QUOTA', { queue: 'full' }))
    })

  return {
    accept: (received, from) => take(received, { via: 'request', from, sizeBytes: REQUESTED_BYTES }),
    receive: async ({ via, from, data }) => {
      try {
        // In order: each decided height is judged by the committee that the heights before it made.
        for (const received of decodeEnvelope(data)) await take(received, { via, from, sizeBytes: data.length })
        return 'accept'
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        o.log.debug({ from, code: error.code, facts: error.facts }, 'not taken')
        return error.relay
      }
    },
  }
}
