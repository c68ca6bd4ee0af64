/** What the sandbox images hold: data that every member must share, for an image's digest is part of what they sign. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** Debian's release; its python is 3.11. */
export const suite = 'bookworm'

/** What makes one image another one. */
export type Recipe = {
  /** Debian packages beside the essential ones. */
  readonly packages: readonly string[]
  /** dpkg's patterns of what is never unpacked: nothing at run time reads it. */
  readonly excludedPaths: readonly string[]
  /** A file beside this one in pip's form, with versions and hashes; null: nothing but Debian's packages. */
  readonly wheels: string | null
  /** An image of a registry that it starts from, by digest; not given: Debian's own packages alone. */
  readonly base?: string
}

const texts = ['man', 'doc', 'locale', 'info', 'lintian'].map((name) => `/usr/share/${name}/*`)

// libnss-myhostname: whoever listens on `localhost` needs its address, and Docker lays an empty file over /etc/hosts.

/** The images by name. */
export const recipes = {
  /** Python 3.11 with NumPy 1.24: 250 MB, built in a minute. */
  numpy: {
    // OpenBLAS: NumPy's matrix product is 11 times slower on the reference BLAS.
    packages: ['python3', 'python3-numpy', 'libopenblas0-pthread', 'python3-zstandard', 'libnss-myhostname'],
    excludedPaths: [...texts, '/usr/include/*'],
    wheels: null,
  },
  /** PyTorch's CPU build and what Apex's image holds, NumPy 2 among it, with a compiler for `torch.compile`. */
  torch: {
    // PyTorch compiles C++ against Python's headers and loads what came out; it names it by a digest of openssl's.
    packages: ['python3', 'g++', 'libpython3.11-dev', 'openssl', 'libnss-myhostname'],
    excludedPaths: [
      ...texts,
      // Static libraries that nobody links against: 60 MB of Python's, 10 of the C library's.
      ...['/usr/lib/python3.11/config-*/*.a', '/usr/lib/*/libpython*.a', '/usr/lib/*/lib[cm].a', '/usr/lib/*/libm-*.a'],
      // Compilers of other languages and for link-time optimisation.
      ...[
        '/usr/bin/*-lto-dump*',
        '/usr/lib/gcc/*/*/lto1',
        '/usr/lib/gcc/*/*/lib[alt]san*',
        '/usr/lib/*/lib[alt]san*',
        '/usr/lib/*/libubsan*',
      ],
    ],
    wheels: 'torch-wheels.txt',
  },
  /** PyTorch's own image with CUDA, by Docker and from its registry: for GPUs. Nobody here had one; it is built where there is. */
  cuda: {
    packages: ['g++', 'openssl', 'libnss-myhostname'],
    excludedPaths: texts,
    wheels: null,
    base: 'pytorch/pytorch:2.13.0-cuda12.6-cudnn9-runtime@sha256:6acf597eeb8e376a96580dde4952f37cc017fef732bb40bfc73f28f25e3f64b4',
  },
} as const satisfies Record<string, Recipe>

/** Name of an image. */
export type RecipeName = keyof typeof recipes

/** All of them. */
export const recipeNames = Object.keys(recipes) as RecipeName[]

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
const RECIPE_VERSION = 2

/** pip's lines of a recipe: one `name==version --hash=…` a wheel, comments left out. */
export function wheelLines({ wheels }: Recipe): string[] {
  if (wheels === null) return []
  const lines = readFileSync(join(import.meta.dirname, wheels), 'utf8').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}

/** Hex name of everything above and of the machine kind; images of different recipes live side by side. */
export function recipeKey(name: RecipeName): string {
  const recipe: Recipe = recipes[name]
  const parts = [
    ...(recipe.base === undefined ? [] : [recipe.base]),
    [RECIPE_VERSION, process.arch, suite, recipe.packages, recipe.excludedPaths, wheelLines(recipe)],
    [prunedPaths, emptiedFolders, unreadablePaths],
  ]
  return hash('sha256', JSON.stringify(parts)).slice(0, 16)
}

/** Whose key it is; undefined for a recipe of another version. */
export function recipeOfKey(key: string): RecipeName | undefined {
  return recipeNames.find((name) => recipeKey(name) === key)
}
