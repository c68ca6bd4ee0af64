/** What the sandbox image holds: data that every member must share, for the digest is part of what they sign. */
import { hash } from 'node:crypto'
import process from 'node:process'

/** Debian's release; its python is 3.11, its numpy 1.24. */
export const suite = 'bookworm'

/** Packages beside the essential ones. OpenBLAS: NumPy's matrix product is 11 times slower on the reference BLAS. */
export const packages = ['python3', 'python3-numpy', 'libopenblas0-pthread', 'python3-zstandard'] as const

/** Never unpacked: nothing at run time reads them. */
export const excludedPaths = [
  '/usr/share/man/*',
  '/usr/share/doc/*',
  '/usr/share/locale/*',
  '/usr/share/info/*',
  '/usr/share/lintian/*',
  '/usr/include/*',
] as const

/**
 * Removed after unpacking: what names the machine or the mirror it was built from, what changes from build to build, and
 * what only a package manager needs. A sandbox sees /usr and /etc; the other folders stay as empty mount points.
 */
export const prunedPaths = [
  ...['etc/apt', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf', 'etc/machine-id', 'etc/mtab', 'etc/.pwd.lock'],
  ...['etc/passwd-', 'etc/group-', 'etc/shadow-', 'etc/gshadow-'],
] as const
export const emptiedFolders = [
  ...['boot', 'dev', 'home', 'media', 'mnt', 'opt', 'proc', 'root', 'run', 'srv', 'sys', 'tmp', 'var'],
] as const

/**
 * Run but not read by the sandbox user (mode 0711). Docker's process 1 is `timeout`, of the same user as the program: the
 * kernel lets nobody look into or write to a process whose file its user may not read.
 */
export const unreadablePaths = ['usr/bin/timeout'] as const

/** Raise it when the way of building changes what comes out. */
const RECIPE_VERSION = 1

/** Hex name of everything above and of the machine kind; images of different recipes live side by side. */
export function recipeKey(): string {
  const recipe = [
    RECIPE_VERSION,
    process.arch,
    suite,
    packages,
    excludedPaths,
    prunedPaths,
    emptiedFolders,
    unreadablePaths,
  ]
  return hash('sha256', JSON.stringify(recipe)).slice(0, 16)
}
