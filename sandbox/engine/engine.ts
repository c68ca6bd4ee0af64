/** The port between us and whatever isolates a stranger's program. */
import type { Readable, Writable } from 'node:stream'
import type { Policy } from '../limits.ts'
import type { SeccompProfile } from './seccomp.ts'

/** One program to run. */
export type SandboxSpec = {
  /** Shows in labels and cgroup names; `[a-z0-9-]`, at most 40 characters. */
  readonly name: string
  /** Program and arguments, absolute path first: `['/usr/bin/python3', '-I', '-B', '/harness/shim.py']`. */
  readonly argv: readonly string[]
  /** Our files or folders seen read-only at `target` (absolute, not under /proc, /dev, /tmp or /usr); at most 4 MiB. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[]
  /** GPUs to see, of those that the engine may lend; none if not given. */
  readonly gpus?: number
  /** The whole environment inside, beside PATH, HOME, LANG and the thread counts that the engine sets. */
  readonly env: Readonly<Record<string, string>>
  readonly policy: Policy
  /** Bytes of /cache, empty scratch space from which programs may be executed: for what compiles. None if not given. */
  readonly cacheBytes?: number
  /** `closed` if not given. */
  readonly seccomp?: SeccompProfile
}

/** How a sandbox ended: by itself, by `kill`, by one of its limits; `lost`: its engine went away, nobody knows how. */
export type SandboxStatus = 'exited' | 'killed' | 'timeout' | 'oom' | 'output-limit' | 'lost'

/** The end of one sandbox. */
export type SandboxExit = {
  readonly status: SandboxStatus
  /** Exit code of the program (128 + signal if a signal ended it); null when our kill ended it. */
  readonly code: number | null
  /** What it wrote to stderr, at most `policy.stderrBytesMax` bytes, decoded as UTF-8: a stranger's text. */
  readonly stderr: string
  /** Highest memory use, where the engine can tell. */
  readonly memoryPeakBytes?: number
}

/** One running sandbox. */
export type Sandbox = {
  /** Bytes to the program; errors of a dead program (EPIPE) are swallowed here and told by `exited`. */
  readonly stdin: Writable
  /** Bytes of the program: hostile. Ends when the program does. Whoever does not read it stops the program. */
  readonly stdout: Readable
  /** Resolves once nothing of it is left; never rejects. */
  readonly exited: Promise<SandboxExit>
  /** Stops every process of it, or lets them go on; idempotent; never rejects: what has ended is as good as stopped. */
  setFrozen(isFrozen: boolean): Promise<void>
  /** Ends every process of it; idempotent; resolves when nothing of it is left. */
  kill(): Promise<void>
}

/** What this engine really enforces here; carried in the record of each run. */
export type EngineStrength = {
  /** `cgroup` bounds the sum of all processes, `rlimit` only each one's address space. */
  readonly memory: 'cgroup' | 'rlimit'
  readonly cpu: 'cgroup' | 'none'
  readonly pids: 'cgroup' | 'rlimit'
  /** `host`: the machine's own /usr instead of a built image; never good for a vote. */
  readonly image: 'built' | 'host'
  /** `cpuset`: it runs on cores that no other timed run of ours may use; `shared`: wherever the scheduler puts it. */
  readonly cores: 'cpuset' | 'shared'
  /** `gvisor`: system calls end in a kernel of its own; `host`: in the kernel of the machine, behind our filter. */
  readonly kernel: 'host' | 'gvisor'
  /** `inferred`: only the death of the program itself is known to be for want of memory, not that of its child. */
  readonly oom: 'reported' | 'inferred'
}

/** The engines that we can drive. */
export type EngineKind = 'bubblewrap' | 'docker' | 'podman'

/** Something that runs sandboxes. */
export type Engine = {
  readonly kind: EngineKind
  /** The tool's own version, for the record. */
  readonly version: string
  readonly strength: EngineStrength
  /** Hex SHA-256 of the image root, or null with `strength.image` `host`. */
  readonly imageDigest: string | null
  /** @throws SandboxError `START_FAILED` or `ENGINE_CLOSED`; nothing is left behind then. */
  start(spec: SandboxSpec): Promise<Sandbox>
  /** Waits for a turn among all machines that use this engine; what it returns gives it back. */
  takeTurn?(slot: number): Promise<() => Promise<void>>
  /** Removes what a crashed predecessor left behind (containers, cgroups); leaves the living alone. */
  sweep(): Promise<void>
  /** Kills what this engine still runs. */
  close(): Promise<void>
}
