/** Files of tensors, read by place and length: nothing in a header is believed before it fits the file. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SandboxError } from '../errors.ts'
import type { Dtype } from './bfloat16.ts'

/** A tensor as its file describes it. `start` and `size` in bytes, within the file. */
export type TensorPlace = {
  /** As the file calls it; empty where it has no names. */
  readonly name: string
  readonly dtype: Dtype
  /** Every dimension is at least 1; empty for a single number. */
  readonly shape: readonly number[]
  readonly start: number
  readonly size: number
}

export type Source = {
  readonly path: string
  readonly size: number
  /** Exactly these bytes. Throws SandboxError when the file has become shorter. */
  read(start: number, size: number): Promise<Buffer>
}

/** What makes a file unfit, for whoever gave it. */
export const unfit = (path: string, reason: string, facts: object = {}): SandboxError =>
  new SandboxError('POOL_ADD_FAILED', { file: path, reason, ...facts })

/** Elements of a shape; throws where they are not a whole number that can be counted, or none. */
export const elementsOf = (path: string, shape: readonly number[]): number => {
  const count = shape.reduce((product, dimension) => product * dimension, 1)
  if (!Number.isSafeInteger(count) || count < 1) throw unfit(path, 'a shape that holds nothing or too much', { shape })
  return count
}

/**
 * Opens a plain file; a pipe or a device never.
 * @throws SandboxError `POOL_ADD_FAILED`
 */
export const withSource = async <T>(path: string, use: (source: Source) => Promise<T>): Promise<T> => {
  // Not blocking: opening a pipe would wait for its other end.
  const file: FileHandle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unfit(path, String((error as NodeJS.ErrnoException).code ?? error))
  })
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw unfit(path, 'not a plain file')
    return await use({
      path,
      size: stat.size,
      read: async (start, size) => {
        if (start + size > stat.size) throw unfit(path, 'cut off', { want: start + size, size: stat.size })
        const bytes = Buffer.alloc(size)
        const { bytesRead } = await file.read(bytes, 0, size, start)
        if (bytesRead !== size) throw unfit(path, 'cut off', { want: start + size })
        return bytes
      },
    })
  } finally {
    await file.close()
  }
}
