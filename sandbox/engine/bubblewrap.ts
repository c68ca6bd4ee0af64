/** Runs sandboxes by bubblewrap: no daemon, tens of milliseconds a start; as root with control groups, else without. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import { reasonOf, SandboxError } from '../errors.ts'
import { basePolicy, SANDBOX_UID } from '../limits.ts'
import { ARGS_FD, bashOf, CLOSE_SCRIPT, SECCOMP_FD, STATUS_FD } from './bash.ts'
import { boundedReadable, boundedText } from './bounded.ts'
import { type Cgroup, type CgroupTree, openCgroupTree } from './cgroup.ts'
import type { Engine, EngineStrength, Sandbox, SandboxExit, SandboxSpec } from './engine.ts'
import { membersOf, signalAll, stopAll } from './freeze.ts'
import { DRIVER_FOLDER, findGpus, GPU_ENV, type GpuAccess } from './gpu.ts'
import { type ImageRoot, systemBinds } from './image-root.ts'
import { checkSpec, toBubblewrapArgs } from './policy.ts'
import { type SeccompProfile, toBpf } from './seccomp.ts'
import { auditArch, type SeccompArch } from './seccomp-calls.ts'
import { type Copies, stageCopies, sweepCopies } from './stage.ts'
import { type Entrance, openStage, PATH, type Stage } from './stage-namespace.ts'

/** A system call that takes longer was made to. */
const STOP_MS_MAX = 10_000

const asRoot = (): boolean => process.getuid?.() === 0

/** The whole command line; as root it first enters the stage and then becomes an ordinary user: bwrap maps root to root. */
function toCommand(entrance: Entrance | null, command: readonly string[]): [string, ...string[]] {
  const lower = ['--no-new-privs', '--inh-caps=-all', '--pdeathsig', 'KILL']
  const user = [`--reuid=${SANDBOX_UID}`, `--regid=${SANDBOX_UID}`, '--clear-groups', '--bounding-set=-all']
  const bwrap = ['bwrap', '--args', String(ARGS_FD), '--', ...command]
  if (entrance !== null) return [...entrance.prefix, 'setpriv', ...user, ...lower, ...bwrap]
  const [bash = 'bash', ...script] = bashOf(`${CLOSE_SCRIPT}\nexec "$@"`)
  return [bash, ...script, 'setpriv', ...lower, ...bwrap]
}

type Spawned = { readonly child: ChildProcess; readonly died: Promise<Death> }
type Death = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly failure?: string }

// Every descriptor is spawned as 'pipe', which the types of `spawn` know for the first three only.
const pipeOf = <T>(child: ChildProcess, fd: number): T => (child.stdio as readonly unknown[])[fd] as T

/** Starts the command line and hands bwrap its arguments and filter by descriptor: a command line is public. */
function spawnSandbox(command: readonly [string, ...string[]], options: readonly string[], filter: Buffer): Spawned {
  const [file, ...args] = command
  // bwrap's own first process keeps the environment it was started with, readable inside.
  const child = spawn(file, args, { env: PATH, cwd: '/', stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] })
  const { promise: died, resolve } = Promise.withResolvers<Death>()
  child.once('exit', (code, signal) => resolve({ code, signal }))
  child.once('error', (error) => resolve({ code: null, signal: null, failure: reasonOf(error) }))
  const feed = (fd: number, bytes: Buffer | string) => {
    const pipe = pipeOf<Writable>(child, fd)
    // A command that died early does not read its descriptors; its death is told elsewhere.
    pipe.on('error', () => undefined)
    pipe.end(bytes)
  }
  feed(ARGS_FD, options.map((option) => `${option}\0`).join(''))
  feed(SECCOMP_FD, filter)
  return { child, died }
}

type Running = {
  readonly spec: SandboxSpec
  readonly spawned: Spawned
  readonly cgroup: Cgroup | null
  readonly copies: Copies
}

/** Watches one spawned sandbox to its end; its clock runs from here. */
function watch({ spec, spawned, cgroup, copies }: Running): Sandbox {
  const { policy } = spec
  const { child, died } = spawned
  let ending: 'killed' | 'timeout' | 'output-limit' | null = null
  const end = (reason: 'killed' | 'timeout' | 'output-limit') => {
    ending ??= reason
    // The death of this one process takes bwrap and its whole pid namespace along; the group makes sure.
    child.kill('SIGKILL')
  }
  const clock = setTimeout(() => end('timeout'), policy.wallMs)
  const stdout = boundedReadable(child.stdout as Readable, policy.stdoutBytesMax, () => end('output-limit'))
  const stderr = boundedText(child.stderr as Readable, policy.stderrBytesMax, () => end('output-limit'))
  const stdin = child.stdin as Writable
  // EPIPE of a program that is gone or closed its input: `exited` tells.
  stdin.on('error', () => undefined)
  const finish = async (): Promise<SandboxExit> => {
    const { code, signal, failure } = await died
    clearTimeout(clock)
    const oomKills = cgroup?.oomKills() ?? 0
    const memoryPeakBytes = cgroup?.memoryPeakBytes()
    // Stuck in the kernel after seconds of SIGKILL: nothing to do here, the sweep of a later engine tries again.
    await cgroup?.destroy().catch(() => undefined)
    copies.remove()
    if (failure === undefined) await stderr.ended
    const status = oomKills > 0 ? 'oom' : (ending ?? 'exited')
    return {
      status,
      code: (status === 'exited' || status === 'oom') && signal === null ? code : null,
      stderr: failure ?? stderr.text(),
      ...(memoryPeakBytes === undefined ? {} : { memoryPeakBytes }),
    }
  }
  const exited = finish()
  const kill = async () => {
    end('killed')
    await exited
  }
  const members = () => membersOf({ procsFile: cgroup?.procsFiles[0], pid: child.pid })
  const setFrozen = async (isFrozen: boolean) => {
    if (!isFrozen) signalAll(members, 'SIGCONT')
    // Nobody is timed beside a program that cannot be stopped.
    else if (!(await stopAll(members, STOP_MS_MAX))) end('timeout')
  }
  return { stdin, stdout, exited, setFrozen, kill }
}

type Context = {
  readonly root: ImageRoot
  /** Null for an ordinary user, who reaches what is its own. */
  readonly stage: Stage | null
  readonly cgroups: CgroupTree | null
  readonly filters: Readonly<Record<SeccompProfile, Buffer>>
  readonly cores: string | undefined
  readonly gpus: GpuAccess | null
  readonly live: Set<Sandbox>
}

/** The spec, the system's binds and the devices of a sandbox with so many GPUs. @throws Error when fewer may be lent */
function lendGpus(spec: SandboxSpec, { gpus, root, stage }: Pick<Context, 'gpus' | 'root' | 'stage'>) {
  const count = spec.gpus ?? 0
  const binds = stage?.binds ?? systemBinds(root)
  if (count > (gpus?.cards.length ?? 0))
    throw new Error(`${count} GPUs asked for, ${gpus?.cards.length ?? 0} may be lent`)
  if (gpus === null || count === 0)
    return { spec, system: binds.filter(({ target }) => !target.startsWith(DRIVER_FOLDER)), devices: [] }
  return {
    spec: { ...spec, env: { ...GPU_ENV, ...spec.env } },
    system: binds,
    devices: [...gpus.shared, ...gpus.cards.slice(0, count)],
  }
}

/** Starts one sandbox; settles when bwrap has made its namespaces or is dead. */
async function startSandbox(spec: SandboxSpec, context: Context): Promise<Sandbox> {
  const { stage, cgroups, cores, filters, live } = context
  checkSpec(spec)
  let cgroup: Cgroup | null = null
  let copies: Copies | null = null
  try {
    const lent = lendGpus(spec, context)
    copies = stageCopies(spec.mounts)
    cgroup = cgroups?.create({ name: spec.name, policy: spec.policy, cores }) ?? null
    const entrance = stage?.enter({ procsFiles: cgroup?.procsFiles ?? [], binds: copies.mounts }) ?? null
    const { options, command } = toBubblewrapArgs({
      ...lent,
      mounts: entrance?.binds ?? copies.mounts,
      seccompFd: SECCOMP_FD,
      statusFd: STATUS_FD,
      rlimitsAlone: cgroup === null,
    })
    const spawned = spawnSandbox(toCommand(entrance, command), options, filters[spec.seccomp ?? 'closed'])
    const sandbox = watch({ spec, spawned, cgroup, copies })
    live.add(sandbox)
    void sandbox.exited.then(() => live.delete(sandbox))
    if (await namespacesMade(spawned)) return sandbox
    const end = await sandbox.exited
    throw new Error(`${end.stderr.trim()} (${end.status} ${end.code})`)
  } catch (thrown) {
    await cgroup?.destroy()
    copies?.remove()
    throw new SandboxError('START_FAILED', { engine: 'bubblewrap', name: spec.name, reason: reasonOf(thrown) }, thrown)
  }
}

/** bwrap's first words come when its namespaces are made; silence to the end means that it died before. */
function namespacesMade({ child }: Spawned): Promise<boolean> {
  const status = pipeOf<Readable>(child, STATUS_FD)
  return new Promise((resolve) => {
    status.on('data', () => resolve(true))
    status.on('error', () => resolve(false))
    status.on('close', () => resolve(false))
  })
}

/**
 * An engine that was seen to run a program.
 * @throws SandboxError `ENGINE_UNAVAILABLE` with the reason.
 */
export async function openBubblewrap(options: {
  readonly root: ImageRoot
  /** Cores for these sandboxes alone, in the kernel's list form; used where control groups can pin. */
  readonly cores?: string | undefined
  /** Numbers of the GPUs that may be lent; needs control groups, for programs of CUDA reserve more addresses than any limit of them allows. */
  readonly gpus?: readonly string[] | undefined
}): Promise<Engine> {
  const unavailable = (reason: string, cause?: unknown) =>
    new SandboxError('ENGINE_UNAVAILABLE', { engine: 'bubblewrap', reason }, cause)
  if (process.platform !== 'linux') throw unavailable('bubblewrap needs Linux')
  if (!(process.arch in auditArch)) throw unavailable(`no system call table for ${process.arch}`)
  const { stdout } = await promisify(execFile)('bwrap', ['--version']).catch((thrown: unknown) => {
    throw unavailable('bwrap does not run: apt-get install bubblewrap', thrown)
  })
  const cgroups = asRoot() ? openCgroupTree(basePolicy) : { reason: 'not root' }
  const tree = 'tree' in cgroups ? cgroups.tree : null
  const live = new Set<Sandbox>()
  const cores = tree?.canPin === true ? options.cores : undefined
  const arch = process.arch as SeccompArch
  const filters = { closed: toBpf(arch, 'closed'), loopback: toBpf(arch, 'loopback') }
  const wanted = options.gpus ?? []
  if (wanted.length > 0 && tree === null) throw unavailable('to lend a GPU it needs control groups: run as root')
  const gpus =
    wanted.length === 0
      ? null
      : await findGpus(wanted).catch((thrown: unknown) => {
          throw unavailable(reasonOf(thrown), thrown)
        })
  const stage = asRoot()
    ? await openStage([...systemBinds(options.root), ...(gpus?.libraries ?? [])]).catch((thrown: unknown) => {
        throw unavailable(reasonOf(thrown), thrown)
      })
    : null
  const context = { root: options.root, stage, cgroups: tree, cores, gpus, filters, live }
  let isClosed = false
  const engine: Engine = {
    kind: 'bubblewrap',
    version: stdout.trim().replace(/^bubblewrap /, ''),
    strength: strengthOf(options.root, tree, cores),
    imageDigest: options.root.kind === 'built' ? options.root.digest : null,
    start: async (spec) => {
      if (isClosed) throw new SandboxError('ENGINE_CLOSED')
      return startSandbox(spec, context)
    },
    sweep: async () => {
      sweepCopies()
      await tree?.sweep()
    },
    close: async () => {
      if (isClosed) return
      isClosed = true
      await Promise.all([...live].map((sandbox) => sandbox.kill()))
      stage?.close()
    },
  }
  await probe(engine).catch(async (thrown: unknown) => {
    await engine.close()
    throw unavailable(reasonOf(thrown), thrown)
  })
  return engine
}

function strengthOf(root: ImageRoot, tree: CgroupTree | null, cores: string | undefined): EngineStrength {
  const bound = tree === null ? 'rlimit' : 'cgroup'
  return {
    memory: bound,
    cpu: tree === null ? 'none' : 'cgroup',
    pids: bound,
    image: root.kind,
    cores: cores === undefined ? 'shared' : 'cpuset',
    kernel: 'host',
    oom: tree === null ? 'inferred' : 'reported',
  }
}

/** One program that does nothing: the namespaces, the filter and the image are all in its way. */
async function probe(engine: Engine): Promise<void> {
  const spec = { name: 'probe', argv: ['/usr/bin/true'], mounts: [], env: {}, policy: basePolicy }
  const sandbox = await engine.start(spec)
  sandbox.stdin.end()
  sandbox.stdout.resume()
  const end = await sandbox.exited
  if (end.status !== 'exited' || end.code !== 0) throw new Error(`a trial run failed: ${end.stderr.trim()}`)
}
