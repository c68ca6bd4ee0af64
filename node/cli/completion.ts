/** The command `evalmesh completion`: scripts that complete commands and options, made from the very table of commands. */
import type { Command } from 'commander'
import { CliError, EXIT, print } from './output.ts'

/** A command by its words (`audit verify`) and what may follow it. */
type Words = { readonly path: string; readonly next: readonly string[] }

const wordsOf = (command: Command, path: readonly string[]): readonly Words[] => {
  const children = command.commands.map((child) => child.name())
  const options = command.options.flatMap(({ long }) => long ?? [])
  const here = { path: path.join(' '), next: [...children, ...options, '--help'] }
  return [here, ...command.commands.flatMap((child) => wordsOf(child, [...path, child.name()]))]
}

const bash = (table: readonly Words[]): string => `_evalmesh() {
  local word path="" cur="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${table.flatMap(({ path }) => (path === '' ? [] : `"${path}"`)).join('|')}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${table.map(({ path, next }) => `    "${path}") COMPREPLY=($(compgen -W "${next.join(' ')}" -- "$cur")) ;;`).join('\n')}
  esac
}
complete -o default -F _evalmesh evalmesh`

const zsh = (table: readonly Words[]): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(table)}`

const fish = (table: readonly Words[]): string =>
  table
    .map(({ path, next }) => {
      const words = path.split(' ').filter((word) => word !== '')
      const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
      const condition = words.length === 0 ? '__fish_use_subcommand' : seen
      return `complete -c evalmesh -n '${condition}' -a '${next.join(' ')}'`
    })
    .join('\n')

const SHELLS: ReadonlyMap<string, (table: readonly Words[]) => string> = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
])

export const addCompletion = (program: Command): void => {
  program
    .command('completion')
    .description('print a script that completes commands and options in your shell')
    .argument('<shell>', [...SHELLS.keys()].join(', '))
    .addHelpText('after', '\nExample:\n  eval "$(evalmesh completion bash)"')
    .action((shell: string) => {
      const script = SHELLS.get(shell)
      if (script === undefined) {
        const message = `no completion for ${shell}; there is one for ${[...SHELLS.keys()].join(', ')}`
        throw new CliError({ exitCode: EXIT.usage, message })
      }
      print(script(wordsOf(program, [])))
    })
}
