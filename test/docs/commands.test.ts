/** Holds every command that the documents and the help show to the command line itself: its name, its options, what it cannot do without. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../node/cli/program.ts'

/** `isWhole`: stands alone on its line, to be typed as it is; others are named in a sentence. */
type Shown = { readonly where: string; readonly line: string; readonly isWhole: boolean }

const DOCUMENTS = ['README.md', ...globSync('docs/**/*.md').toSorted()]

/** After the last `evalmesh`, or what stands for it in a checkout; up to a comment, a pipe or the next command. */
const COMMAND = /^(?:.*\s)?(?:evalmesh (?:-- )?|npm run (?:-s )?(?=demo))([a-z].*?)(?:\s(?:\s|#|>|\||&&).*)?$/

const wholeLines = (where: string, text: string): readonly Shown[] =>
  text
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => /^\s*(?:evalmesh|npm run (?:-s )?demo|\w+=\S+ evalmesh|runuser .* evalmesh) /.test(line))
    .map((line) => ({ where, line: line.trim(), isWhole: true }))

const shownIn = (path: string): readonly Shown[] => {
  const text = readFileSync(path, 'utf8')
  const fences = [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  const prose = text.replaceAll(/^```\w*\n[\s\S]*?^```$/gm, '')
  const named = [...prose.matchAll(/`((?:evalmesh|npm run (?:-s )?demo)\s[^`]*)`/g)].map(([, code = '']) => code)
  return [
    ...fences.flatMap((block) => wholeLines(path, block)),
    ...named.map((code) => ({ where: path, line: code.replaceAll(/\s+/g, ' '), isWhole: false })),
  ]
}

const helpOf = (command: Command): string => {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
  return text
}

const allOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(allOf)]

const helpExamples = (): readonly Shown[] =>
  allOf(createProgram()).flatMap((command) => wholeLines(`${command.name()} --help`, helpOf(command)))

/** What is wrong with a command that is shown, or null. */
const faultOf = ({ line, isWhole }: Shown): string | null => {
  const words = (COMMAND.exec(line)?.[1] ?? '').split(' ').filter((word) => word !== '--' && word !== '--help')
  let command = createProgram()
  for (let next = command.commands.find((each) => each.name() === words[0]); next !== undefined; ) {
    command = next
    words.shift()
    next = command.commands.find((each) => each.name() === words[0])
  }
  if (command.parent === null) return 'no such command'
  const { operands, unknown } = command.parseOptions(words)
  if (unknown.length > 0) return `${command.name()} has no ${unknown[0]}`
  const { registeredArguments: wanted } = command
  const isVariadic = wanted.some(({ variadic }) => variadic)
  if (operands.length > wanted.length && !isVariadic) return `${command.name()} takes no ${operands.at(-1)}`
  if (!isWhole) return null
  const { length: least } = wanted.filter(({ required }) => required)
  if (operands.length < least) return `${command.name()} wants ${least} arguments`
  const given = command.opts()
  const missing = command.options.find((option) => option.mandatory && given[option.attributeName()] === undefined)
  return missing === undefined ? null : `${command.name()} wants ${missing.long}`
}

const faultsOf = (shown: readonly Shown[]): readonly string[] =>
  shown.flatMap((one) => {
    const fault = faultOf(one)
    return fault === null ? [] : [`${one.where}: ${one.line}: ${fault}`]
  })

test('every command that a document shows is one, with the options that it shows', () => {
  const shown = DOCUMENTS.flatMap(shownIn)
  assert.ok(shown.length > 80 && shown.filter(({ isWhole }) => isWhole).length > 40, `only ${shown.length} were seen`)
  assert.deepEqual(faultsOf(shown), [])
})

test('every npm script that a document names is one', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Readonly<Record<string, string>> }
  const named = DOCUMENTS.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/npm run (?:-s )?([a-z]+)/g)]).map(
    ([, script = '']) => script,
  )
  assert.ok(new Set(named).size > 8)
  assert.deepEqual(
    named.filter((script) => !(script in scripts)),
    [],
  )
})

test('every example of a command’s help can be typed as it stands', () => {
  const shown = helpExamples()
  assert.ok(shown.length > 30, `only ${shown.length} were seen`)
  assert.deepEqual(faultsOf(shown), [])
})

test('a command that is none, a wrong option, a word too many and a missing option are found', () => {
  const fault = (line: string): string | null => faultOf({ where: '', line, isWhole: true })
  assert.equal(fault('evalmesh stauts'), 'no such command')
  assert.equal(fault('evalmesh status --apy http://127.0.0.1'), 'status has no --apy')
  assert.equal(fault('evalmesh status now'), 'status takes no now')
  assert.equal(fault('evalmesh submit --dry-run'), 'submit wants 1 arguments')
  assert.equal(fault('evalmesh audit verify --chain http://127.0.0.1'), 'verify wants --genesis')
  assert.equal(fault('npm run -s demo -- --json | tail -1'), null)
})
