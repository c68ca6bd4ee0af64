/** Questions to a person at a terminal, one line each, with a default in brackets. */
import { createInterface } from 'node:readline/promises'
import { CliError, EXIT } from './output.ts'

export type Ask = (question: string, fallback: string) => Promise<string>

/** Runs `work` with a way to ask; Ctrl-C and the end of the input are an interruption, before anything was done. */
export const withQuestions = async <T>(work: (ask: Ask) => Promise<T>): Promise<T> => {
  const stopping = new AbortController()
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  lines.once('close', () => stopping.abort())
  const { signal } = stopping
  const ask: Ask = async (question, fallback) => {
    const shown = fallback === '' ? question : `${question} [${fallback}]`
    const answer = (await lines.question(`${shown}: `, { signal })).trim()
    return answer === '' ? fallback : answer
  }
  try {
    return await work(ask)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new CliError({ exitCode: EXIT.interrupted, message: 'interrupted; nothing was written' })
  } finally {
    lines.close()
  }
}
