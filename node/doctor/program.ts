/** Runs a small program for what it prints. */
import { execFile } from 'node:child_process'

const PATIENCE_MS = 10_000

/** Its standard output; null when it is not there, fails or takes too long. */
export const runProgram = (program: string, args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: PATIENCE_MS }, (error, stdout) => resolve(error === null ? stdout : null))
  })
