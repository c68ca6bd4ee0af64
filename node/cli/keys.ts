/** The command `evalmesh keys`: makes, shows, moves and renews the keys of a validator or miner; secrets are never printed. */
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { encodeSs58 } from '../../protocol/index.ts'
import { createHotkey, createValidatorKeys, loadHotkey } from '../home/keys.ts'
import { exportHome, importHome, renewKeys } from '../home/move.ts'
import { tellHome } from './backup.ts'
import { CliError, EXIT, print, printJson } from './output.ts'

export const addKeys = (program: Command): void => {
  const keys = program.command('keys').description('make, show, move and renew keys')
  keys
    .command('new')
    .description('make the keys of a miner (a hotkey) or of a validator (and its node’s keys)')
    .requiredOption('--home <dir>', 'directory for the keys; existing keys are never overwritten')
    .option('--validator', 'also session, sealing and peer keys')
    .option('--scheme <name>', 'sr25519, as Bittensor’s own tools have it, or ed25519', 'sr25519')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  evalmesh keys new --home ./miner\n  evalmesh keys new --home ./anna --validator\n',
    )
    .action(async (o: { home: string; validator?: boolean; scheme: string; json?: boolean }) => {
      const { scheme } = o
      if (scheme !== 'sr25519' && scheme !== 'ed25519')
        throw new CliError({ exitCode: EXIT.usage, message: `no scheme ${scheme}; there is sr25519, ed25519` })
      const hotkey = o.validator
        ? (await createValidatorKeys(o.home, scheme)).hotkey
        : await createHotkey(o.home, scheme)
      const shown = { hotkey: hotkey.publicKey, ss58: encodeSs58(hotkey.publicKey) }
      if (o.json) printJson(shown)
      else print(`${shown.ss58}\nkeys written to ${o.home} (keep hotkey.json; nobody can restore it)`)
    })
  keys
    .command('show')
    .description('show the public hotkey of a home directory, or of a Bittensor wallet’s file')
    .option('--home <dir>', 'directory with the keys')
    .option('--hotkey <file>', 'a hotkey’s file, such as ~/.bittensor/wallets/NAME/hotkeys/NAME')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  evalmesh keys show --home ./anna\n  evalmesh keys show --hotkey ~/.bittensor/wallets/anna/hotkeys/default\n',
    )
    .action(async (o: { home?: string; hotkey?: string; json?: boolean }) => {
      if ((o.home === undefined) === (o.hotkey === undefined))
        throw new CliError({ exitCode: EXIT.usage, message: 'give --home or --hotkey' })
      const { publicKey, scheme } = await loadHotkey(o.home ?? '', o.hotkey)
      const shown = { hotkey: publicKey, ss58: encodeSs58(publicKey), scheme }
      if (o.json) printJson(shown)
      else print(shown.ss58)
    })
  addExport(keys)
  addImport(keys)
  addRenew(keys)
}

const addExport = (keys: Command): void => {
  keys
    .command('export')
    .description('write a stopped validator’s whole home to one file, and lock it: it never starts here again')
    .requiredOption('--home <dir>', 'the validator’s home')
    .requiredOption('--out <file>', 'the new file; it holds the keys')
    .option('--again', 'the file of an earlier export is lost, and was never imported')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The file holds keys, configuration, and everything that this validator has ever voted: who starts from it cannot vote against itself.

Example:
  evalmesh keys export --home ./erik --out /mnt/usb/erik.evalmesh`,
    )
    .action(async (o: { home: string; out: string; again?: boolean; json?: boolean }) => {
      const [home, out] = [resolve(o.home), resolve(o.out)]
      const { hotkey, files } = await exportHome({ home, out, isAgain: o.again ?? false })
      const shown = { hotkey, out, files: files.length, bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) }
      if (o.json) return printJson(shown)
      print(`${hotkey}\n${shown.files} files, ${shown.bytes} bytes in ${out}; ${home} is locked`)
      print(`next, on the other host: evalmesh keys import ${basename(out)} --home DIR`)
    })
}

const addImport = (keys: Command): void => {
  keys
    .command('import')
    .description('make a home from an exported one; the file is removed, for it may be started only once')
    .argument('<file>', 'what `evalmesh keys export` wrote')
    .requiredOption('--home <dir>', 'the new home')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  evalmesh keys import ./erik.evalmesh --home ./erik\n')
    .action(async (file: string, o: { home: string; json?: boolean }) => {
      const home = resolve(o.home)
      const { hotkey } = await importHome({ file: resolve(file), home })
      await tellHome({ home, hotkey, json: o.json ?? false })
    })
}

const addRenew = (keys: Command): void => {
  keys
    .command('renew')
    .description('new session keys for a stopped validator whose store is lost, damaged or from a backup')
    .requiredOption('--home <dir>', 'the validator’s home')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The node then follows until the chain’s next epoch seats its new keys. The hotkey stays.

Example:
  evalmesh keys renew --home ./erik`,
    )
    .action(async (o: { home: string; json?: boolean }) => {
      const aside = await renewKeys(resolve(o.home))
      if (o.json) return printJson({ home: resolve(o.home), aside })
      print('new session keys; they get their seat at the next epoch')
      if (aside !== null) print(`the damaged store was set aside: ${aside}`)
    })
}
