/** The lock file installs everywhere: npm ci needs an entry even for packages of other platforms. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

type Entry = {
  readonly version?: string
  readonly resolved?: string
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const path = join(import.meta.dirname, '..', '..', 'package-lock.json')
const packages: Readonly<Record<string, Entry>> = JSON.parse(readFileSync(path, 'utf8')).packages

/** Where Node would find `name` from the package at `from`: in its own node_modules or in one above it. */
function isLocked(from: string, name: string): boolean {
  if (packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`]?.version !== undefined) return true
  return from !== '' && isLocked(from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1)), name)
}

test('every optional package of every platform has its entry', () => {
  const absent = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(from, name)),
  )
  assert.deepEqual(absent, [])
})

test('the entries name no host, so that each user installs from the registry of their own', () => {
  const hosts = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
  assert.deepEqual(hosts, [])
})

test('both processors of Linux find their compiler, linter and analyser', () => {
  for (const cpu of ['x64', 'arm64']) {
    for (const name of [
      `@biomejs/cli-linux-${cpu}`,
      `@typescript/typescript-linux-${cpu}`,
      `@oxc-parser/binding-linux-${cpu}-gnu`,
    ]) {
      assert.ok(packages[`node_modules/${name}`] !== undefined, name)
    }
  }
})
