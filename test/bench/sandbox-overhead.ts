/** What one sandboxed run costs from its start to its result, beside what the engine's own tool takes for an empty one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { ownRoot, socketOf } from '../../sandbox/engine/daemon.ts'
import { connectDocker } from '../../sandbox/engine/docker/connect.ts'
import { basePolicy, defaultCacheDirectory, type Engine, imageDirectory } from '../../sandbox/index.ts'
import { stockEngine } from '../../sandbox/referee/ahead.ts'
import { median, type Row, round } from './harness.ts'
import { type EngineName, withEngine } from './sandbox-setup.ts'

const ARGV = ['/usr/bin/true'] as const

const msOf = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const runOurs = async (engine: Engine): Promise<void> => {
  const sandbox = await engine.start({ name: 'overhead', argv: ARGV, mounts: [], env: {}, policy: basePolicy })
  sandbox.stdin.end()
  sandbox.stdout.resume()
  const { code, stderr } = await sandbox.exited
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`)
}

/** bwrap alone: the same namespaces and root, no limits. */
const runBwrap = async (): Promise<void> => {
  const usr = join(imageDirectory(defaultCacheDirectory()), 'rootfs/usr')
  const root = ['--ro-bind', usr, '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib']
  const rest = ['--symlink', 'usr/lib64', '/lib64', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp']
  const child = spawn('bwrap', ['--unshare-all', '--die-with-parent', ...root, ...rest, ...ARGV], { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`bwrap ended with ${code}`)
}

/** create, start, wait and remove of an engine's API, of a container that is asked for nothing else. */
const runContainer = async (docker: Docker, image: string): Promise<void> => {
  const container = await docker.createContainer({
    Image: image,
    Cmd: [...ARGV],
    HostConfig: { NetworkMode: 'none' },
  })
  const ended = container.wait({ condition: 'next-exit' }) as Promise<unknown>
  await container.start()
  await ended
  await container.remove({ force: true })
}

/** Of the same engine that ours runs on. */
const baselineOf = async (name: EngineName, engine: Engine): Promise<() => Promise<void>> => {
  if (name === 'bubblewrap') return runBwrap
  const path = socketOf(ownRoot(join(defaultCacheDirectory(), 'docker'), name), name)
  const { docker } = await connectDocker(existsSync(path) ? { kind: 'unix', path } : undefined, name)
  return () => runContainer(docker, `evalmesh-image-${engine.imageDigest}`)
}

/** Medians of runs in turns. */
export const measureOverhead = async (name: EngineName, o: { readonly runs: number }): Promise<Row> => {
  const row = { name: `start to result on ${name}`, unit: 'ms', besideName: 'the engine’s own tool, ms' }
  const target = '≤ 1.2 × beside'
  const measured = await withEngine(name, async (engine) => {
    const runOwn = await baselineOf(name, engine)
    const [ours, own]: [number[], number[]] = [[], []]
    for (let run = -1; run < o.runs; run += 1) {
      const [ourMs, ownMs] = [await msOf(() => runOurs(engine)), await msOf(runOwn)]
      // The first of each warms what both use.
      if (run < 0) continue
      ours.push(ourMs)
      own.push(ownMs)
    }
    return { ours: median(ours), own: median(own) }
  })
  if (typeof measured === 'string')
    return { ...row, value: null, beside: null, ratio: null, target, met: null, why: measured }
  const ratio = measured.ours / measured.own
  return {
    ...row,
    value: round(measured.ours),
    beside: round(measured.own),
    ratio: round(ratio),
    target,
    met: ratio <= 1.2,
  }
}

/** Says that it is warm, waits for a question, answers it. */
const WARM_ARGV = [
  '/usr/bin/python3',
  '-I',
  '-B',
  '-c',
  'import numpy; print("ready", flush=True); input(); print("done", flush=True)',
] as const

/** From the call of `start` to the answer of a program that has NumPy. */
const answerOnce = async (engine: Engine): Promise<number> => {
  const spec = { name: 'stock', argv: WARM_ARGV, mounts: [], env: {}, policy: basePolicy }
  let said = ''
  const ms = await msOf(async () => {
    const sandbox = await engine.start(spec)
    sandbox.stdin.write('go\n')
    for await (const chunk of sandbox.stdout) {
      said += chunk
      if (said.includes('done')) break
    }
    void sandbox.kill()
    await sandbox.exited
  })
  if (!said.includes('done')) throw new Error(`it said ${said}`)
  return ms
}

/** A start whose sandbox stood ready, beside one that did not. */
export const measureStock = async (name: EngineName, o: { readonly runs: number }): Promise<Row> => {
  const row = { name: `start to result on ${name}, started ahead`, unit: 'ms', besideName: 'not started ahead, ms' }
  const target = '≤ 150 ms'
  const measured = await withEngine(name, async (engine) => {
    const [ahead, cold]: [number[], number[]] = [[], []]
    for (let run = 0; run < o.runs; run += 1) {
      const spec = { name: 'stock', argv: WARM_ARGV, mounts: [], env: {}, policy: { ...basePolicy, wallMs: 600_000 } }
      const stocked = stockEngine(engine, spec, 1)
      await stocked.stocked
      ahead.push(await answerOnce(stocked))
      cold.push(await answerOnce(engine))
    }
    return { ahead: median(ahead), cold: median(cold) }
  })
  if (typeof measured === 'string')
    return { ...row, value: null, beside: null, ratio: null, target, met: null, why: measured }
  const { ahead, cold } = measured
  return { ...row, value: round(ahead), beside: round(cold), ratio: round(ahead / cold), target, met: ahead <= 150 }
}
