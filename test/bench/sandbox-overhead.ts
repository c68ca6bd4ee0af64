/** What one sandboxed run costs from its start to its result, beside what the engine's own tool takes for an empty one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { ownRoot, socketOf } from '../../sandbox/engine/daemon.ts'
import { connectDocker } from '../../sandbox/engine/docker/connect.ts'
import { toBubblewrapArgs } from '../../sandbox/engine/policy.ts'
import { toBpf } from '../../sandbox/engine/seccomp.ts'
import type { SeccompArch } from '../../sandbox/engine/seccomp-calls.ts'
import { basePolicy, defaultCacheDirectory, type Engine, imageDirectory } from '../../sandbox/index.ts'
import { SANDBOX_UID } from '../../sandbox/limits.ts'
import { stockEngine } from '../../sandbox/referee/ahead.ts'
import { median, type Row, round } from './harness.ts'
import { type EngineName, withEngine } from './sandbox-setup.ts'

const ARGV = ['/usr/bin/true'] as const
const SPEC = { name: 'overhead', argv: ARGV, mounts: [], env: {}, policy: basePolicy }

const msOf = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const runOurs = async (engine: Engine): Promise<void> => {
  const sandbox = await engine.start(SPEC)
  sandbox.stdin.end()
  sandbox.stdout.resume()
  const { code, stderr } = await sandbox.exited
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`)
}

const rootfs = (): string => join(imageDirectory(defaultCacheDirectory()), 'rootfs')

/** bwrap without a wall of ours: no filter, no limit, not an ordinary user. */
const runBwrap = async (): Promise<void> => {
  const usr = join(rootfs(), 'usr')
  const root = ['--ro-bind', usr, '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib']
  const rest = ['--symlink', 'usr/lib64', '/lib64', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp']
  const child = spawn('bwrap', ['--unshare-all', '--die-with-parent', ...root, ...rest, ...ARGV], { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`bwrap ended with ${code}`)
}

const FILTER_FD = 3
const STATUS_FD = 4
/** Groups to make, limits as FILE=TEXT to set in them, the image, and a command behind both that is root no more. */
const WALLS = `
mkdir $1
for limit in $2; do echo "\${limit#*=}" >"\${limit%%=*}"; done
code=0
(
  for group in $1; do echo $BASHPID >"$group/cgroup.procs"; done
  mount --bind "$3" /mnt
  shift 3
  exec setpriv --reuid=${SANDBOX_UID} --regid=${SANDBOX_UID} --clear-groups --bounding-set=-all --no-new-privs --inh-caps=-all --pdeathsig KILL "$@"
) || code=$?
rmdir $1
exit $code
`

/** A control group beside those of our engine, which has made their folder, and its limits. */
const groupFromShell = () => {
  const { memoryBytes, pidsMax, cpus } = basePolicy
  const quota = cpus * 100_000
  const group = (root: string): string => join('/sys/fs/cgroup', root, 'evalmesh', `bench-${process.pid}`)
  const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers')
  const limits = isUnified
    ? { 'memory.max': memoryBytes, 'pids.max': pidsMax, 'cpu.max': quota }
    : { 'memory.limit_in_bytes': memoryBytes, 'pids.max': pidsMax, 'cpu.cfs_quota_us': quota }
  const folderOf = (file: string): string => group(isUnified ? '' : (file.split('.')[0] ?? ''))
  return {
    folders: [...new Set(Object.keys(limits).map(folderOf))].join(' '),
    limits: Object.entries(limits)
      .map(([file, value]) => `${join(folderOf(file), file)}=${value}`)
      .join(' '),
  }
}

/** The walls that our engine builds, as a shell script builds them with the machine's own tools; as an ordinary user those that bwrap has. */
const wallsFromShell = ({ strength }: Engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-bench-'))
  const file = join(folder, 'filter')
  writeFileSync(file, toBpf(process.arch as SeccompArch, 'closed'))
  const isGrouped = strength.memory === 'cgroup'
  const image = isGrouped ? '/mnt' : rootfs()
  const { options, command } = toBubblewrapArgs({
    spec: SPEC,
    system: ['usr', 'etc'].map((name) => ({ source: join(image, name), target: `/${name}` })),
    mounts: [],
    seccompFd: FILTER_FD,
    statusFd: STATUS_FD,
    rlimitsAlone: !isGrouped,
  })
  const bwrap = [...options, '--', ...command]
  const { folders, limits } = groupFromShell()
  const shell = ['bash', '--norc', '-ec', WALLS, 'walls', folders, limits, rootfs(), 'bwrap', ...bwrap]
  const [program, args] = isGrouped ? ['unshare', ['--mount', '--propagation', 'private', ...shell]] : ['bwrap', bwrap]
  return {
    run: async (): Promise<void> => {
      const [filter, nowhere] = [openSync(file, 'r'), openSync('/dev/null', 'w')]
      const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'ignore', 'ignore', filter, nowhere] })
      for (const fd of [filter, nowhere]) closeSync(fd)
      const [code] = await once(child, 'exit')
      if (code !== 0) throw new Error(`bwrap behind its walls ended with ${code}`)
    },
    close: () => rmSync(folder, { recursive: true }),
  }
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

type Baseline = { readonly name: string; readonly run: () => Promise<void>; readonly close?: () => void }

/** What the same engine's own tools take; the first is what the target is about. */
const baselinesOf = async (name: EngineName, engine: Engine): Promise<readonly [Baseline, ...Baseline[]]> => {
  if (name === 'bubblewrap') {
    return [
      { name: 'the same walls from a shell, ms', ...wallsFromShell(engine) },
      { name: 'bwrap without a wall of ours, ms', run: runBwrap },
    ]
  }
  const path = socketOf(ownRoot(join(defaultCacheDirectory(), 'docker'), name), name)
  const { docker } = await connectDocker(existsSync(path) ? { kind: 'unix', path } : undefined, name)
  return [
    { name: 'the engine’s own calls, ms', run: () => runContainer(docker, `evalmesh-image-${engine.imageDigest}`) },
  ]
}

/** Medians of runs in turns. */
export const measureOverhead = async (name: EngineName, o: { readonly runs: number }): Promise<readonly Row[]> => {
  const row = { name: `start to result on ${name}`, unit: 'ms' }
  const measured = await withEngine(name, async (engine) => {
    const baselines = await baselinesOf(name, engine)
    const ours: number[] = []
    const own = baselines.map((): number[] => [])
    try {
      for (let run = -1; run < o.runs; run += 1) {
        const times = [await msOf(() => runOurs(engine))]
        for (const baseline of baselines) times.push(await msOf(baseline.run))
        // The first of each warms what all use.
        if (run < 0) continue
        for (const [index, list] of [ours, ...own].entries()) list.push(times[index] ?? Number.NaN)
      }
    } finally {
      for (const { close } of baselines) close?.()
    }
    return {
      ours: median(ours),
      own: baselines.map((one, index) => ({ name: one.name, ms: median(own[index] ?? []) })),
    }
  })
  if (typeof measured === 'string') {
    const none = { value: null, beside: null, besideName: '', ratio: null, met: null }
    return [{ ...row, ...none, target: '≤ 1.2 × beside', why: measured }]
  }
  return measured.own.map(({ name: besideName, ms }, index) => {
    const ratio = measured.ours / ms
    const judged = index === 0 ? { target: '≤ 1.2 × beside', met: ratio <= 1.2 } : { target: 'none', met: null }
    const why = index === 0 ? {} : { why: 'for comparison' }
    return {
      ...row,
      value: round(measured.ours),
      beside: round(ms),
      besideName,
      ratio: round(ratio),
      ...judged,
      ...why,
    }
  })
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
