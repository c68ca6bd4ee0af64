/** A small clean project in a temporary folder, under the real rules of this repository, in which faults can be planted. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const top = join(import.meta.dirname, '..', '..')

/** Files by their path in the project. */
export type Files = Readonly<Record<string, string>>

/** One file a floor, each used by the floor above: nothing in it may be reported by any gate. */
export const cleanFiles: Files = {
  'docs/PROTOCOL.md': '# Protocol\n\n- **R-1** One is one.\n',
  'protocol/index.ts': "/** The public surface of the rules. */\nexport { one } from './one.ts'\n",
  'protocol/one.ts': '/** The number one. */\n\n/** R-1: one is one. */\nexport const one = 1\n',
  'sandbox/index.ts':
    "/** The public surface of the sandbox. */\nimport { one } from '../protocol/index.ts'\n\n/** Two. */\nexport const two = one + one\n",
  'node/main.ts':
    "/** The command line. */\nimport { two } from '../sandbox/index.ts'\n\nprocess.stdout.write(String(two))\n",
  'node/setup/bootstrap.mjs': '/** Starts nothing here. */\n',
  'node/setup/run-tests.ts': '/** Runs nothing here. */\n',
  'test/one.test.ts':
    "/** One is what it says. */\nimport { equal } from 'node:assert/strict'\nimport { test } from 'node:test'\nimport { one } from '../protocol/one.ts'\n\ntest('one is one', () => equal(one, 1))\n",
}

/** Writes `files` over the clean ones, hands the folder to `use` and removes it afterwards. */
export function withProject<T>(files: Files, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-gate-'))
  try {
    for (const name of ['biome.json', 'knip.json', 'tsconfig.json', 'package.json']) {
      copyFileSync(join(top, name), join(folder, name))
    }
    symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'))
    for (const [path, text] of Object.entries({ ...cleanFiles, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    copyFileSync(join(top, 'test', 'tidy.test.ts'), join(folder, 'test', 'tidy.test.ts'))
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs one tool of the gate in `folder` as `npm run check` does, by its name in node_modules/.bin. */
export function runTool(folder: string, tool: string, args: readonly string[]): { exitCode: number; output: string } {
  // NODE_TEST_CONTEXT would make an inner `node --test` report to the outer runner instead of to us.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const path = `${join(top, 'node_modules', '.bin')}:${process.env['PATH']}`
  const { status, stdout, stderr } = spawnSync(tool, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, PATH: path, NO_COLOR: '1' },
    maxBuffer: 64 << 20,
  })
  return { exitCode: status ?? 1, output: `${stdout}${stderr}` }
}
