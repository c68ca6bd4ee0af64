#!/usr/bin/env node
/** The command line `evalmesh`: one file in cli/ a command; errors become one sentence, a hint and an exit code here. */
import { CommanderError } from 'commander'
import { ProtocolError } from '../protocol/index.ts'
import { CliError, EXIT, hasAnswered, printJson, progress } from './cli/output.ts'
import { createProgram } from './cli/program.ts'

/** A file or pool that the user named is not there; what the user gave is no address or no request; else something around us is missing. */
const EXIT_CODES: ReadonlyMap<unknown, number> = new Map([
  ['ENOENT', EXIT.notFound],
  ['POOL_MISSING', EXIT.notFound],
  ['BAD_OPTIONS', EXIT.usage],
  ['BAD_REQUEST', EXIT.usage],
])

const exitCodeOf = (error: Error & { readonly code: unknown }): number => {
  if ('exitCode' in error && typeof error.exitCode === 'number') return error.exitCode
  // A document or a value that no validator would take.
  if (error instanceof ProtocolError) return EXIT.rejected
  return EXIT_CODES.get(error.code) ?? EXIT.unavailable
}

/** What a thrown error means to whoever called: its exit code and the lines to show. */
const explain = (error: unknown): { readonly exitCode: number; readonly lines: readonly string[] } => {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage, lines: [] }
  if (error instanceof CliError) return { exitCode: error.exitCode, lines: [`error: ${error.message}`, error.hint] }
  // Typed errors of the layers below say enough in their message; anything else is a bug and shows where.
  if (error instanceof Error && 'code' in error) {
    return { exitCode: exitCodeOf(error), lines: [`error: ${error.message}`] }
  }
  return { exitCode: EXIT.bug, lines: [error instanceof Error ? (error.stack ?? error.message) : String(error)] }
}

/** The answer of a command that was asked for JSON and has none: whoever interrupts it does not wait for one. */
const answerError = (error: unknown, exitCode: number): void => {
  const isAsked = process.argv.includes('--json')
  if (!isAsked || hasAnswered() || exitCode === EXIT.ok || exitCode === EXIT.interrupted) return
  const message = (error instanceof Error ? error.message : String(error)).replace(/^error: /, '')
  const hint = error instanceof CliError && error.hint !== '' ? { hint: error.hint } : {}
  printJson({ error: { exitCode, message, ...hint } })
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})
// Keys, journals and sources of a round are nobody else's business, whatever the shell's mask says.
process.umask(0o077)
try {
  await createProgram().parseAsync()
} catch (error) {
  const { exitCode, lines } = explain(error)
  for (const line of lines) if (line !== '') progress(line)
  answerError(error, exitCode)
  process.exitCode = exitCode
}
