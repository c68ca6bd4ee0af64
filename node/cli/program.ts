/** The commands of `evalmesh` as one table, from which parsing, help, completion and the check of the documents are made. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAudit } from './audit.ts'
import { addBackup, addRestore } from './backup.ts'
import { addBench } from './bench.ts'
import { addLeaderboard, addRecords } from './board.ts'
import { addCode } from './code.ts'
import { addCompletion } from './completion.ts'
import { addDemo } from './demo.ts'
import { addDevnet } from './devnet.ts'
import { addDoctor } from './doctor.ts'
import { addGenesis } from './genesis.ts'
import { addImage } from './image.ts'
import { addInit } from './init.ts'
import { addKeys } from './keys.ts'
import { EXIT_HELP } from './output.ts'
import { addParams } from './params.ts'
import { addPool } from './pool.ts'
import { addCompetitions, addStatus } from './status.ts'
import { addSubmit } from './submit.ts'
import { addValidator } from './validator.ts'
import { addYuma } from './yuma.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

export const createProgram = (): Command => {
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
