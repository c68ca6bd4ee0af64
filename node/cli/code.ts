/** The command `evalmesh code`: a submission's code, once it is public. */
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { CodeView } from '../api/code.ts'
import { askApi } from './api-client.ts'
import { CliError, EXIT, print, printContent, printJson } from './output.ts'

type Flags = { readonly api: string; readonly out?: string; readonly json?: boolean }
type Open = Extract<CodeView, { kind: 'open' }>

const API = 'http://127.0.0.1:8080'

const run = async (id: string, flags: Flags): Promise<void> => {
  const code = await askApi<Open>(flags.api, `/submissions/${id}/code`, 'files')
  const [file] = code.files
  if (file === undefined) throw new CliError({ exitCode: EXIT.notFound, message: `${id} holds no file` })
  if (flags.out !== undefined) await writeFile(flags.out, file.content)
  if (flags.json) printJson(code)
  else if (flags.out === undefined) printContent(file.content.trimEnd())
  else print(`${file.path} of ${id} is in ${flags.out}`)
}

export const addCode = (program: Command): void => {
  program
    .command('code')
    .description('print a submission’s code; it is sealed for its first day')
    .argument('<id>', 'the submission’s id')
    .option('--out <file>', 'write it there instead')
    .option('--api <url>', 'a validator’s HTTP interface', API)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExit code 3: not known there; 7: still sealed, up to the block that it names.\n\nExample:\n  evalmesh code 39c343f6… --out leader.py\n`,
    )
    .action(run)
}
