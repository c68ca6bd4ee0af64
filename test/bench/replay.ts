/** How fast an auditor replays a log of a hundred validators, every signature checked, beside the bare checks of the same signatures. */
import { replay } from '../../node/audit/replay.ts'
import type { Chain } from '../../node/chain/port.ts'
import { createVerifier, type VerifySignatures } from '../../node/peers/verify.ts'
import { roundSeed } from '../../protocol/competition/seed.ts'
import type { Digest, Key, SignatureClaim } from '../../protocol/crypto.ts'
import { createMachine, step } from '../../protocol/machine.ts'
import type { Input } from '../../protocol/machine-types.ts'
import { commitmentOf } from '../../protocol/message/commitment.ts'
import { type Header, headerDigest } from '../../protocol/message/entry.ts'
import { messageId, type Signed, type Unsigned, type Verified } from '../../protocol/message/message.ts'
import type { Certificate, Decided } from '../../protocol/message/vote.ts'
import { rounds } from '../../protocol/round/application.ts'
import { createRounds } from '../../protocol/round/state.ts'
import { certificateBy } from './certificate.ts'
import { type Author, type Crew, createCrew } from './committee.ts'
import { cpuSeconds, median, type Row, round } from './harness.ts'
import { blockAt, COMPETITION, createMetagraph, createWorld, statementOf, submissionsOf } from './round.ts'
import { checkBare } from './votes.ts'

type Log = {
  readonly crew: Crew
  readonly miners: readonly Key[]
  readonly decided: readonly Decided[]
  readonly messages: ReadonlyMap<Digest, Signed>
  readonly head: number
}

/** A machine that follows what is made for it, and the log that comes of it. */
const createWriter = (crew: Crew, miners: readonly Key[]) => {
  const machine = createMachine({
    genesis: crew.genesis,
    self: null,
    application: rounds,
    rounds: createRounds({ genesis: crew.genesis, self: null }),
  })
  const answer = createWorld(crew, { hotkey: null, miners })
  const decided: Decided[] = []
  const messages = new Map<Digest, Signed>()

  const feed = (input: Input): void => {
    for (const effect of step(machine, input).effects) {
      const next = answer(effect)
      if (next !== null) feed(next)
    }
  }
  return {
    machine,
    decided,
    messages,
    feed,
    tell: (author: Author, message: Unsigned): void => {
      const signed = author.sign(message, crew.domains)
      messages.set(messageId(signed, crew.domains), signed)
      feed({ kind: 'message', at: 0, message: signed as Verified<Signed> })
    },
    /** What is due becomes the next height. */
    decide: (block: number): Header => {
      const { log } = machine.consensus
      const entry = machine.host.due()
      if (entry === null) throw new Error(`nothing is due at block ${block}`)
      const height = decided.length + 1
      const header: Header = { height, previous: log.last, logRoot: log.root, block, epoch: 0, evidence: [], entry }
      const certificate: Certificate = certificateBy(crew, { height, view: 0, value: headerDigest(header) })
      decided.push({ header, certificate })
      feed({ kind: 'decided', at: 0, decided: { header, certificate } as unknown as Verified<Decided> })
      return header
    },
  }
}

type Writer = ReturnType<typeof createWriter>

/** One round: receipts, MANIFEST, commits, COMMITS, reveals, RESULT. Returns the block it ends at. */
const writeRound = (
  crew: Crew,
  writer: Writer,
  o: { readonly submissions: readonly Signed[]; readonly block: number },
) => {
  const { feed, tell, decide, messages } = writer
  const { roundBlocks } = COMPETITION
  for (const submission of o.submissions) {
    const id = messageId(submission, crew.domains)
    messages.set(id, submission)
    feed({ kind: 'message', at: 0, message: submission as Verified<Signed> })
    if (submission.kind === 'submission') feed({ kind: 'stored', at: 0, digest: submission.body.bundle })
    for (const author of crew.authors) {
      tell(author, { kind: 'receipt', body: { submission: id, hotkey: author.hotkey, block: o.block } })
    }
  }
  const close = Math.ceil((o.block + 1) / roundBlocks) * roundBlocks
  feed({ kind: 'head', at: 0, block: blockAt(close) })
  const header = decide(close)
  const { entry } = header
  if (entry.kind !== 'manifest') throw new Error(`${entry.kind} instead of a manifest`)
  feed({ kind: 'head', at: 0, block: blockAt(entry.beaconBlock) })
  const manifest = headerDigest(header)
  const { competition, round } = entry
  const id = { competition, round, manifest }
  const seed = roundSeed({ ...id, domain: crew.domains.mesh, beacon: blockAt(entry.beaconBlock).hash })
  const asked = { ...id, entry, seed, params: COMPETITION }
  const sealed = crew.authors.map((author) => ({ author, ...statementOf(crew, author.hotkey, asked) }))
  for (const { author, nonce, statement } of sealed) {
    const { hotkey } = author
    const commitment = commitmentOf({ ...id, domain: crew.domains.mesh, hotkey, nonce, statement })
    tell(author, { kind: 'commit', body: { ...id, hotkey, commitment } })
  }
  decide(entry.beaconBlock)
  for (const { author, nonce, statement } of sealed) {
    tell(author, { kind: 'reveal', body: { ...id, hotkey: author.hotkey, nonce, statement } })
  }
  decide(entry.beaconBlock)
  return entry.beaconBlock
}

const writeLog = (o: { readonly members: number; readonly rounds: number; readonly submissions: number }): Log => {
  const crew = createCrew(o.members, { competitions: [COMPETITION] })
  const submissions = submissionsOf(crew, { from: 0, count: o.rounds * o.submissions })
  const miners = submissions.map(({ body }) => body.hotkey)
  const writer = createWriter(crew, miners)
  let block = 1
  writer.feed({ kind: 'head', at: 0, block: blockAt(block) })
  for (let index = 0; index < o.rounds; index += 1) {
    const mine = submissions.slice(index * o.submissions, (index + 1) * o.submissions)
    block = writeRound(crew, writer, { submissions: mine, block })
  }
  return { crew, miners, decided: writer.decided, messages: writer.messages, head: block }
}

/** Replays it all; the chain answers from memory, as an auditor's own node would. */
const replayLog = async (log: Log, verify: VerifySignatures): Promise<number> => {
  const metagraph = createMetagraph(log.crew, log.miners)
  const replayed = await replay({
    genesis: log.crew.genesis,
    source: {
      isGrowing: false,
      decidedFrom: async (height) => log.decided.slice(height - 1),
      item: async (id) => {
        const message = log.messages.get(id)
        return message === undefined ? null : { kind: 'message', message }
      },
      close: async () => {},
    },
    chain: {
      finalizedHead: async () => blockAt(log.head),
      blockAt: async (number: number) => blockAt(number),
      metagraphAt: async ({ block }: { block: number }) => metagraph(block),
    } as unknown as Chain,
    verify,
    onHeight: () => {},
  })
  if (replayed.decided.length !== log.decided.length) throw new Error('the replay ended early')
  return replayed.signaturesChecked
}

export const measureReplay = async (o: {
  readonly members: number
  readonly rounds: number
  readonly submissions: number
  readonly runs: number
}): Promise<Row> => {
  const log = writeLog(o)
  const claims: SignatureClaim[] = []
  const verify = createVerifier()
  await replayLog(log, (asked) => {
    claims.push(...asked)
    return verify(asked)
  })
  const ed25519 = claims.filter(({ scheme }) => scheme === 'ed25519')
  const bare = checkBare(ed25519)
  const rates: { whole: number; bare: number }[] = []
  for (let run = 0; run < o.runs; run += 1) {
    const fresh = createVerifier()
    rates.push({
      bare: o.rounds / (await cpuSeconds(bare)),
      whole: o.rounds / (await cpuSeconds(() => replayLog(log, fresh))),
    })
  }
  const value = median(rates.map((rate) => rate.whole))
  const beside = median(rates.map((rate) => rate.bare))
  return {
    name: `rounds replayed by an auditor per CPU-second, n = ${o.members}, ${o.submissions} submission(s), ${Math.round(ed25519.length / o.rounds)} signatures a round`,
    value: round(value),
    unit: 'rounds/CPU-s',
    beside: round(beside),
    besideName: 'sodium-native on the ed25519 signatures of these rounds alone',
    ratio: round(value / beside),
    target: '≥ 40',
    met: value >= 40,
  }
}
