/** What the tests of real engines share: the image, a way to run one program to its end, and where engines must work. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import type { EngineStrength } from '../../../sandbox/engine/engine.ts'
import { readPhysicalCores } from '../../../sandbox/hosts/cores.ts'
import { buildImage } from '../../../sandbox/image/build.ts'
import { defaultCacheDirectory, type Image, imageDirectory } from '../../../sandbox/image/image.ts'
import {
  basePolicy,
  type Engine,
  type Policy,
  type RecipeName,
  type Sandbox,
  type SandboxExit,
} from '../../../sandbox/index.ts'

/** As root on Debian every engine can be made to run: a test that cannot is a failure there, elsewhere a skip. */
export const mustRun = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version')

/** Why tests of this engine cannot run here; null: they can. */
export function skipReason(program: 'podman' | 'runsc'): string | null {
  if (!mustRun) return 'needs root on Debian to start an engine of its own'
  return existsSync(`/usr/bin/${program}`) ? null : `${program} is not installed`
}

/** The last core of a machine with more than one. */
export function lastCore(): string | undefined {
  const cores = readPhysicalCores()
  return cores.length > 1 ? cores.at(-1)?.join(',') : undefined
}

/** What root gets of every engine, unless it is told to pin or to use another runtime. */
export const strong: EngineStrength = {
  memory: 'cgroup',
  cpu: 'cgroup',
  pids: 'cgroup',
  image: 'built',
  cores: 'shared',
  kernel: 'host',
  oom: 'reported',
}

/** The image of this version, from the same cache that a validator uses; built by the first test that needs it. */
export function testImage(recipe: RecipeName = 'numpy'): Promise<Image> {
  return buildImage({ recipe, directory: imageDirectory(defaultCacheDirectory(), recipe) })
}

const programs = join(import.meta.dirname, '../programs')

/** What to run: a file of `programs/` with arguments, or a line of Python. */
export type Program = {
  readonly file?: string
  readonly code?: string
  readonly args?: readonly string[]
  readonly policy?: Partial<Policy>
  readonly seccomp?: 'closed' | 'loopback'
  readonly cacheBytes?: number
  readonly env?: Readonly<Record<string, string>>
  readonly mounts?: readonly { readonly source: string; readonly target: string }[]
}

/** Starts a program of the tests. */
export function startProgram(engine: Engine, program: Program): Promise<Sandbox> {
  const { file, code = '', args = [], policy = {}, mounts = [], seccomp = 'closed', cacheBytes, env = {} } = program
  const what = file === undefined ? ['-c', code] : [`/programs/${file}`]
  return engine.start({
    name: 'test',
    argv: ['/usr/bin/python3', '-I', '-B', ...what, ...args],
    mounts: [{ source: programs, target: '/programs' }, ...mounts],
    env,
    policy: { ...basePolicy, memoryBytes: 256 * 1024 * 1024, wallMs: 20_000, ...policy },
    seccomp,
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  })
}

/** Runs a program of the tests to its end, with no input. */
export async function runProgram(engine: Engine, program: Program): Promise<SandboxExit & { stdout: string }> {
  const sandbox = await startProgram(engine, program)
  sandbox.stdin.end()
  const [stdout, exit] = await Promise.all([text(sandbox.stdout), sandbox.exited])
  return { ...exit, stdout }
}
