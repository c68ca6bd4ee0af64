/** The command `evalmesh doctor`: whether this validator can do its work, row by row, each with what mends it. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CheckState } from '../doctor/check.ts'
import { examineHome } from '../doctor/doctor.ts'
import { EXIT, print, printJson, progress, table } from './output.ts'

const WORDS: Readonly<Record<CheckState, string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', skip: '-' }

const run = async (o: { home: string; json?: boolean }): Promise<void> => {
  const home = resolve(o.home)
  const mayTell = process.stderr.isTTY === true && !o.json
  const checks = await examineHome(home, ({ name }) => {
    if (mayTell) progress(`looked at ${name}`)
  })
  const failed = checks.filter(({ state }) => state === 'fail').length
  if (o.json) printJson({ home, ok: failed === 0, checks })
  else {
    const rows = checks.map(({ name, state, found, mend }) => [
      name,
      WORDS[state],
      mend === '' ? found : `${found}  → ${mend}`,
    ])
    print(table([['check', 'state', 'found  → what to do'], ...rows]))
    print(failed === 0 ? '\nready to run' : `\n${failed} to mend first`)
  }
  if (failed > 0) process.exitCode = EXIT.unavailable
}

export const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('look at everything a validator needs, and say what mends what is wrong')
    .requiredOption('--home <dir>', 'the validator’s home')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Exit code 0: nothing fails (there may be warnings); 6: something does. Changes nothing, and may be run beside the running validator.

Example:
  evalmesh doctor --home ./erik`,
    )
    .action(run)
}
