/** The command `evalmesh demo` keeps its promises: one JSON answer that is right, exit codes that tell, and nothing left behind. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DemoReport } from '../../node/demo/run.ts'
import { needsMetadata } from '../node/chain/subtensor/net.ts'
import { orphanedGroups, processesWith } from './leftovers.ts'
import { lastJson } from './mesh-process.ts'

const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))

type Demo = {
  readonly child: ChildProcess & { readonly pid: number }
  /** Resolves at the first line of progress that matches. */
  progress(pattern: RegExp): Promise<void>
  /** Resolves when it has ended. */
  end(): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

const startDemo = (variables: Readonly<Record<string, string>>, flags: readonly string[] = []): Demo => {
  // A group of its own, as a shell gives to what it runs: a terminal's Ctrl-C goes to the whole group.
  const child = spawn(process.execPath, [main, 'demo', '--json', '--engine', 'bubblewrap', ...flags], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const { pid } = child
  assert.ok(pid)
  const stdout = text(child.stdout)
  const closed = once(child, 'close')
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of waiting) look()
  }
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    tell()
  })
  void closed.then(tell)
  return {
    child: Object.assign(child, { pid }),
    progress: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines.some((line) => pattern.test(line))) resolve()
          else if (child.exitCode === null && child.signalCode === null) return
          else reject(new Error(`it ended before it said ${pattern}:\n${lines.join('\n')}`))
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    end: async () => {
      await closed
      return { code: child.exitCode, stdout: await stdout, stderr: lines.join('\n') }
    },
  }
}

/** Runs `use` on a demo with a folder for its temporary files; then nothing of it may be there. */
const leavesNothing = async (
  use: (demo: Demo, mark: string) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-e2e-demo-'))
  const mark = `EVALMESH_TEST_MARK=${randomUUID()}`
  const groupsBefore = new Set(orphanedGroups())
  const demo = startDemo({ TMPDIR: dir, EVALMESH_TEST_MARK: mark.slice(mark.indexOf('=') + 1) }, flags)
  try {
    await use(demo, mark)
    await demo.end()
    assert.deepEqual(processesWith(mark), [], 'no process is left')
    assert.deepEqual(
      orphanedGroups().filter((group) => !groupsBefore.has(group)),
      [],
      'no sandbox is left',
    )
    // The host's lock stays for the next: a lock file that is removed while somebody waits for it locks nothing.
    assert.deepEqual(await readdir(dir), ['evalmesh-timing.lock'], 'no temporary file is left')
  } finally {
    demo.child.kill('SIGKILL')
    await demo.end()
    await rm(dir, { recursive: true })
  }
}

const check = (report: DemoReport): void => {
  assert.deepEqual(Object.keys(report).sort(), ['caughtUp', 'chain', 'chainWeights', 'rounds', 'seconds'])
  assert.equal(report.rounds.length, 1)
  const [round] = report.rounds
  assert.ok(round)
  const { certificate, submissions, winner, weights } = round
  assert.deepEqual([round.competition, round.round], ['matrix-lossless', 1])
  assert.ok(certificate.height >= 3 && certificate.view >= 0)
  assert.match(certificate.digest, /^[0-9a-f]{64}$/)
  assert.ok(certificate.signers.length >= 3 && new Set(certificate.signers).size === certificate.signers.length)
  assert.ok(3n * BigInt(certificate.stake) > 2n * BigInt(certificate.total), 'more than two thirds have signed')

  const [baseline, planes, stash] = ['baseline', 'byte-planes', 'stash'].map((name) =>
    submissions.find((submission) => submission.name === name),
  )
  assert.ok(baseline && planes && stash && submissions.length === 3)
  assert.deepEqual([baseline.verdict, planes.verdict], ['pass', 'pass'])
  assert.ok(Math.abs(baseline.metric - 1) < 0.05, `the baseline is as good as itself: ${baseline.metric}`)
  assert.ok(planes.metric > 1.05, `byte planes are better by more than θ: ${planes.metric}`)
  assert.equal(winner, planes.id)
  assert.deepEqual([stash.verdict, stash.reason, stash.metric], ['miner', 'NOT_LOSSLESS', 0])
  for (const { id, miner, byValidator } of submissions) {
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.match(miner, /^5[1-9A-HJ-NP-Za-km-z]{47}$/)
    assert.ok(Object.keys(byValidator).length >= 3, 'a quorum of validators counts')
  }
  for (const own of Object.values(stash.byValidator)) {
    assert.deepEqual([own.verdict, own.reason], ['miner', 'NOT_LOSSLESS'])
  }
  for (const own of Object.values(planes.byValidator)) assert.ok(own.verdict === 'pass' && own.metric > 1.05)

  const rows = Object.entries(report.chainWeights)
  assert.equal(rows.length, 4)
  for (const [hotkey, row] of rows) {
    assert.match(hotkey, /^5[1-9A-HJ-NP-Za-km-z]{47}$/)
    assert.deepEqual(row, weights, 'all have set the same weights')
  }
  // The owner's uid gets what is burned, 90 %; the winner the rest, as a part of the largest.
  assert.deepEqual(weights.map(([, weight]) => weight)[0], 65_535)
  const [, [, paid] = [0, 0]] = weights
  assert.ok(weights.length === 2 && paid > 7_200 && paid <= 7_282, `a ninth, less a little decay: ${paid}`)
  const [caughtUp, ...more] = report.caughtUp
  assert.ok(caughtUp !== undefined && caughtUp in report.chainWeights && more.length === 0)
  assert.ok(report.seconds > 0)
}

test('the demo certifies a round in spite of a crash, answers with one JSON object, and leaves nothing behind', async () => {
  await leavesNothing(async (demo) => {
    const { code, stdout, stderr } = await demo.end()
    assert.equal(code, 0, stderr)
    const report = lastJson<DemoReport>(stdout)
    check(report)
    assert.deepEqual(report.chain, { kind: 'local', restarts: 0 })
  })
})

test(
  'the same over Subtensor’s own extrinsics, with a node that calls blocks final too early and all nodes restarted in the middle',
  needsMetadata,
  async () => {
    await leavesNothing(
      async (demo) => {
        const { code, stdout, stderr } = await demo.end()
        assert.equal(code, 0, stderr)
        const report = lastJson<DemoReport>(stdout)
        check(report)
        assert.deepEqual(report.chain, { kind: 'substrate', restarts: 1 })
        assert.match(stderr, /the chain is killed with SIGKILL/)
      },
      ['--chain', 'substrate'],
    )
  },
)

for (const { when, pattern, group, processes } of [
  { when: 'from a terminal, while the validators start,', pattern: /local chain at/, group: true, processes: 2 },
  { when: 'for the demo alone, while they measure,', pattern: /evaluates/, group: false, processes: 6 },
]) {
  test(`SIGINT ${when} ends the demo with 130 and leaves nothing behind`, async () => {
    await leavesNothing(async (demo, mark) => {
      await demo.progress(pattern)
      assert.ok(processesWith(mark).length >= processes, 'the demo and its children are seen')
      process.kill(group ? -demo.child.pid : demo.child.pid, 'SIGINT')
      const { code, stdout, stderr } = await demo.end()
      assert.equal(code, 130, stderr)
      assert.equal(stdout, '', 'an interrupted demo has no answer')
      assert.match(stderr, /interrupted; every process was ended/)
    })
  })
}
