/** From a job's policy to an engine's options: pure data in, pure data out. */

import { SandboxError } from '../errors.ts'
import { INNER_TIMEOUT_GRACE_MS, type Policy, SANDBOX_UID } from '../limits.ts'
import type { DockerFacts } from './docker/dialect.ts'
import type { SandboxSpec } from './engine.ts'
import type { SeccompProfile } from './seccomp.ts'

/** A read-only view of `source` at `target`. */
export type Bind = { readonly source: string; readonly target: string }

const seconds = (ms: number): string => (ms / 1_000).toFixed(3)

/** In a container, which outlives who started it: kills by itself, should we die before we can; later than our own clock, which reports. */
export function toTimeoutArgs(policy: Policy): string[] {
  return ['/usr/bin/timeout', '-s', 'KILL', seconds(policy.wallMs + INNER_TIMEOUT_GRACE_MS)]
}

/** The environment inside; more BLAS threads than CPU quota spin against each other, 20 times slower. */
export function toEnvironment(spec: SandboxSpec): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    ...spec.env,
  }
}

/** @throws SandboxError `START_FAILED` for a spec that no engine should try. */
export function checkSpec(spec: SandboxSpec): void {
  const fail = (what: string, value: unknown) => {
    throw new SandboxError('START_FAILED', { reason: `bad ${what}`, value })
  }
  if (!/^[a-z0-9-]{1,40}$/.test(spec.name)) fail('name', spec.name)
  if (spec.argv[0]?.startsWith('/') !== true) fail('program: an absolute path is needed', spec.argv[0])
  if (spec.argv.some((argument) => argument.includes('\0'))) fail('argument: it holds a NUL', spec.argv)
  for (const { source, target } of spec.mounts) {
    // A target over our own mounts would undo them.
    if (!/^\/[\w./@+-]+$/.test(target) || /\/\.{1,2}(\/|$)/.test(target)) fail('mount target', target)
    if (/^\/(usr|etc|proc|sys|dev|tmp|cache|bin|lib|lib64)(\/|$)/.test(target)) fail('mount target', target)
    if (!source.startsWith('/') || /[\0\n]/.test(source)) fail('mount source', source)
  }
  if (spec.gpus !== undefined && (!Number.isSafeInteger(spec.gpus) || spec.gpus < 0)) fail('gpus', spec.gpus)
  if (spec.cacheBytes !== undefined && (!Number.isSafeInteger(spec.cacheBytes) || spec.cacheBytes <= 0))
    fail('cacheBytes', spec.cacheBytes)
  for (const [name, value] of Object.entries(spec.env)) {
    if (!/^[A-Za-z_]\w*$/.test(name) || value.includes('\0')) fail('environment', name)
  }
  for (const [name, value] of Object.entries(spec.policy)) {
    if (!Number.isFinite(value) || value <= 0) fail(`policy.${name}`, value)
    if (name !== 'cpus' && !Number.isSafeInteger(value)) fail(`policy.${name}`, value)
  }
}

/** Limits of each process; with `alone` they also stand in for the missing control group. */
function toRlimitArgs(policy: Policy, alone: boolean): string[] {
  const args = ['--core=0', `--fsize=${policy.fileBytesMax}`, `--nofile=${policy.openFilesMax}`]
  if (alone) args.push(`--as=${policy.memoryBytes}`, `--nproc=${policy.pidsMax}`)
  return ['/usr/bin/prlimit', ...args, '--']
}

/**
 * The arguments of `bwrap` without the program's own name. `system` is what becomes /usr and /etc; all sources must be
 * readable for the user that bwrap runs as. The seccomp filter is expected on `seccompFd`; state is told on `statusFd`.
 */
export function toBubblewrapArgs(options: {
  readonly spec: SandboxSpec
  readonly system: readonly Bind[]
  readonly mounts: readonly Bind[]
  readonly seccompFd: number
  readonly statusFd: number
  /** True where no control group bounds the sandbox as a whole. */
  readonly rlimitsAlone: boolean
  /** Device nodes that it may use; none if not given. */
  readonly devices?: readonly string[]
}): { options: string[]; command: string[] } {
  const { spec, system, mounts, rlimitsAlone, devices = [] } = options
  const { policy } = spec
  const id = String(SANDBOX_UID)
  const scratch = (target: string, sizeBytes = policy.tmpBytes) => [
    '--size',
    String(sizeBytes),
    '--perms',
    '1777',
    '--tmpfs',
    target,
  ]
  const view = ({ source, target }: Bind) => ['--ro-bind', source, target]
  return {
    options: [
      ...['--unshare-user', '--unshare-all', '--disable-userns', '--uid', id, '--gid', id, '--hostname', 'sandbox'],
      // No helper process beside the program: its memory would be writable inside, and outlive what runs there.
      ...['--as-pid-1', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--clearenv'],
      ...Object.entries(toEnvironment(spec)).flatMap(([name, value]) => ['--setenv', name, value]),
      ...system.flatMap(view),
      ...['--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
      ...['--proc', '/proc', '--dev', '/dev', ...scratch('/dev/shm')],
      ...devices.flatMap((device) => ['--dev-bind', device, device]),
      ...['--remount-ro', '/dev', ...scratch('/tmp')],
      ...(spec.cacheBytes === undefined ? [] : scratch('/cache', spec.cacheBytes)),
      ...mounts.flatMap(view),
      // Everything so far lies on a writable tmpfs until this.
      ...['--remount-ro', '/', '--chdir', '/tmp'],
      ...['--seccomp', String(options.seccompFd), '--json-status-fd', String(options.statusFd)],
    ],
    command: [...toRlimitArgs(policy, rlimitsAlone), ...spec.argv],
  }
}

/** What of an engine, and of our settings for it, shapes a container's options. */
export type DockerContext = {
  readonly facts: Pick<DockerFacts, 'dialect' | 'cpuCount' | 'cgroupVersion'>
  /** The engine's runtime to use instead of its default one. */
  readonly runtime: string | undefined
  /** Cores in the kernel's list form (`2-3`) that this engine's sandboxes have to themselves. */
  readonly cores: string | undefined
  /** Ids of the GPUs that it may lend. */
  readonly gpus: readonly string[]
  /** The seccomp profiles, or the paths under which the engine finds them. */
  readonly seccomp: Readonly<Record<SeccompProfile, string>>
}

// Of all sandboxes together, for the kernel counts a user's: the group's limit is the one that bites.
const USER_PROCESSES_MAX = 4_096

function toDeviceRequests(ids: readonly string[]) {
  if (ids.length === 0) return {}
  // With a driver named, the capabilities choose what of it is mounted: compute alone, no display.
  return { DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [...ids], Capabilities: [['gpu', 'compute', 'utility']] }] }
}

/** Options of `POST /containers/create` for one single-use sandbox; labels are what `sweep` looks for. */
export function toDockerOptions(options: {
  readonly spec: SandboxSpec
  readonly image: string
  readonly context: DockerContext
  readonly labels: Readonly<Record<string, string>>
}) {
  const { spec, context } = options
  const { policy } = spec
  const { facts, runtime, cores, gpus } = context
  const { tmpfsOptions, hiddenFolders, processLimit } = facts.dialect
  const scratch = (exec: 'exec' | 'noexec', sizeBytes: number) =>
    ['rw', 'nosuid', 'nodev', exec, `size=${sizeBytes}`, ...tmpfsOptions, 'mode=1777'].join()
  const hidden = hiddenFolders.map((folder) => [folder, 'ro,nosuid,nodev,noexec,size=4096,mode=0555'])
  return {
    Image: options.image,
    // First process of its namespace: nothing inside can signal it, so the inner clock always bites. gVisor cannot load a
    // program that its user may not read: there the end of the input and the next sweep stand in for this clock.
    Entrypoint: runtime === undefined ? toTimeoutArgs(policy) : [],
    Cmd: [...spec.argv],
    User: `${SANDBOX_UID}:${SANDBOX_UID}`,
    WorkingDir: '/tmp',
    Hostname: 'sandbox',
    NetworkDisabled: true,
    Env: Object.entries(toEnvironment(spec)).map(([name, value]) => `${name}=${value}`),
    Labels: { ...options.labels },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // Our end of the attachment closing, also by our death, is the end of the program's input.
    StdinOnce: true,
    Tty: false,
    HostConfig: {
      NetworkMode: 'none',
      IpcMode: 'private',
      CgroupnsMode: 'private' as const,
      ReadonlyRootfs: true,
      ShmSize: policy.tmpBytes,
      Init: false,
      Tmpfs: {
        '/tmp': scratch('noexec', policy.tmpBytes),
        ...(spec.cacheBytes === undefined ? {} : { '/cache': scratch('exec', spec.cacheBytes) }),
        ...Object.fromEntries(hidden),
      },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true', `seccomp=${context.seccomp[spec.seccomp ?? 'closed']}`],
      ...(runtime === undefined ? {} : { Runtime: runtime }),
      ...(cores === undefined ? {} : { CpusetCpus: cores }),
      ...toDeviceRequests(gpus.slice(0, spec.gpus ?? 0)),
      PidsLimit: policy.pidsMax,
      Memory: policy.memoryBytes,
      // The sum of RAM and swap: equal means no swap.
      MemorySwap: policy.memoryBytes,
      ...(facts.cgroupVersion === 1 ? { MemorySwappiness: 0 } : {}),
      NanoCpus: Math.round(Math.min(policy.cpus, facts.cpuCount) * 1e9),
      OomScoreAdj: 500,
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: policy.openFilesMax, Hard: policy.openFilesMax },
        { Name: 'fsize', Soft: policy.fileBytesMax, Hard: policy.fileBytesMax },
        ...(processLimit ? [{ Name: 'nproc', Soft: USER_PROCESSES_MAX, Hard: USER_PROCESSES_MAX }] : []),
      ],
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
    },
  }
}
