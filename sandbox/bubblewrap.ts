/** Runs sandboxes by bubblewrap: no daemon, tens of milliseconds a start; as root with control groups, else without. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { lstatSync } from 'node:fs'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import { boundedReadable, boundedText } from './bounded.ts'
import { type Cgroup, type CgroupTree, openCgroupTree } from './cgroup.ts'
import type { Engine, EngineStrength, Sandbox, SandboxExit, SandboxSpec } from './engine.ts'
import { reasonOf, SandboxError } from './errors.ts'
import { type ImageRoot, systemBinds } from './image-root.ts'
import { basePolicy, SANDBOX_UID } from './limits.ts'
import { type Bind, checkSpec, toBubblewrapArgs, toTimeoutArgs } from './policy.ts'
import { toBpf } from './seccomp.ts'
import { auditArch, type SeccompArch } from './seccomp-calls.ts'
import { isCheapToCopy } from './stage.ts'

const ARGS_FD = 3
const SECCOMP_FD = 4
const STATUS_FD = 5

/** Whoever started us may have left descriptors open: none of them belongs to the program. Bash, for numbers above 9. */
// (`--norc`: with a socket as its input bash takes us for rshd and reads root's .bashrc.)
const CLOSE_SCRIPT = `
for path in /proc/self/fd/*; do
  fd=\${path##*/}
  [ "$fd" -le ${STATUS_FD} ] || eval "exec $fd>&-"
done
`

/**
 * Runs as root, in a mount namespace of its own. It lays the sources out under /mnt: an ordinary user may not walk
 * through the operator's home, and copies show no host path in /proc/self/mountinfo. Then it joins the control group.
 */
const STAGE_SCRIPT = `
${CLOSE_SCRIPT}
set -eu
umask 022
mount -t tmpfs -o size=64m,mode=0711 stage /mnt
while [ "$1" != -- ]; do
  case $1 in
    copy) cp -RP -- "$2" "$3"; chmod -R a+rX -- "$3" ;;
    folder) mkdir "$3"; mount --bind -- "$2" "$3" ;;
    file) : >"$3"; mount --bind -- "$2" "$3" ;;
    join) echo $$ >"$2" ;;
  esac
  shift 3
done
shift
exec "$@"
`

type Stage = { readonly steps: string[]; readonly system: Bind[]; readonly mounts: Bind[] }

/** The steps of `STAGE_SCRIPT` for one sandbox, and where everything lies behind them. */
function planStage(system: readonly Bind[], mounts: readonly Bind[], cgroup: Cgroup | null): Stage {
  const steps: string[] = []
  const put = (prefix: string, mayCopy: boolean) => (bind: Bind, index: number) => {
    const source = `/mnt/${prefix}${index}`
    const kind = lstatSync(bind.source).isDirectory() ? 'folder' : 'file'
    steps.push(mayCopy && isCheapToCopy(bind.source) ? 'copy' : kind, bind.source, source)
    return { source, target: bind.target }
  }
  const staged = { system: system.map(put('s', false)), mounts: mounts.map(put('m', true)) }
  for (const file of cgroup?.procsFiles ?? []) steps.push('join', file, '')
  return { steps, ...staged }
}

const asRoot = (): boolean => process.getuid?.() === 0

/** The whole command line; as root it first stages and then becomes an ordinary user: bwrap maps root to root. */
function toCommand(spec: SandboxSpec, stage: Stage, command: readonly string[]): [string, ...string[]] {
  const lower = ['--no-new-privs', '--inh-caps=-all', '--pdeathsig', 'KILL']
  const user = [`--reuid=${SANDBOX_UID}`, `--regid=${SANDBOX_UID}`, '--clear-groups', '--bounding-set=-all']
  const bwrap = [...toTimeoutArgs(spec.policy), 'bwrap', '--args', String(ARGS_FD), '--', ...command]
  if (!asRoot()) return ['bash', '--norc', '-c', `${CLOSE_SCRIPT}\nexec "$@"`, 'stage', 'setpriv', ...lower, ...bwrap]
  const shell = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'bash',
    '--norc',
    '-c',
    STAGE_SCRIPT,
    'stage',
  ] as const
  return [...shell, ...stage.steps, '--', 'setpriv', ...user, ...lower, ...bwrap]
}

type Spawned = { readonly child: ChildProcess; readonly died: Promise<Death> }
type Death = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly failure?: string }

// Every descriptor is spawned as 'pipe', which the types of `spawn` know for the first three only.
const pipeOf = <T>(child: ChildProcess, fd: number): T => (child.stdio as readonly unknown[])[fd] as T

/** Starts the command line and hands bwrap its arguments and filter by descriptor: a command line is public. */
function spawnSandbox(command: readonly [string, ...string[]], options: readonly string[], filter: Buffer): Spawned {
  const [file, ...args] = command
  // bwrap's own first process keeps the environment it was started with, readable inside.
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  const child = spawn(file, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] })
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

/** Watches one spawned sandbox to its end; its clock runs from here. */
function watch(spec: SandboxSpec, { child, died }: Spawned, cgroup: Cgroup | null): Sandbox {
  const { policy } = spec
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
  return { stdin, stdout, exited, kill }
}

type Context = {
  readonly root: ImageRoot
  readonly cgroups: CgroupTree | null
  readonly filter: Buffer
  readonly live: Set<Sandbox>
}

/** Starts one sandbox; settles when bwrap has made its namespaces or is dead. */
async function startSandbox(spec: SandboxSpec, { root, cgroups, filter, live }: Context): Promise<Sandbox> {
  checkSpec(spec)
  let cgroup: Cgroup | null = null
  try {
    cgroup = cgroups?.create(spec.name, spec.policy) ?? null
    const unstaged = { steps: [], system: systemBinds(root), mounts: [...spec.mounts] }
    const stage = asRoot() ? planStage(unstaged.system, unstaged.mounts, cgroup) : unstaged
    const { options, command } = toBubblewrapArgs({
      spec,
      system: stage.system,
      mounts: stage.mounts,
      seccompFd: SECCOMP_FD,
      statusFd: STATUS_FD,
      rlimitsAlone: cgroup === null,
    })
    const spawned = spawnSandbox(toCommand(spec, stage, command), options, filter)
    const sandbox = watch(spec, spawned, cgroup)
    live.add(sandbox)
    void sandbox.exited.then(() => live.delete(sandbox))
    const status = pipeOf<Readable>(spawned.child, STATUS_FD)
    status.on('error', () => undefined)
    const made = new Promise<null>((resolve) => status.on('data', () => resolve(null)))
    const end = await Promise.race([made, sandbox.exited])
    if (end === null) return sandbox
    throw new Error(`${end.stderr.trim()} (${end.status} ${end.code})`)
  } catch (thrown) {
    await cgroup?.destroy()
    throw new SandboxError('START_FAILED', { engine: 'bubblewrap', name: spec.name, reason: reasonOf(thrown) }, thrown)
  }
}

/**
 * An engine that was seen to run a program.
 * @throws SandboxError `ENGINE_UNAVAILABLE` with the reason.
 */
export async function openBubblewrap(options: { readonly root: ImageRoot }): Promise<Engine> {
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
  const context = { root: options.root, cgroups: tree, filter: toBpf(process.arch as SeccompArch), live }
  let isClosed = false
  const engine: Engine = {
    kind: 'bubblewrap',
    version: stdout.trim().replace(/^bubblewrap /, ''),
    strength: strengthOf(options.root, tree),
    imageDigest: options.root.kind === 'built' ? options.root.digest : null,
    start: async (spec) => {
      if (isClosed) throw new SandboxError('ENGINE_CLOSED')
      return startSandbox(spec, context)
    },
    sweep: async () => tree?.sweep(),
    close: async () => {
      isClosed = true
      await Promise.all([...live].map((sandbox) => sandbox.kill()))
    },
  }
  await probe(engine).catch((thrown: unknown) => {
    throw unavailable(reasonOf(thrown), thrown)
  })
  return engine
}

function strengthOf(root: ImageRoot, tree: CgroupTree | null): EngineStrength {
  const bound = tree === null ? 'rlimit' : 'cgroup'
  return { memory: bound, cpu: tree === null ? 'none' : 'cgroup', pids: bound, image: root.kind }
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
