/** The command `evalmesh keys`: makes and shows the keys of a validator or miner; secrets are never printed. */
import type { Command } from 'commander'
import { encodeSs58 } from '../../protocol/index.ts'
import { createHotkey, createValidatorKeys, loadHotkey } from '../keys.ts'
import { print, printJson } from './output.ts'

export const addKeys = (program: Command): void => {
  const keys = program.command('keys').description('make and show keys')
  keys
    .command('new')
    .description('make the keys of a miner (a hotkey) or of a validator (and its node’s keys)')
    .requiredOption('--home <dir>', 'directory for the keys; existing keys are never overwritten')
    .option('--validator', 'also session, sealing and peer keys')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  evalmesh keys new --home ./miner\n  evalmesh keys new --home ./anna --validator\n',
    )
    .action(async (o: { home: string; validator?: boolean; json?: boolean }) => {
      const hotkey = o.validator ? (await createValidatorKeys(o.home)).hotkey : await createHotkey(o.home)
      const shown = { hotkey: hotkey.publicKey, ss58: encodeSs58(hotkey.publicKey) }
      if (o.json) printJson(shown)
      else print(`${shown.ss58}\nkeys written to ${o.home} (keep hotkey.json; nobody can restore it)`)
    })
  keys
    .command('show')
    .description('show the public hotkey of a home directory')
    .requiredOption('--home <dir>', 'directory with the keys')
    .option('--json', 'print one JSON object')
    .action(async (o: { home: string; json?: boolean }) => {
      const { publicKey } = await loadHotkey(o.home)
      const shown = { hotkey: publicKey, ss58: encodeSs58(publicKey) }
      if (o.json) printJson(shown)
      else print(shown.ss58)
    })
}
