/** Gossip: one gossipsub topic per kind of message, each message judged by our handler before it is passed on. */
import { createHash } from 'node:crypto'
import { gossipsub, type Message, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub'
import { MeshError } from './errors.ts'
import type { Host } from './libp2p-types.ts'
import {
  DIRECT_QUEUE_BYTES_MAX,
  GOSSIP_BYTES_MAX,
  GOSSIP_PENDING_BYTES_MAX,
  GOSSIP_PENDING_MAX,
  GOSSIP_RPC_BYTES_MAX,
} from './limits.ts'
import { type MeshHandlers, type MeshLog, TOPICS, type Topic, type Verdict } from './port.ts'
import type { Strikes } from './strikes.ts'

const RESULTS: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/**
 * One topic's share of a peer's score. A rejected message costs 10, squared in their number: three within minutes are 90,
 * which is past the graylist (80). Nothing is charged for silence: rounds are minutes to days apart.
 */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 100,
  firstMessageDeliveriesWeight: 0.01,
  firstMessageDeliveriesCap: 100,
  firstMessageDeliveriesDecay: 0.99,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.99,
}

/** Points that one malformed frame costs: three reach the graylist as three rejected messages do. */
const STRIKE_POINTS = -30

/** Topic name on the wire: domains never hear each other. */
const toWireTopic = (domain: string, topic: Topic): string => `/evalmesh/1/${domain}/${topic}`

/**
 * Identity of a message: its topic and its bytes. The topic is part of it because whoever publishes another's bytes under a
 * wrong topic would else mark them as seen, and the right ones would be dropped as a repetition.
 */
const toMessageId = (message: Pick<Message, 'topic' | 'data'>): Uint8Array =>
  createHash('sha256').update(message.topic).update('\0').update(message.data).digest()

/** The gossipsub service as this mesh configures it; `docs/adr/0002-gossipsub.md` says why. */
export const gossipService = (o: { readonly domain: string; readonly strikes: Strikes }) => {
  const topics = TOPICS.map((topic) => toWireTopic(o.domain, topic))
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: toMessageId,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    batchPublish: true,
    fallbackToFloodsub: false,
    allowedTopics: topics,
    maxInboundDataLength: GOSSIP_RPC_BYTES_MAX,
    // Slow readers: what they leave unread is bounded like the direct queue, then the stream is reset.
    maxOutboundBufferSize: DIRECT_QUEUE_BYTES_MAX,
    scoreParams: {
      topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])) as never,
      appSpecificScore: (peerId) => o.strikes.count(peerId) * STRIKE_POINTS,
      appSpecificWeight: 1,
      // Validators behind one address, and a whole mesh on one host, are honest; stake limits identities, not addresses.
      IPColocationFactorWeight: 0,
      // A restarted peer grafts every topic again within the back-off that its old self left behind.
      behaviourPenaltyThreshold: 2 * TOPICS.length,
      retainScore: 600_000,
    },
  })
}

/** Lets `judge` decide on each message of every topic; returns how to subscribe to them and to publish. */
export const createGossip = (o: {
  readonly host: Host
  readonly domain: string
  readonly judge: MeshHandlers['gossip']
  readonly log: MeshLog
}) => {
  const { pubsub } = o.host.services
  const topics = new Map(TOPICS.map((topic) => [toWireTopic(o.domain, topic), topic]))
  const pending = new Map<string, { count: number; bytes: number }>()

  const judge = async (m: { topic: Topic; data: Uint8Array; from: string }): Promise<Verdict> => {
    if (m.data.byteLength > GOSSIP_BYTES_MAX) return 'reject'
    const load = pending.get(m.from) ?? { count: 0, bytes: 0 }
    if (load.count >= GOSSIP_PENDING_MAX || load.bytes + m.data.byteLength > GOSSIP_PENDING_BYTES_MAX) {
      o.log.warn({ from: m.from, topic: m.topic }, 'gossip ignored: too much of this peer is waiting')
      return 'ignore'
    }
    load.count += 1
    load.bytes += m.data.byteLength
    pending.set(m.from, load)
    try {
      return await o.judge(m)
    } catch (error) {
      o.log.error({ from: m.from, topic: m.topic, error: String(error) }, 'the gossip handler threw')
      return 'ignore'
    } finally {
      load.count -= 1
      load.bytes -= m.data.byteLength
      if (load.count === 0) pending.delete(m.from)
    }
  }

  for (const [wireTopic, topic] of topics) {
    pubsub.topicValidators.set(wireTopic, async (peer, message) => {
      const from = peer.toString()
      // A copy: the data are a view on the whole RPC.
      const verdict = await judge({ topic, data: message.data.slice(), from })
      if (verdict === 'reject') o.log.warn({ from, topic, bytes: message.data.byteLength }, 'gossip rejected')
      return RESULTS[verdict]
    })
  }

  return {
    /** Once the host has started. */
    subscribe(): void {
      for (const wireTopic of topics.keys()) pubsub.subscribe(wireTopic)
    },
    /** Throws `TOO_LARGE`. */
    async publish(topic: Topic, data: Uint8Array): Promise<void> {
      if (data.byteLength > GOSSIP_BYTES_MAX) {
        throw new MeshError('TOO_LARGE', { topic, bytes: data.byteLength, bytesMax: GOSSIP_BYTES_MAX })
      }
      await pubsub.publish(toWireTopic(o.domain, topic), data)
    },
    /** Peer ids known to listen to our certificates, which every kind of participant subscribes to. */
    listeners: (): string[] => pubsub.getSubscribers(toWireTopic(o.domain, 'certificates')).map(String),
  }
}
