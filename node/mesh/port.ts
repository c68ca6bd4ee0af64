/** The transport's port: bytes between peers, with no knowledge of what they mean. */

/** What is gossiped, one gossipsub topic each per domain. */
export const TOPICS = ['submissions', 'certificates', 'attestations', 'evidence', 'delegations'] as const

export type Topic = (typeof TOPICS)[number]

/** What can be asked of one peer, one protocol name each. */
export const REQUEST_KINDS = ['status', 'blob', 'item', 'items', 'certificates', 'submit'] as const

export type RequestKind = (typeof REQUEST_KINDS)[number]

/** `accept`: pass it on. `ignore`: neither pass it on nor blame anyone. `reject`: provably wrong, counts against the sender. */
export type Verdict = 'accept' | 'ignore' | 'reject'

/** A life sign of the transport goes to `info`, trouble that may become serious to `warn`; pino's methods fit as they are. */
export type MeshLog = {
  debug(facts: Readonly<Record<string, unknown>>, event: string): void
  info(facts: Readonly<Record<string, unknown>>, event: string): void
  warn(facts: Readonly<Record<string, unknown>>, event: string): void
  error(facts: Readonly<Record<string, unknown>>, event: string): void
}

export type MeshHandlers = {
  /**
   * Judges one gossiped message; `from` is who passed it on, not who wrote it. The verdict `reject` must not depend on this
   * node's state, or honest relays are punished. A throw counts as `ignore` and is logged as an error.
   */
  readonly gossip: (m: {
    readonly topic: Topic
    readonly data: Uint8Array
    readonly from: string
  }) => Promise<Verdict> | Verdict
  /** Takes one direct message; messages of one stream come in the order they were sent. */
  readonly direct: (m: { readonly from: string; readonly data: Uint8Array }) => void
  /**
   * Answers a peer's question; throws `MeshError('REFUSED', { reason })` to refuse it. Must settle: until then it fills one
   * of the 8 places of its peer, also when the peer has gone.
   */
  readonly request: (m: {
    readonly from: string
    readonly kind: RequestKind
    readonly data: Uint8Array
  }) => Promise<Uint8Array>
  /** Who is served one request at a time however many others fill the places; nobody if not said. */
  readonly isMember?: (peerId: string) => boolean
}

export type Mesh = {
  /** This node's libp2p peer id, base58. */
  readonly peerId: string
  /** Multiaddrs that others can dial, with `/p2p/` and the ports really bound. */
  addresses(): readonly string[]
  /**
   * Gossips `data`. A repetition within two minutes is silently not sent again; a message nobody is there to hear is lost
   * (the pull protocol is the repair). Throws `TOO_LARGE` over 256 KiB and `CLOSED`.
   */
  publish(topic: Topic, data: Uint8Array): Promise<void>
  /**
   * Queues `data` for one peer's kept stream: in order, best effort, the oldest dropped over 1024 messages or 4 MiB. Waits
   * in the queue while the peer is away. Throws `TOO_LARGE` over 1 MiB; to oneself, and after `close`, it does nothing.
   */
  send(peerId: string, data: Uint8Array): void
  /**
   * Asks one peer; dials it if need be and its address is known. The answer is at most `bytesMax` bytes, else `TOO_LARGE`, before anything of that
   * size is allocated. Rejects with `REFUSED`, `BUSY`, `UNREACHABLE`, `TIMEOUT` (60 s, or a
   * signal of `AbortSignal.timeout`), `ABORTED`, `BAD_FRAME`, `CLOSED`.
   */
  request(o: {
    readonly peerId: string
    readonly kind: RequestKind
    readonly data: Uint8Array
    readonly bytesMax: number
    readonly signal: AbortSignal
  }): Promise<Uint8Array>
  /** Peers that are joined: connected, and known to listen to our gossip. */
  connectedPeers(): readonly string[]
  /** Ends every stream, connection and listener. Libp2p's own last timers run out within a second. */
  close(): Promise<void>
}
