/** Real validators in network namespaces keep the simulator's promises through kill −9, SIGSTOP, moves, partitions and loss. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lackOf } from '../chaos/network.ts'
import { drawPlan, FAULT_KINDS } from '../chaos/plan.ts'
import type { ChaosReport } from '../chaos/report.ts'
import { orphanedGroups, processesWith } from './leftovers.ts'
import { lastJson } from './mesh-process.ts'

const main = fileURLToPath(new URL('../chaos/main.ts', import.meta.url))
const lack = await lackOf()
const options = lack === null ? {} : { skip: lack }

/** Three episodes: one process suffers in each, and there are three ways. */
const MINUTES = 1.5
const VALIDATORS = 5

/** The first whose plan for so short a run has a fault of every kind. */
const seed = Array.from({ length: 1_000 }, (_, index) => index + 1).find((one) => {
  const plan = drawPlan({ seed: one, validators: VALIDATORS, ms: MINUTES * 60_000, kinds: FAULT_KINDS })
  return FAULT_KINDS.every((kind) => plan.some((fault) => fault.kind === kind))
})

assert.ok(seed !== undefined, 'a longer run has a fault of every kind')

const FLAGS = ['--minutes', `${MINUTES}`, '--validators', `${VALIDATORS}`, '--seed', `${seed}`, '--json']

type End = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs it in a folder of its own; `interruptAt` is the line of progress at which it gets SIGINT. Then nothing of it may be there. */
const run = async (interruptAt: RegExp | null): Promise<End> => {
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-e2e-chaos-'))
  const mark = randomUUID()
  const groupsBefore = new Set(orphanedGroups())
  const linksBefore = Object.keys(networkInterfaces())
  const env = { ...process.env, TMPDIR: dir, EVALMESH_TEST_MARK: mark }
  const child = spawn(process.execPath, [main, ...FLAGS], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    const isFirst = !lines.some((one) => interruptAt?.test(one))
    lines.push(line)
    if (isFirst && interruptAt?.test(line)) child.kill('SIGINT')
  })
  try {
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.deepEqual(processesWith(`EVALMESH_TEST_MARK=${mark}`), [], 'no process is left')
    assert.deepEqual(
      orphanedGroups().filter((group) => !groupsBefore.has(group)),
      [],
      'no sandbox is left',
    )
    assert.deepEqual(Object.keys(networkInterfaces()), linksBefore, 'the host’s own network is as it was')
    assert.deepEqual(await readdir(dir), ['evalmesh-timing.lock'], 'no temporary file is left')
    return { code: child.exitCode, stdout, stderr: lines.join('\n') }
  } finally {
    child.kill('SIGKILL')
    await rm(dir, { recursive: true })
  }
}

test(
  'five validators under every kind of fault break no promise, agree again after it, and leave nothing behind',
  options,
  async () => {
    const { code, stdout, stderr } = await run(null)
    assert.equal(code, 0, `${stdout}\n${stderr}`)
    const report = lastJson<ChaosReport>(stdout)
    assert.deepEqual(report.violations, [])
    const { kill, stop, move, partition, lossSeconds } = report.faults
    assert.ok(kill > 0 && stop > 0 && move > 0 && partition > 0 && lossSeconds > 0, JSON.stringify(report.faults))
    assert.ok(report.rounds.decided > 0 && report.weights > 0, stdout)
    for (const [name, times] of Object.entries(report.checkers)) {
      if (name !== 'justified-voids') assert.ok(times > 0, `${name} has seen nothing`)
    }
  },
)

test('SIGINT in the middle ends it with 130 and leaves nothing behind', options, async () => {
  const { code, stdout, stderr } = await run(/ is up /)
  assert.equal(code, 130, stderr)
  assert.equal(stdout, '')
})
