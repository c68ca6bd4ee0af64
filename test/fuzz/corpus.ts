/** Inputs worth keeping, one small file each: those that reach code which others do not, and those that once broke a promise. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'corpus')

/** In the order of their names, which are made of their bytes. */
export const readCorpus = (target: string): readonly Uint8Array[] => {
  const path = join(folder, target)
  if (!existsSync(path)) return []
  const names = readdirSync(path).sort((a, b) => (a < b ? -1 : 1))
  return names.map((name) => Uint8Array.from(readFileSync(join(path, name))))
}

/** @returns the path of the file. */
export const keepInput = (target: string, input: Uint8Array): string => {
  const path = join(folder, target)
  mkdirSync(path, { recursive: true })
  const file = join(path, createHash('sha256').update(input).digest('hex').slice(0, 16))
  writeFileSync(file, input)
  return file
}
