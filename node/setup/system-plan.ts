/** Which Debian packages a task needs and what may be done about those that are missing: pure data and pure choice. */

/** Something of the operating system that a command of evalmesh can need. */
export type SystemNeed =
  | 'bubblewrap'
  | 'mmdebstrap'
  | 'docker'
  | 'podman'
  | 'gvisor'
  | 'zstd'
  | 'python'
  | 'pip'
  | 'spin'
  | 'compiler'
  | 'ip'
  | 'nft'

/** How a need is recognised and what brings it. */
export type SystemPart = {
  /** Any of these programs on the path is enough. */
  readonly programs: readonly string[]
  /** Python modules that /usr/bin/python3 must be able to import. */
  readonly modules?: readonly string[]
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
}

/** Every need with its Debian packages. */
export const systemParts: Readonly<Record<SystemNeed, SystemPart>> = {
  bubblewrap: { programs: ['bwrap'], packages: ['bubblewrap'] },
  mmdebstrap: { programs: ['mmdebstrap'], packages: ['mmdebstrap'] },
  docker: { programs: ['dockerd'], packages: ['docker.io'] },
  // Its usual runtime refuses machines with both versions of control groups.
  podman: { programs: ['podman'], packages: ['podman', 'runc'] },
  gvisor: { programs: ['runsc'], packages: ['runsc'] },
  zstd: { programs: ['zstd'], packages: ['zstd'] },
  // Fetches the wheels of image torch.
  pip: { programs: ['pip3', 'pip'], packages: ['python3-pip'] },
  spin: { programs: ['spin'], packages: ['spin'] },
  // Spin writes its checker in C; gcc only recommends the headers.
  compiler: { programs: ['cc'], packages: ['gcc', 'libc6-dev'] },
  ip: { programs: ['ip'], packages: ['iproute2'] },
  nft: { programs: ['nft'], packages: ['nftables'] },
  // OpenBLAS: NumPy's reference BLAS is an order of magnitude slower.
  python: {
    programs: ['python3'],
    modules: ['numpy', 'zstandard'],
    packages: ['python3', 'python3-numpy', 'python3-zstandard', 'libopenblas0-pthread'],
  },
}

/** The facts about a machine and its user that decide what may be installed. */
export type Situation = {
  readonly missing: readonly SystemNeed[]
  readonly root: boolean
  /** apt-get is there. */
  readonly debian: boolean
  /** A person sits at a terminal and can be asked. */
  readonly interactive: boolean
  /** The user said `--yes`. */
  readonly yes: boolean
}

/** What to do next; `tell` ends the command with `command` as the advice. */
export type SystemPlan =
  | { readonly kind: 'ready' }
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  | { readonly kind: 'ask'; readonly packages: readonly string[]; readonly question: string }
  | { readonly kind: 'tell'; readonly command: string; readonly message: string }

/** Root on a Debian-like machine installs (asked first when a person can be asked); anyone else is told the exact command. */
export function planSystemPackages({ missing, root, debian, interactive, yes }: Situation): SystemPlan {
  const packages = [...new Set(missing.flatMap((need) => systemParts[need].packages))]
  if (packages.length === 0) return { kind: 'ready' }
  const names = packages.join(' ')
  if (!debian) {
    const command = `install with this system's package manager: ${names} (Debian's names)`
    return { kind: 'tell', command, message: `missing: ${missing.join(', ')}; ${command}` }
  }
  if (!root) {
    const command = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`
    return { kind: 'tell', command, message: `missing: ${missing.join(', ')}; run: ${command}` }
  }
  if (interactive && !yes) return { kind: 'ask', packages, question: `Install ${names} with apt-get? [Y/n] ` }
  return { kind: 'install', packages }
}

/** The apt-get calls, in order, that install `packages` without a question. */
export function toAptCalls(packages: readonly string[]): readonly (readonly string[])[] {
  return [
    ['update', '-qq'],
    // Unsafe IO halves the time: dpkg otherwise syncs every file, and a crash here is mended by running again.
    ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Options::=--force-unsafe-io', ...packages],
  ]
}

/** True when apt-get failed only because another package manager holds its lock: worth another try. */
export function isLockHeld(aptOutput: string): boolean {
  return /Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock (?:directory|the administration)/.test(
    aptOutput,
  )
}
