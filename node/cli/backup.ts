/** The commands `evalmesh backup` and `evalmesh restore`: what a lost validator is made from again. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../home/config.ts'
import { backUp, missingBeside, restoreHome } from '../home/move.ts'
import { print, printJson } from './output.ts'

/** Says what home was made, and which files its configuration names that did not come with it. */
export const tellHome = async (o: { readonly home: string; readonly hotkey: string; readonly json: boolean }) => {
  const { home, hotkey } = o
  const missing = await missingBeside(await loadConfig(home, {}))
  if (o.json) return printJson({ home, hotkey, missing })
  print(`${hotkey}\n${home} is ready: evalmesh doctor --home ${home}`)
  for (const path of missing)
    print(`its config.json names ${path}, which is not here: bring it, or change the configuration`)
}

export const addBackup = (program: Command): void => {
  program
    .command('backup')
    .description(
      'write to one file what a new home is made from: hotkey, configuration, genesis document; also while the validator runs',
    )
    .requiredOption('--home <dir>', 'the validator’s home')
    .requiredOption('--out <file>', 'the new file; it holds the hotkey')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The session key is not in it, and the store is not either: votes must never be made twice. To move a validator: evalmesh keys export.

Example:
  evalmesh backup --home ./erik --out /mnt/usb/erik.backup`,
    )
    .action(async (o: { home: string; out: string; json?: boolean }) => {
      const { hotkey, files } = await backUp({ home: resolve(o.home), out: resolve(o.out) })
      if (o.json) printJson({ hotkey, out: resolve(o.out), files: files.map(({ path }) => path) })
      else print(`${hotkey}\n${files.map(({ path }) => path).join(', ')} in ${resolve(o.out)}`)
    })
}

export const addRestore = (program: Command): void => {
  program
    .command('restore')
    .description('make a home from a backup, with new session keys: it follows until the next epoch seats it')
    .argument('<file>', 'what `evalmesh backup` wrote')
    .requiredOption('--home <dir>', 'the new home')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  evalmesh restore /mnt/usb/erik.backup --home ./erik\n')
    .action(async (file: string, o: { home: string; json?: boolean }) => {
      const home = resolve(o.home)
      const { hotkey } = await restoreHome({ file: resolve(file), home })
      await tellHome({ home, hotkey, json: o.json ?? false })
    })
}
