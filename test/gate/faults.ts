/** The planted faults: for each gate, files that it must refuse and the words by which it must say so. */
import type { Files } from './project.ts'

/** One fault: the files that hold it and where and as what it must be reported. */
export type Fault = { readonly promise: string; readonly files: Files; readonly path: string; readonly rule: string }

const say = (sentence: string, code: string): string => `/** ${sentence} */\n${code}\n`

/** What Biome must refuse. */
export const biomeFaults: readonly Fault[] = [
  {
    promise: 'protocol/ does not import node/',
    path: 'protocol/up.ts',
    rule: 'noRestrictedImports',
    files: { 'protocol/up.ts': say('Looks up.', "import '../node/main.ts'") },
  },
  {
    promise: 'protocol/ imports no module of Node',
    path: 'protocol/reads.ts',
    rule: 'noRestrictedImports',
    files: { 'protocol/reads.ts': say('Reads.', "import 'node:fs'") },
  },
  {
    promise: 'protocol/ reads no clock',
    path: 'protocol/clock.ts',
    rule: 'noRestrictedGlobals',
    files: { 'protocol/clock.ts': say('Tells time.', '\n/** Now. */\nexport const now = () => Date.now()') },
  },
  {
    promise: 'sandbox/ does not import node/',
    path: 'sandbox/up.ts',
    rule: 'noRestrictedImports',
    files: { 'sandbox/up.ts': say('Looks up.', "import '../node/main.ts'") },
  },
  {
    promise: 'sandbox/ reaches into protocol/ only through its index',
    path: 'sandbox/deep.ts',
    rule: 'noRestrictedImports',
    files: { 'sandbox/deep.ts': say('Looks deep.', "import '../protocol/one.ts'") },
  },
  {
    promise: 'node/ reaches into sandbox/ only through its index',
    path: 'node/deep.ts',
    rule: 'noRestrictedImports',
    files: {
      'node/deep.ts': say('Looks deep.', "import '../sandbox/inner.ts'"),
      'sandbox/inner.ts': say('Is inside.', 'export {}'),
    },
  },
  {
    promise: 'node/ does not stand on test/',
    path: 'node/tested.ts',
    rule: 'noRestrictedImports',
    files: { 'node/tested.ts': say('Looks up.', "import '../test/one.test.ts'") },
  },
  {
    promise: 'no circle of imports, types included',
    path: 'node/circle/left.ts',
    rule: 'noImportCycles',
    files: {
      'node/circle/left.ts': say(
        'The left half.',
        "import type { Right } from './right.ts'\n\nexport type Left = Right",
      ),
      'node/circle/right.ts': say(
        'The right half.',
        "import type { Left } from './left.ts'\n\nexport type Right = Left",
      ),
    },
  },
  {
    promise: 'no default export',
    path: 'node/nameless.ts',
    rule: 'noDefaultExport',
    files: { 'node/nameless.ts': say('Has no name.', 'export default 1') },
  },
  {
    promise: 'no file over 400 lines',
    path: 'node/long.ts',
    rule: 'noExcessiveLinesPerFile',
    files: { 'node/long.ts': say('Is long.', 'process.stdout.write("")\n'.repeat(401)) },
  },
  {
    promise: 'no function over 70 lines',
    path: 'node/long-function.ts',
    rule: 'noExcessiveLinesPerFunction',
    files: {
      'node/long-function.ts': say('Is long.', `export function long() {\n${'  process.umask()\n'.repeat(71)}}`),
    },
  },
  {
    promise: 'no any',
    path: 'node/any.ts',
    rule: 'noExplicitAny',
    files: { 'node/any.ts': say('Is anything.', 'export const any: any = 1') },
  },
  {
    promise: 'no non-null assertion',
    path: 'node/sure.ts',
    rule: 'noNonNullAssertion',
    files: { 'node/sure.ts': say('Is sure.', "export const home = process.env['HOME']!.length") },
  },
  {
    promise: 'no interface',
    path: 'node/interface.ts',
    rule: 'useConsistentTypeDefinitions',
    files: { 'node/interface.ts': say('Is an interface.', 'export interface Wide {\n  wide: true\n}') },
  },
  {
    promise: 'no console outside tests',
    path: 'node/loud.ts',
    rule: 'noConsole',
    files: { 'node/loud.ts': say('Is loud.', "console.log('!')") },
  },
  {
    promise: 'no promise is left floating',
    path: 'node/floating.ts',
    rule: 'noFloatingPromises',
    files: { 'node/floating.ts': say('Floats.', 'const later = async () => 1\nlater()') },
  },
  {
    promise: 'every file name is kebab-case',
    path: 'node/CamelCase.ts',
    rule: 'useFilenamingConvention',
    files: { 'node/CamelCase.ts': say('Has a hump.', 'export {}') },
  },
  {
    promise: 'every file is formatted',
    path: 'node/ragged.ts',
    rule: 'format',
    files: { 'node/ragged.ts': say('Is ragged.', 'export const  ragged = 1;') },
  },
]

/** What the compiler must refuse. */
export const typeFaults: readonly Fault[] = [
  {
    promise: 'a string is no number',
    path: 'node/type.ts',
    rule: 'TS2322',
    files: { 'node/type.ts': say('Is wrong.', "export const one: number = 'one'") },
  },
  {
    promise: 'an element may be absent',
    path: 'test/absent.ts',
    rule: 'TS2322',
    files: { 'test/absent.ts': say('May be absent.', 'export const first = (all: number[]): number => all[0]') },
  },
  {
    promise: 'only syntax that can be erased',
    path: 'protocol/enum.ts',
    rule: 'TS1294',
    files: { 'protocol/enum.ts': say('Is an enum.', 'export enum Kind {\n  One,\n}') },
  },
]

/** What knip must report. */
export const unusedFaults: readonly Fault[] = [
  {
    promise: 'an export that nobody imports',
    path: 'sandbox/spare.ts',
    rule: 'spareExport',
    files: {
      'sandbox/spare.ts': say('Has a spare.', 'export const used = 1\nexport const spareExport = 2'),
      'test/spare.test.ts': say(
        'Uses one of two.',
        "import { used } from '../sandbox/spare.ts'\n\nprocess.exitCode = used - 1",
      ),
    },
  },
  {
    promise: 'a file that nobody imports',
    path: 'node/orphan.ts',
    rule: 'node/orphan.ts',
    files: { 'node/orphan.ts': say('Is an orphan.', 'export const orphan = 1') },
  },
]

/** What tidy must report, by the name of the test that must fail; each is planted alone. */
export const tidyFaults: readonly Fault[] = [
  {
    promise: 'a file without its sentence',
    path: 'node/silent.ts',
    rule: 'every file opens with one sentence',
    files: { 'node/silent.ts': 'export const silent = 1\n' },
  },
  {
    promise: 'a random number in the protocol',
    path: 'protocol/dice.ts',
    rule: 'nothing that could differ between two machines',
    files: { 'protocol/dice.ts': say('Throws dice.', 'export const dice = () => Math.random()') },
  },
  {
    promise: 'a rule that the protocol does not cite',
    path: 'docs/PROTOCOL.md',
    rule: 'every rule of docs/PROTOCOL.md is cited',
    files: { 'docs/PROTOCOL.md': '- **R-1** One is one.\n- **R-2** Two is two.\n' },
  },
  {
    promise: 'a citation of no rule',
    path: 'protocol/cites.ts',
    rule: 'every rule of docs/PROTOCOL.md is cited',
    files: { 'protocol/cites.ts': say('R-77: there is no such rule.', 'export {}') },
  },
  {
    promise: 'a breakpoint left behind',
    path: 'node/left-over.ts',
    rule: 'nothing is left over',
    files: { 'node/left-over.ts': say('Stops here.', ['debug', 'ger'].join('')) },
  },
]
