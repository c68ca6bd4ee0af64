#!/usr/bin/env node
/** The command line `evalmesh`: one file in cli/ a command; errors become one sentence, a hint and an exit code here. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addAudit } from './cli/audit.ts'
import { addBackup, addRestore } from './cli/backup.ts'
import { addBench } from './cli/bench.ts'
import { addLeaderboard, addRecords } from './cli/board.ts'
import { addCode } from './cli/code.ts'
import { addCompletion } from './cli/completion.ts'
import { addDemo } from './cli/demo.ts'
import { addDevnet } from './cli/devnet.ts'
import { addDoctor } from './cli/doctor.ts'
import { addGenesis } from './cli/genesis.ts'
import { addImage } from './cli/image.ts'
import { addInit } from './cli/init.ts'
import { addKeys } from './cli/keys.ts'
import { CliError, EXIT, EXIT_HELP, progress } from './cli/output.ts'
import { addParams } from './cli/params.ts'
import { addPool } from './cli/pool.ts'
import { addCompetitions, addStatus } from './cli/status.ts'
import { addSubmit } from './cli/submit.ts'
import { addValidator } from './cli/validator.ts'
import { addYuma } from './cli/yuma.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const createProgram = (): Command => {
  const program = new Command('evalmesh')
    .description(
      'Validators re-run miners’ submissions, agree on one certified result a round, and set the same weights.',
    )
    .version(version)
    .showHelpAfterError('(try --help)')
    .addHelpText(
      'after',
      `\nStart here:\n  npm run demo                 four validators certify a round on this machine\n\n${EXIT_HELP}`,
    )
    .exitOverride()
  for (const add of [
    addDemo,
    addInit,
    addDoctor,
    addGenesis,
    addValidator,
    addSubmit,
    addBench,
    addAudit,
    addStatus,
    addCompetitions,
    addLeaderboard,
    addRecords,
    addCode,
    addParams,
    addImage,
    addPool,
    addYuma,
    addKeys,
    addBackup,
    addRestore,
    addDevnet,
    addCompletion,
  ])
    add(program)
  return program
}

/** A file that the user named is not there; what the user gave is no address; else something around us is missing. */
const exitCodeOf = (code: unknown): number =>
  code === 'ENOENT' ? EXIT.notFound : code === 'BAD_OPTIONS' ? EXIT.usage : EXIT.unavailable

/** What a thrown error means to whoever called: its exit code and the lines to show. */
const explain = (error: unknown): { readonly exitCode: number; readonly lines: readonly string[] } => {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage, lines: [] }
  if (error instanceof CliError) return { exitCode: error.exitCode, lines: [`error: ${error.message}`, error.hint] }
  // Typed errors of the layers below say enough in their message; anything else is a bug and shows where.
  if (error instanceof Error && 'code' in error) {
    const exitCode = 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : exitCodeOf(error.code)
    return { exitCode, lines: [`error: ${error.message}`] }
  }
  return { exitCode: EXIT.bug, lines: [error instanceof Error ? (error.stack ?? error.message) : String(error)] }
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
  process.exitCode = exitCode
}
