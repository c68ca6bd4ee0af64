/** A case: a folder with `submission/`, whatever lies in it, and `expect.json` with the verdict that it must get. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { COMPETITIONS } from '../../protocol/index.ts'
import { toVerdict, type Verdict, verdictWords } from './words.ts'

/** What a case's author expects. */
export type Expectation = {
  readonly verdict: Verdict
  /** Any of these; a fault's code, or a text in the code or the line. Empty: the verdict alone counts. */
  readonly reasons: readonly string[]
  /** Ids of the competitions that it is a case of; null for all. */
  readonly competitions: readonly string[] | null
}

export type Case = {
  readonly name: string
  /** Absolute path of the folder that holds the submission; it need not exist, for an archive keeps no empty folder. */
  readonly submission: string
  /** Null, with `problem`, when expect.json cannot be read. */
  readonly expectation: Expectation | null
  readonly problem: string
}

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** @throws Error that says what is wrong with expect.json. */
export const parseExpectation = (text: string): Expectation => {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('it is no object')
  const { verdict, reason = [], competitions = null } = value as Record<string, unknown>
  const known = typeof verdict === 'string' ? toVerdict(verdict) : undefined
  if (known === undefined) {
    const words = Object.values(verdictWords).flat().join(', ')
    throw new Error(`verdict ${JSON.stringify(verdict)} is none of ${words}`)
  }
  const reasons = [reason ?? []].flat()
  if (!isStrings(reasons)) throw new Error('reason is a text or several')
  if (competitions !== null && !isStrings(competitions)) throw new Error('competitions is a list of ids')
  return { verdict: known, reasons, competitions }
}

const readCase = (folder: string, name: string): Case => {
  const submission = join(folder, 'submission')
  try {
    const expectation = parseExpectation(readFileSync(join(folder, 'expect.json'), 'utf8'))
    return { name, submission, expectation, problem: '' }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return { name, submission, expectation: null, problem: `expect.json: ${reason}` }
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/**
 * All cases below `dir`, sorted by name; `dir` may be a case itself. What is no folder is no case.
 * @throws Error when `dir` is not there.
 */
export const readEveryCase = (dir: string): readonly Case[] => {
  const top = resolve(dir)
  const isOne = existsSync(join(top, 'expect.json'))
  // A folder with a competition's name, also one with more behind it, holds cases of its own.
  const isOther = (name: string) => [...COMPETITIONS.keys()].some((id) => name === id || name.startsWith(`${id}-`))
  const isCase = (name: string) => !name.startsWith('.') && !isOther(name) && isFolder(join(top, name))
  const names = isOne ? [''] : readdirSync(top).filter(isCase)
  return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => readCase(join(top, name), name || basename(top)))
}

/** Those that are cases of this competition. @throws Error when `dir` is not there. */
export const readCases = (dir: string, competition: string): readonly Case[] =>
  readEveryCase(dir).filter(({ expectation }) => expectation?.competitions?.includes(competition) ?? true)
