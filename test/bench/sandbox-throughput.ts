/** How fast a program runs in a sandbox and outside it: the same interpreter and libraries, in turns on one machine. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { basePolicy, defaultCacheDirectory, imageDirectory } from '../../sandbox/index.ts'
import { median, type Row, round } from './harness.ts'
import { type EngineName, withEngine } from './sandbox-setup.ts'

/** A piece of work for each line that comes in: compression, arrays and Python itself. It answers with its ns. */
const PROGRAM = `
import sys, time, zlib
import numpy as np
data = (np.arange(1 << 17, dtype=np.uint32) * 2654435761 >> 13).astype("<u2").tobytes()
def piece():
    zlib.compress(data, 1)
    np.sort(np.frombuffer(data, dtype="<u2"))
    sum(value * value for value in range(60_000))
piece()
print("ready", flush=True)
for line in sys.stdin:
    started = time.perf_counter_ns()
    for _ in range(int(line)):
        piece()
    print(time.perf_counter_ns() - started, flush=True)
`

const ARGV = ['/usr/bin/python3', '-I', '-B', '-c', PROGRAM] as const

type Worker = { readonly run: (pieces: number) => Promise<number>; readonly end: () => Promise<unknown> | unknown }

const talk = async (stdin: Writable, stdout: Readable, end: Worker['end']): Promise<Worker> => {
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the program ended')
    return value
  }
  await next()
  const run = async (pieces: number): Promise<number> => {
    stdin.write(`${pieces}\n`)
    return Number(await next())
  }
  return { run, end }
}

/** The image's own Python, with nothing around it but another root: the same files, the same libraries. */
const startBare = (): Promise<Worker> => {
  const rootfs = join(imageDirectory(defaultCacheDirectory()), 'rootfs')
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  const child = spawn('/usr/sbin/chroot', [rootfs, ...ARGV], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  return talk(child.stdin, child.stdout, () => child.kill('SIGKILL'))
}

/** Median over pairs of bare time / sandboxed time; more than one core's worth of either is not asked for. */
export const measureThroughput = async (
  name: EngineName,
  o: { readonly pairs: number; readonly pieces: number },
): Promise<Row> => {
  const row = { name: `throughput on ${name}`, unit: 'of a bare process', besideName: 'the same job outside, ms' }
  const measured = await withEngine(name, async (engine) => {
    const policy = { ...basePolicy, wallMs: 600_000 }
    const sandbox = await engine.start({ name: 'throughput', argv: ARGV, mounts: [], env: {}, policy })
    const inside = await talk(sandbox.stdin, sandbox.stdout, () => sandbox.kill())
    const bare = await startBare()
    try {
      const pairs: { readonly ratio: number; readonly bareMs: number }[] = []
      for (let pair = 0; pair < o.pairs; pair += 1) {
        // A B B A: what drifts during a pair meets both alike.
        const [first, second] = pair % 2 === 0 ? [inside, bare] : [bare, inside]
        const times = [first, second, second, first].map((worker) => async () => worker.run(o.pieces))
        const [a = 0, b = 0, c = 0, d = 0] = await inTurns(times)
        const [insideNs, bareNs] = pair % 2 === 0 ? [a + d, b + c] : [b + c, a + d]
        pairs.push({ ratio: bareNs / insideNs, bareMs: bareNs / 2e6 })
      }
      return pairs
    } finally {
      await inside.end()
      await bare.end()
    }
  })
  const target = '≥ 0.98'
  if (typeof measured === 'string')
    return { ...row, value: null, beside: null, ratio: null, target, met: null, why: measured }
  const ratio = median(measured.map((pair) => pair.ratio))
  const beside = round(median(measured.map((pair) => pair.bareMs)))
  return { ...row, value: round(ratio, 4), beside, ratio: round(ratio, 4), target, met: ratio >= 0.98 }
}

const inTurns = async <T>(works: readonly (() => Promise<T>)[]): Promise<T[]> => {
  const results: T[] = []
  for (const work of works) results.push(await work())
  return results
}
