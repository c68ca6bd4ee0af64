/** How many votes a node takes from the wire into its machine in a CPU-second, beside the bare signature checks of the fastest library. */
import sodium from 'sodium-native'
import { createDriver } from '../../node/machine/driver.ts'
import { createInbox } from '../../node/peers/inbox.ts'
import { createVerifier } from '../../node/peers/verify.ts'
import { certificateClaims, voteMessage } from '../../protocol/consensus/certificate.ts'
import { leaderOrder } from '../../protocol/consensus/leader.ts'
import type { SignatureClaim } from '../../protocol/crypto.ts'
import { createMachine, type Machine, step } from '../../protocol/machine.ts'
import type { Entry, Header } from '../../protocol/message/entry.ts'
import { headerDigest } from '../../protocol/message/entry.ts'
import { type Signed, signatureClaim, type Unsigned } from '../../protocol/message/message.ts'
import type { Certificate, Decided } from '../../protocol/message/vote.ts'
import { encodeEnvelopes } from '../../protocol/wire.ts'
import { type Crew, createCrew, createHeights, type Heights, heights } from './committee.ts'
import { cpuSeconds, median, type Row, round } from './harness.ts'

type Arrival = { readonly from: string; readonly data: Uint8Array }

/** What reaches a node while one height is decided, in the phases that follow each other. */
type Height = { readonly phases: readonly (readonly Arrival[])[]; readonly votes: number }

type Made = { readonly height: readonly Height[]; readonly claims: readonly SignatureClaim[] }

const envelope = (message: Signed): Uint8Array => encodeEnvelopes({ kind: 'message', message })[0] ?? new Uint8Array()

const observer = (crew: Crew): Machine<Heights> =>
  createMachine({
    genesis: crew.genesis,
    self: null,
    application: heights,
    rounds: createHeights(crew.committee),
  })

/** Heights as a full committee decides them in their first view; `claims` are those of the votes. */
const makeHeights = (crew: Crew, count: number): Made => {
  const reference = observer(crew)
  const claims: SignatureClaim[] = []
  const keyOf = new Map(crew.authors.map((author) => [author.hotkey, author]))
  const signed = (message: Unsigned): Signed => {
    const author = keyOf.get('hotkey' in message.body ? message.body.hotkey : '')
    if (author === undefined) throw new Error('a stranger')
    return author.sign(message, crew.domains)
  }
  const sessionKeyOf = (hotkey: string) => keyOf.get(hotkey)?.sessionKey ?? null
  const made: Height[] = []
  for (let height = 1; height <= count; height += 1) {
    const { log } = reference.consensus
    step(reference, { kind: 'head', at: height * 1e6, block: { number: height, hash: crew.genesis.blockHash } })
    const entry = reference.host.due() as Entry
    const header: Header = {
      height,
      previous: log.last,
      logRoot: log.root,
      block: height,
      epoch: 0,
      entry,
      evidence: [],
    }
    const value = headerDigest(header)
    const [leader = ''] = leaderOrder(crew.committee, height)
    const proposal = signed({ kind: 'proposal', body: { height, view: 0, hotkey: leader, parentView: null, header } })
    const votes = (phase: 'notarize' | 'finalize') =>
      crew.authors.map(({ hotkey }) => signed(voteMessage(phase, { height, view: 0, value, hotkey })))
    const [notarize, finalize] = [votes('notarize'), votes('finalize')]
    for (const vote of [...notarize, ...finalize]) {
      const claim = signatureClaim(vote, { domains: crew.domains, sessionKeyOf })
      if (claim !== null) claims.push(claim)
    }
    const arrivals = (messages: readonly Signed[]) =>
      messages.map((message, place) => ({ from: `peer ${place}`, data: envelope(message) }))
    made.push({
      phases: [arrivals([proposal]), arrivals(notarize), arrivals(finalize)],
      votes: 2 * crew.authors.length,
    })
    const signatures = finalize.map(({ signature }, member) => ({ member, signature }))
    const certificate: Certificate = { phase: 'finalize', height, view: 0, value, signatures }
    step(reference, {
      kind: 'decided',
      at: height * 1e6,
      decided: { header, certificate } as never as Decided as never,
    })
  }
  return { height: made, claims }
}

const createNode = (crew: Crew) => {
  const keys = new Map(crew.committee.members.map(({ hotkey, sessionKey }) => [hotkey, sessionKey]))
  const driver = createDriver<Machine<Heights>>({
    state: observer(crew),
    step,
    ports: {
      clock: { now: () => 0, setAlarm: () => {} },
      journal: { append: async () => {} },
      signer: null,
      network: { broadcast: () => {}, relay: () => {}, fetch: () => {} },
      chain: { readBlock: () => {}, readMetagraph: () => {}, readPayment: () => {}, setWeights: () => {} },
      measurer: { evaluate: () => {} },
      accuse: () => {},
      notice: () => {},
    },
    onFatal: (error) => {
      throw error
    },
  })
  const inbox = createInbox<Machine<Heights>>({
    driver: () => driver,
    verify: createVerifier(),
    context: (state) => ({
      domains: crew.domains,
      sessionKeysOf: ({ body }) => [keys.get(body.hotkey)].filter((key) => key !== undefined),
      certificateClaims: (certificate) =>
        certificateClaims(certificate, state.consensus.current.committee, crew.domains),
    }),
    hotkeyOfPeer: () => null,
    heightOf: (state) => state.consensus.current.height,
    wantsEvidence: () => false,
    now: () => 0,
    log: { debug: () => {} } as never,
  })
  return { driver, inbox }
}

/** Everything that arrives, phase by phase, as streams deliver it: many senders at once. */
const takeAll = async (crew: Crew, made: Made): Promise<void> => {
  const { driver, inbox } = createNode(crew)
  for (const [index, { phases }] of made.height.entries()) {
    driver.submit({ kind: 'head', at: 0, block: { number: index + 1, hash: crew.genesis.blockHash } })
    for (const arrivals of phases) {
      for (const arrival of arrivals) void inbox.receive({ via: 'direct', ...arrival })
      await driver.idle()
    }
  }
  const { height } = driver.read((state) => state.consensus.current)
  if (height !== made.height.length + 1) throw new Error(`height ${height}: the votes decided nothing`)
}

/** The library alone, its buffers ready. */
export const checkBare = (claims: readonly SignatureClaim[]): (() => void) => {
  const ready = claims.map(
    (claim) =>
      [Buffer.from(claim.signature, 'hex'), Buffer.from(claim.message), Buffer.from(claim.publicKey, 'hex')] as const,
  )
  return () => {
    for (const one of ready) if (!sodium.crypto_sign_verify_detached(...one)) throw new Error('a bad signature')
  }
}

export const measureVotes = async (o: { members: number; heights: number; runs: number }): Promise<Row> => {
  const crew = createCrew(o.members)
  const made = makeHeights(crew, o.heights)
  const bare = checkBare(made.claims)
  const votes = made.claims.length
  const rates: { whole: number; bare: number }[] = []
  await takeAll(crew, made)
  for (let run = 0; run < o.runs; run += 1) {
    rates.push({
      bare: votes / (await cpuSeconds(bare)),
      whole: votes / (await cpuSeconds(() => takeAll(crew, made))),
    })
  }
  const value = median(rates.map((rate) => rate.whole))
  const beside = median(rates.map((rate) => rate.bare))
  const ratio = median(rates.map((rate) => rate.whole / rate.bare))
  return {
    name: 'votes verified, deduplicated and decoded per CPU-second',
    value: round(value),
    unit: 'votes/CPU-s',
    beside: round(beside),
    besideName: 'sodium-native crypto_sign_verify_detached alone',
    ratio: round(ratio),
    target: '≥ 0.85 of the bare rate',
    met: ratio >= 0.85,
  }
}
