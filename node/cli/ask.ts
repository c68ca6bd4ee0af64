/** Questions to a person at a terminal, one line each, with a default in brackets. */
import { createInterface } from 'node:readline'
import { CliError, EXIT } from './output.ts'

export type Ask = (question: string, fallback: string) => Promise<string>

/** Runs `work` with a way to ask; Ctrl-C and the end of the input are an interruption, before anything was done. */
export const withQuestions = async <T>(work: (ask: Ask) => Promise<T>): Promise<T> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // Whoever pastes several answers at once loses none.
  const typed: string[] = []
  let next = Promise.withResolvers<void>()
  let isOver = false
  lines.on('line', (line) => {
    typed.push(line)
    next.resolve()
  })
  lines.on('SIGINT', () => lines.close())
  lines.once('close', () => {
    isOver = true
    next.resolve()
  })
  const ask: Ask = async (question, fallback) => {
    lines.setPrompt(`${fallback === '' ? question : `${question} [${fallback}]`}: `)
    if (!isOver) lines.prompt()
    while (typed.length === 0) {
      if (isOver) throw new CliError({ exitCode: EXIT.interrupted, message: 'interrupted; nothing was written' })
      next = Promise.withResolvers()
      await next.promise
    }
    const answer = (typed.shift() ?? '').trim()
    return answer === '' ? fallback : answer
  }
  try {
    return await work(ask)
  } finally {
    lines.close()
  }
}
