/** What surrounds every sandbox beside its limits: how each engine is told, what a submission sees, and which case tries it. */
import { dialects } from '../../sandbox/engine/docker/dialect.ts'
import { toBubblewrapArgs, toDockerOptions } from '../../sandbox/engine/policy.ts'
import { basePolicy } from '../../sandbox/limits.ts'

const spec = { name: 'wall', argv: ['/usr/bin/true'], mounts: [], env: {}, policy: basePolicy }

/** What Docker and Podman are told for a plain program. */
export const dockerOptions = toDockerOptions({
  spec,
  image: 'image',
  labels: {},
  context: {
    facts: { dialect: dialects.docker, cpuCount: 2, cgroupVersion: 1 },
    runtime: undefined,
    cores: undefined,
    gpus: ['0'],
    seccomp: { closed: 'PROFILE', loopback: 'OTHER' },
  },
})
type DockerOptions = typeof dockerOptions

const made = toBubblewrapArgs({ spec, system: [], mounts: [], seccompFd: 4, statusFd: 5, rlimitsAlone: false })

/** What bubblewrap is told, as one line. */
export const bubblewrapLine = [...made.options, ...made.command].join(' ')

export type Wall = {
  readonly what: string
  /** How Docker and Podman are told, and whether they are. */
  readonly docker: readonly [how: string, holds: (options: DockerOptions) => boolean]
  /** The words that bubblewrap is told. */
  readonly bubblewrap: string
  readonly seen: string
  /** Of test/submissions. */
  readonly triedBy: readonly string[]
}

export const walls: readonly Wall[] = [
  {
    what: 'no network',
    docker: ['`NetworkMode: none`', ({ HostConfig }) => HostConfig.NetworkMode === 'none'],
    bubblewrap: '--unshare-all',
    seen: 'no address to reach; sockets of any family but `AF_UNIX`: EPERM (a server has TCP to itself)',
    triedBy: ['snooper-network', 'installs-a-package'],
  },
  {
    what: 'read-only root',
    docker: ['`ReadonlyRootfs`', ({ HostConfig }) => HostConfig.ReadonlyRootfs],
    bubblewrap: '--remount-ro /',
    seen: 'EROFS everywhere but in `/tmp` and `/dev/shm`',
    triedBy: ['snooper-files', 'cheat-stash'],
  },
  {
    what: 'scratch in memory alone',
    docker: [
      '`Tmpfs`, `ShmSize`',
      ({ HostConfig }) =>
        HostConfig.Tmpfs['/tmp']?.includes(`size=${basePolicy.tmpBytes}`) === true &&
        HostConfig.ShmSize === basePolicy.tmpBytes,
    ],
    bubblewrap: `--size ${basePolicy.tmpBytes} --perms 1777 --tmpfs /tmp`,
    seen: 'ENOSPC at the limit; empty again in the next call',
    triedBy: ['disk-flood', 'inode-flood', 'shared-memory-flood', 'leaves-links'],
  },
  {
    what: 'an ordinary user',
    docker: ['`User: 64000:64000`', ({ User }) => User === '64000:64000'],
    bubblewrap: '--uid 64000 --gid 64000',
    seen: 'nobody to become',
    triedBy: ['snooper-files'],
  },
  {
    what: 'no capabilities',
    docker: ['`CapDrop: ALL`', ({ HostConfig }) => HostConfig.CapDrop.includes('ALL')],
    bubblewrap: '--cap-drop ALL',
    seen: 'EPERM',
    triedBy: ['snooper-parent', 'snooper-calls'],
  },
  {
    what: 'no new privileges, no namespaces of its own',
    docker: ['`no-new-privileges`', ({ HostConfig }) => HostConfig.SecurityOpt.includes('no-new-privileges:true')],
    bubblewrap: '--disable-userns',
    seen: 'set-user-id programs gain nothing; `unshare`: EPERM',
    triedBy: ['snooper-processes', 'snooper-calls'],
  },
  {
    what: 'a list of system calls of our own',
    docker: ['`seccomp=`', ({ HostConfig }) => HostConfig.SecurityOpt.includes('seccomp=PROFILE')],
    bubblewrap: '--seccomp 4',
    seen: 'EPERM for ptrace, io_uring, keys, System V IPC, bpf, mounts and whatever else is not listed',
    triedBy: ['snooper-calls', 'snooper-native-code', 'cheat-sysv', 'cheat-keyring', 'cheat-page-cache'],
  },
  {
    what: 'processes, IPC and host name of its own',
    docker: [
      '`IpcMode: private`, `Hostname`',
      ({ HostConfig, Hostname }) => HostConfig.IpcMode === 'private' && Hostname === 'sandbox',
    ],
    bubblewrap: '--hostname sandbox',
    seen: 'the harness and itself; nothing of the other role, of the partner or of the host',
    triedBy: ['snooper-processes', 'cheat-daemon', 'cheat-memfd', 'fork-lives-on'],
  },
  {
    what: 'no swap beside its memory',
    docker: ['`MemorySwap` = `Memory`', ({ HostConfig }) => HostConfig.MemorySwap === HostConfig.Memory],
    // The engine writes it into the control group itself; the ordinary user's bound is an address space.
    bubblewrap: '/usr/bin/prlimit',
    seen: 'killed at the limit',
    triedBy: ['memory', 'memory-in-a-child', 'pipe-flood'],
  },
  {
    what: 'no core dumps',
    docker: [
      '`Ulimits: core`',
      ({ HostConfig }) => HostConfig.Ulimits.some(({ Name, Hard }) => Name === 'core' && Hard === 0),
    ],
    bubblewrap: '--core=0',
    seen: 'no file anywhere',
    triedBy: ['aborts', 'segfault'],
  },
  {
    what: 'an environment of its own',
    docker: [
      '`Env`',
      ({ Env }) => Env.every((line) => /^(PATH|HOME|LANG|OMP_NUM_THREADS|OPENBLAS_NUM_THREADS)=/.test(line)),
    ],
    bubblewrap: '--clearenv',
    seen: 'five names, the same everywhere',
    triedBy: ['cheat-environment', 'cheat-process-names'],
  },
  {
    what: 'no devices but GPUs that were asked for',
    docker: ['`DeviceRequests`', ({ HostConfig }) => !('DeviceRequests' in HostConfig) && !('Devices' in HostConfig)],
    bubblewrap: '--dev /dev',
    seen: '`/dev/null`, `/dev/zero`, `/dev/full`, `/dev/random`, `/dev/urandom`, `/dev/tty`',
    triedBy: ['snooper-files'],
  },
  {
    what: 'an end when we end',
    docker: [
      '`StdinOnce`, an inner clock',
      ({ StdinOnce, Entrypoint }) => StdinOnce && Entrypoint[0] === '/usr/bin/timeout',
    ],
    bubblewrap: '--die-with-parent',
    seen: 'killed, with all its processes',
    triedBy: ['ignores-signals', 'stops-itself'],
  },
]
