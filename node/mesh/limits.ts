/** The bounds of the transport, each beside its reason. */

const KIB = 1024
const MIB = 1024 * KIB

/** One gossiped message: a reveal with 50 measurements is about 30 KiB; whatever is larger travels as a blob by digest. */
export const GOSSIP_BYTES_MAX = 256 * KIB

/** One gossipsub RPC: an answer to IWANT carries several messages in one frame. */
export const GOSSIP_RPC_BYTES_MAX = 4 * MIB

/** Gossip that one peer may have waiting for our verdict: more than this is ignored, and pulled later if it mattered. */
export const GOSSIP_PENDING_MAX = 256
export const GOSSIP_PENDING_BYTES_MAX = 4 * MIB

/** One direct message: a proposal of a RESULT that carries 100 reveals by digest is far below it. */
export const DIRECT_BYTES_MAX = MIB

/** What waits for one peer: an outage of seconds at n = 100 is bridged, a longer one is the pull protocol's business. */
export const DIRECT_QUEUE_MAX = 1024
export const DIRECT_QUEUE_BYTES_MAX = 4 * MIB

/** Direct messages that go in one piece: sealed it is still one message of the cipher, which takes 64 KiB. */
export const DIRECT_BATCH_BYTES = 32 * KIB

/** Peers with a direct queue: a full mesh goes up to 128 validators, twice that for a committee change. Victim: the oldest idle. */
export const DIRECT_PEERS_MAX = 256

/** A question: only `submit` carries a bundle (20,000 bytes and up, other competitions more). */
export const REQUEST_BYTES_MAX = MIB

/** Requests of one peer served at once: a late joiner pulls a few ranges and blobs side by side, nobody needs more. */
export const REQUESTS_PER_PEER_MAX = 8

/** Requests of all peers served at once, beside one of each member: bounds memory at about so many blobs. */
export const REQUESTS_MAX = 64

/** A refusal's reason is one sentence. */
export const REASON_BYTES_MAX = 512

/** Opening a stream: two round trips between continents and a busy peer. */
export const OPEN_MS_MAX = 5_000

/** One request from first to last byte, on either side: 64 MiB on a slow line. The caller's signal is usually shorter. */
export const REQUEST_MS_MAX = 60_000

/** Connections: 128 validators twice (both sides may dial at once), and miners and auditors. */
export const CONNECTIONS_MAX = 512

/** From here on a stranger that connects is sent away: 128 members must find a way in, and identities cost nothing. */
export const CONNECTIONS_CROWDED = CONNECTIONS_MAX - 128

/** New connections a second from one address: a restarted mesh behind one address, and a simulation on one host. */
export const CONNECTIONS_PER_SECOND_MAX = 64

/** Waiting time before dialling again: the first is short so that a mesh started together joins within a second. */
export const REDIAL_MS_MIN = 100
export const REDIAL_MS_MAX = 3_000

/** A peer that sent this many malformed frames within the window is disconnected and not let in for `BAN_MS`. */
export const STRIKES_MAX = 3
export const STRIKE_WINDOW_MS = 600_000
export const BAN_MS = 60_000

/** Peers whose strikes are remembered; the oldest is forgotten first. */
export const STRIKE_PEERS_MAX = 1024
