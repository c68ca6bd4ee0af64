/** What the pool's generator says on its channel, checked frame by frame. */
import type { Readable } from 'node:stream'
import { SandboxError } from '../errors.ts'
import { RunFault } from '../faults.ts'
import { createFrameDecoder, type Frame } from '../referee/frames.ts'

/** Training loss of one step of one model. */
export type PoolLoss = { readonly model: string; readonly step: number; readonly loss: number }

/** A matrix as it came: flat little-endian bfloat16. */
export type PoolMatrix = {
  readonly model: string
  /** `stream`: what one layer hands to the next; `hidden`: the middle of its feed-forward part. */
  readonly kind: 'stream' | 'hidden'
  readonly direction: 'forward' | 'backward'
  readonly layer: number
  readonly step: number
  readonly rows: number
  readonly columns: number
  readonly bytes: Buffer
}

const frameType = { loss: 1, matrix: 2, data: 3, end: 4 } as const
const JSON_BYTES_MAX = 1_024
/** 2048 × 2048, the largest of the presets. */
const MATRIX_BYTES_MAX = 8 * 1024 * 1024
const DIMENSION_MAX = 2_048
/** Above what the larger preset makes; with the size of one matrix it bounds the disk. */
const MATRICES_MAX = 1_024
const LOSSES_MAX = 10_000

const lengthMaxOf = (type: number): number | undefined => {
  if (type === frameType.data) return MATRIX_BYTES_MAX
  return type >= frameType.loss && type <= frameType.end ? JSON_BYTES_MAX : undefined
}

const nonsense = (reason: string, facts: object = {}) => new SandboxError('POOL_BUILD_FAILED', { reason, ...facts })

/** Refuses every value that is not what the generator is known to send. */
function readFields(payload: Buffer) {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch {
    throw nonsense('not JSON')
  }
  if (typeof value !== 'object' || value === null) throw nonsense('not an object')
  const fields = new Map(Object.entries(value))
  const number = (name: string, max: number): number => {
    const field: unknown = fields.get(name)
    if (typeof field !== 'number' || !(field >= 0 && field <= max)) throw nonsense('bad field', { name })
    return field
  }
  const integer = (name: string, max: number): number => {
    const field = number(name, max)
    if (!Number.isInteger(field)) throw nonsense('bad field', { name })
    return field
  }
  const word = <T extends string>(name: string, ...words: readonly [T, ...T[]]): T => {
    const found = words.find((candidate) => candidate === fields.get(name))
    if (found === undefined) throw nonsense('bad field', { name })
    return found
  }
  return {
    number,
    integer,
    word,
    model: () => word('model', 'small', 'narrow', 'middle', 'wide'),
    step: () => integer('step', 1_000_000),
  }
}

function readMatrix(payload: Buffer): Omit<PoolMatrix, 'bytes'> {
  const { integer, word, model, step } = readFields(payload)
  return {
    model: model(),
    kind: word('kind', 'stream', 'hidden'),
    direction: word('direction', 'forward', 'backward'),
    layer: integer('layer', 1_000),
    step: step(),
    rows: integer('rows', DIMENSION_MAX),
    columns: integer('columns', DIMENSION_MAX),
  }
}

/** What came until the generator said that it is done. */
export type PoolReceiver = {
  onLoss(loss: PoolLoss): void
  /** Nothing more is read until it has finished: the generator waits for a slow disk. */
  onMatrix(matrix: PoolMatrix, loss: PoolLoss): Promise<void>
}

/**
 * Reads the generator's channel to its end.
 * @throws SandboxError `POOL_BUILD_FAILED` for bytes that it would not send, and when it stops before its last word
 */
export async function receivePool(stdout: Readable, receiver: PoolReceiver): Promise<void> {
  const decoder = createFrameDecoder(lengthMaxOf)
  let last: PoolLoss | null = null
  let waiting: Omit<PoolMatrix, 'bytes'> | null = null
  const counts = { losses: 0, matrices: 0 }
  let isDone = false

  const take = async ({ type, payload }: Frame): Promise<void> => {
    if (isDone) throw nonsense('more after its end')
    if ((waiting !== null) !== (type === frameType.data)) throw nonsense('out of turn', { type })
    if (type === frameType.loss) {
      const { number, model, step } = readFields(payload)
      last = { model: model(), step: step(), loss: number('loss', 1_000) }
      counts.losses += 1
      if (counts.losses > LOSSES_MAX) throw nonsense('too many steps')
      receiver.onLoss(last)
    } else if (type === frameType.matrix) {
      waiting = readMatrix(payload)
      if (last?.model !== waiting.model || last.step !== waiting.step) throw nonsense('a matrix of another step')
      counts.matrices += 1
      if (counts.matrices > MATRICES_MAX) throw nonsense('too many matrices')
    } else if (type === frameType.data && waiting !== null && last !== null) {
      const { rows, columns } = waiting
      if (payload.length !== rows * columns * 2 || payload.length === 0) throw nonsense('wrong size', { rows, columns })
      await receiver.onMatrix({ ...waiting, bytes: payload }, last)
      waiting = null
    } else isDone = true
  }

  try {
    for await (const chunk of stdout) {
      for (const frame of decoder.push(chunk as Buffer, 0n)) await take(frame)
    }
    decoder.end()
  } catch (thrown) {
    throw thrown instanceof RunFault ? nonsense(thrown.code, thrown.facts) : thrown
  }
  if (!isDone) throw nonsense('it ended before it was done')
}
