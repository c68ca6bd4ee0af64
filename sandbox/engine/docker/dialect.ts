/** In what the engines that speak Docker's API differ, as data, and which one answers. */
import type Docker from 'dockerode'
import { SandboxError } from '../../errors.ts'

/** `reported`: the end of a container says that memory ran out. `counted`: it does not, but the kernel of its machine. `inferred`: not always. */
type OomSource = 'reported' | 'counted' | 'inferred'

/** What must be said or read differently. */
export type DockerDialect = {
  readonly kind: 'docker' | 'podman'
  /** The seccomp profile goes inline in a request, or as the path of a file on the engine's machine. */
  readonly seccomp: 'inline' | 'path'
  /** Options of a tmpfs beside its size: Podman refuses a bound on the number of files, which memory bounds then. */
  readonly tmpfsOptions: readonly string[]
  /** Scratch folders that come unbounded with a read-only root: each is hidden behind an empty read-only one. */
  readonly hiddenFolders: readonly string[]
  /** Limits of each process that must be named, for the engine's own default would be refused without CAP_SYS_RESOURCE. */
  readonly processLimit: boolean
  /** By the version of control groups. */
  readonly oom: Readonly<Record<1 | 2, OomSource>>
}

/** By engine. */
export const dialects = {
  docker: {
    kind: 'docker',
    seccomp: 'inline',
    tmpfsOptions: ['nr_inodes=65536'],
    hiddenFolders: [],
    processLimit: false,
    oom: { 1: 'reported', 2: 'reported' },
  },
  podman: {
    kind: 'podman',
    seccomp: 'path',
    tmpfsOptions: [],
    hiddenFolders: ['/run', '/var/tmp'],
    processLimit: true,
    oom: { 1: 'counted', 2: 'reported' },
  },
} as const satisfies Record<string, DockerDialect>

/** What an engine told about itself that shapes a container's options. */
export type DockerFacts = {
  readonly dialect: DockerDialect
  readonly version: string
  /** Cores of the machine (or VM) that runs the engine: a larger share is refused with status 400. */
  readonly cpuCount: number
  readonly cgroupVersion: 1 | 2
  /** How it becomes known that memory ran out. */
  readonly oom: OomSource
  /** Release of its machine's kernel. */
  readonly kernel: string
  /** Its clock, milliseconds since 1970. */
  readonly now: number
}

/**
 * What the engine behind `docker` is.
 * @throws SandboxError `ENGINE_TOO_WEAK` for an engine that would ignore a limit without a word, or lacks `runtime`.
 */
export async function readFacts(docker: Docker, runtime: string | undefined): Promise<DockerFacts> {
  const [info, version] = await Promise.all([docker.info(), docker.version()])
  const securityOptions: readonly string[] = info.SecurityOptions ?? []
  const components: readonly { Name?: string }[] = version.Components ?? []
  const dialect = components.some(({ Name }) => Name?.startsWith('Podman')) ? dialects.podman : dialects.docker
  const missing = [
    info.OSType === 'linux' ? null : 'Linux containers',
    info.MemoryLimit ? null : 'memory limit',
    info.CpuCfsQuota ? null : 'CPU quota',
    info.PidsLimit ? null : 'process limit',
    securityOptions.some((option) => option.startsWith('name=seccomp')) ? null : 'seccomp',
    // Without root and control groups v2 Podman ignores limits without a word.
    dialect.kind === 'podman' && info.CgroupVersion !== '2' && isRootless(securityOptions)
      ? 'limits without root'
      : null,
    runtime === undefined || Object.hasOwn(info.Runtimes ?? {}, runtime) ? null : `runtime ${runtime}`,
  ].filter((name) => name !== null)
  if (missing.length > 0) throw new SandboxError('ENGINE_TOO_WEAK', { engine: dialect.kind, missing })
  const now = Date.parse(info.SystemTime)
  const cgroupVersion = info.CgroupVersion === '2' ? 2 : 1
  return {
    dialect,
    version: version.Version,
    cpuCount: info.NCPU,
    cgroupVersion,
    // When the machine is busy gVisor's end is not always told, and its group is gone before anybody could look.
    oom: cgroupVersion === 1 && runtime === 'runsc' ? 'inferred' : dialect.oom[cgroupVersion],
    kernel: info.KernelVersion,
    now: Number.isNaN(now) ? Date.now() : now,
  }
}

const isRootless = (securityOptions: readonly string[]): boolean =>
  securityOptions.some((option) => option.startsWith('name=rootless'))
