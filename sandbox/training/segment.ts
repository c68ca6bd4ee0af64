/** One timed run of one code: fresh weights, batches from our hand, and a clock that stops when our questions are answered. */
import { createHash } from 'node:crypto'
import process from 'node:process'
import { elementsOf, type TrainingContract, tensorsOf } from '../../protocol/index.ts'
import { RunFault } from '../faults.ts'
import type { Frame } from '../referee/frames.ts'
import type { Channel } from './channel.ts'
import { TrainingFrame } from './frames.ts'

/** A tensor's number in the model's order, and an element of it. */
export type Position = readonly [tensor: number, index: number]

/** What a run is asked, which nobody can know before. */
export type Questions = {
  /** Rows of the last batch's logits, all sequences one after the other. */
  readonly rows: readonly number[]
  /** The step whose batch comes with a question about the weights as they are then. */
  readonly checkpoint: number
  readonly checkpointPositions: readonly Position[]
}

/** What came back, raw; nothing of it is believed yet. */
export type SegmentRun = {
  readonly nanos: bigint
  readonly claims: { readonly tokens: number; readonly loss: number }
  /** f32 LE values. */
  readonly rows: Buffer
  readonly checkpoint: Buffer
  readonly weights: Buffer
}

/** Batches that may lie at a runner which has not asked for them yet. */
const IN_FLIGHT = 2
const CLAIMS_BYTES_MAX = 4_096
/** Names and shapes of some hundred tensors. */
const HEADER_BYTES_MAX = 1024 * 1024
const CLEANUP_MS_MAX = 60_000
const SHA256_BYTES = 32

const toWords = (numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [index, value] of numbers.entries()) bytes.writeUInt32LE(value, 4 * index)
  return bytes
}

const toBatch = (tokens: Buffer, positions: readonly Position[]): Buffer =>
  Buffer.concat([toWords([positions.length, ...positions.flat()]), tokens])

/** What an ANSWER claims; a stranger's words. */
function parseClaims({ payload }: Frame, contract: TrainingContract): SegmentRun['claims'] {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch {
    throw new RunFault('BAD_FRAME', { text: 'an answer that is not JSON' })
  }
  const { tokens, loss, logits } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const { vocabulary, sequence } = contract.model
  const want = [contract.batch, sequence - 1, vocabulary]
  if (JSON.stringify(logits) !== JSON.stringify(want))
    throw new RunFault('WRONG_LOGITS', { text: `their shape must be [${want}]` })
  if (typeof tokens !== 'number' || !Number.isSafeInteger(tokens))
    throw new RunFault('WRONG_TOKENS', { text: 'total_tokens is no whole number' })
  if (typeof loss !== 'number' || !Number.isFinite(loss)) throw new RunFault('WRONG_LOSS', { text: 'it is no number' })
  return { tokens, loss }
}

/** V8: exactly the model's tensors by name, shape and type, in its order, and nothing before, between or behind them. */
export function parseWeights(payload: Buffer, contract: TrainingContract): Buffer {
  const refuse = (text: string): never => {
    throw new RunFault('WRONG_STATE', { text })
  }
  if (payload.length < 8) return refuse('no header')
  const length = Number(payload.readBigUInt64LE(0))
  if (length > HEADER_BYTES_MAX || 8 + length > payload.length) return refuse('a header of another length')
  let header: unknown
  try {
    header = JSON.parse(payload.toString('utf8', 8, 8 + length))
  } catch {
    return refuse('a header that is not JSON')
  }
  if (typeof header !== 'object' || header === null) return refuse('a header that is no object')
  const given = header as Record<string, unknown>
  const tensors = tensorsOf(contract)
  const extra = Object.keys(given).find((name) => !tensors.some((tensor) => tensor.name === name))
  if (extra !== undefined) return refuse(`no tensor ${extra.slice(0, 64)} is in the model`)
  let offset = 0
  for (const tensor of tensors) {
    const end = offset + 4 * elementsOf(tensor)
    const want = { dtype: 'F32', shape: tensor.shape, data_offsets: [offset, end] }
    const got = given[tensor.name] as Partial<typeof want> | undefined
    const isSame =
      got?.dtype === 'F32' &&
      JSON.stringify(got.shape) === JSON.stringify(want.shape) &&
      JSON.stringify(got.data_offsets) === JSON.stringify(want.data_offsets)
    if (!isSame) return refuse(`${tensor.name} must be F32 of shape [${tensor.shape}]`)
    offset = end
  }
  if (payload.length !== 8 + length + offset) return refuse('bytes beside the tensors')
  return payload.subarray(8 + length)
}

/** SHA-256 of each tensor's values, one after the other. */
export function digestsOf(weights: Buffer, contract: TrainingContract): Buffer {
  let at = 0
  const digests = tensorsOf(contract).map((tensor) => {
    const from = at
    at += 4 * elementsOf(tensor)
    return createHash('sha256').update(weights.subarray(from, at)).digest()
  })
  return Buffer.concat(digests)
}

/** Hands over the batches as they are asked for, until the submission says that it is done. */
async function feed(
  channel: Channel,
  o: { contract: TrainingContract; batches: readonly Buffer[]; questions: Questions; what: Wait },
): Promise<{ answer: Frame; checkpoint: Buffer }> {
  const { batches, questions, what } = o
  const { checkpoint: due, checkpointPositions } = questions
  const send = (step: number) => {
    const tokens = batches[step]
    if (tokens === undefined) return
    channel.send(TrainingFrame.data, toBatch(tokens, step === due ? checkpointPositions : []))
  }
  for (let step = 0; step < IN_FLIGHT; step += 1) send(step)
  let taken = 0
  let checkpoint: Buffer | null = null
  for (;;) {
    const allowed = new Map<number, number>([[TrainingFrame.answer, CLAIMS_BYTES_MAX]])
    if (taken < batches.length) allowed.set(TrainingFrame.next, 0)
    if (taken === due + 1 && checkpoint === null) allowed.set(TrainingFrame.checkpoint, 4 * checkpointPositions.length)
    // Frames may lie there before we look: what they may be is decided when they are read, their length when they come.
    const frame = await channel.receive(
      new Map([[TrainingFrame.next, 0], [TrainingFrame.checkpoint, 4 * checkpointPositions.length], ...allowed]),
      what,
    )
    if (!allowed.has(frame.type)) throw new RunFault('BAD_FRAME', { text: `type ${frame.type} at ${what.name}` })
    if (frame.type === TrainingFrame.answer) {
      if (taken < batches.length)
        throw new RunFault('WRONG_TOKENS', { text: `${taken} of ${batches.length} batches were taken` })
      if (due < batches.length && checkpoint?.length !== 4 * checkpointPositions.length)
        throw new RunFault('BAD_FRAME', { text: 'no answer at the secret step' })
      return { answer: frame, checkpoint: checkpoint ?? Buffer.alloc(0) }
    }
    if (frame.type === TrainingFrame.next) {
      send(taken + IN_FLIGHT)
      taken += 1
    } else checkpoint = frame.payload
  }
}

type Wait = { readonly name: string; readonly msMax: number }

/** Everything of one run up to its weights. Throws RunFault. */
export async function runSegment(
  channel: Channel,
  o: {
    readonly contract: TrainingContract
    readonly weightsSeed: string
    readonly batches: readonly Buffer[]
    readonly questions: Questions
    readonly runMsMax: number
  },
): Promise<SegmentRun> {
  const { contract, batches, questions } = o
  const { rows } = questions
  const what: Wait = { name: 'a run', msMax: o.runMsMax }
  const begin = { seed: o.weightsSeed, steps: batches.length }
  channel.send(TrainingFrame.begin, Buffer.from(JSON.stringify(begin)))
  await channel.receive(new Map([[TrainingFrame.ready, 0]]), { name: 'new weights', msMax: contract.limits.loadMs })
  if (!channel.isQuiet) throw new RunFault('BAD_FRAME', { text: 'a word before its turn' })
  const start = process.hrtime.bigint()
  channel.send(TrainingFrame.go)
  const { answer, checkpoint } = await feed(channel, { contract, batches, questions, what })
  // Before the questions: logits of another shape have no row to ask for.
  const claims = parseClaims(answer, contract)
  const tensors = tensorsOf(contract)
  const digestBytes = SHA256_BYTES * tensors.length
  const replyBytes = digestBytes + 4 * rows.length * contract.model.vocabulary
  channel.send(TrainingFrame.ask, toWords(rows))
  const reply = await channel.receive(new Map([[TrainingFrame.reply, replyBytes]]), what)
  const nanos = reply.at - start
  const tokens = batches.length * contract.batch * contract.model.sequence
  if (claims.tokens !== tokens)
    throw new RunFault('WRONG_TOKENS', { text: `total_tokens says ${claims.tokens}, ${tokens} were handed out` })
  if (reply.payload.length !== replyBytes) throw new RunFault('BAD_FRAME', { text: 'a reply of another length' })
  const weightBytes = tensors.reduce((sum, tensor) => sum + 4 * elementsOf(tensor), 0)
  channel.send(TrainingFrame.dump)
  const dump = await channel.receive(new Map([[TrainingFrame.weights, 8 + HEADER_BYTES_MAX + weightBytes]]), {
    name: 'the weights',
    msMax: CLEANUP_MS_MAX,
  })
  const weights = parseWeights(dump.payload, contract)
  const replied = reply.payload.subarray(0, digestBytes)
  if (!digestsOf(weights, contract).equals(replied))
    throw new RunFault('ANSWER_CHANGED', { text: 'the weights are not those that the reply told' })
  return { nanos, claims, rows: reply.payload.subarray(replied.length), checkpoint, weights }
}
