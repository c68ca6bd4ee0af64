/** Python packages of an image root: fetched by the host's pip, unpacked, stripped, and compiled by the image's own Python. */
import { execFile } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { SandboxError } from '../errors.ts'
import { runCommand } from './command.ts'
import { type Recipe, wheelLines } from './recipe.ts'

// Debian's Python looks here before its own packages.
const SITE = 'usr/local/lib/python3.11/dist-packages'

/** What pip is told about the image's Python, whatever Python runs pip. */
const TARGET = [
  ...['--python-version', '3.11', '--implementation', 'cp', '--only-binary', ':all:'],
  // Debian 12 has glibc 2.36.
  ...[28, 27, 24, 17].flatMap((minor) => ['--platform', `manylinux_2_${minor}_x86_64`]),
  ...['--platform', 'manylinux2014_x86_64'],
]

/** PyTorch's own index of CPU builds: the general one has only CUDA's for this machine kind, ten times as large. */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu'

/** Names of folders of tests and of what belongs to another time than run time; and pip's notes of where it ran. */
const DROPPED_FOLDERS = new Set(['tests', '__pycache__'])
// A .pth would run at every start of Python.
const DROPPED_FILES = /\.(a|cmake|pth)$|\.dist-info\/(RECORD|INSTALLER|REQUESTED|direct_url\.json)$/
const DROPPED_PATHS = ['bin', 'share', 'torch/test', 'torch/share']

/** Sources of a newer Python lie among them and stay as they are: importing one is an error with or without this. */
const COMPILE = `
import compileall, py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir(sys.argv[1], quiet=2, stripdir=sys.argv[2], prependdir="/", invalidation_mode=mode)
`

/** The loader of the image's own programs, by Node's name of the machine. */
const LOADERS: Readonly<Record<string, { readonly folder: string; readonly loader: string }>> = {
  x64: { folder: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
}

/**
 * Installs a recipe's wheels and answers what came as `name==version`; nothing for a recipe without. 200 MB to fetch and
 * a minute or two for image torch. The same wheels give the same bytes on every machine.
 * @throws SandboxError `TOOLS_MISSING` with `packages`, `IMAGE_BUILD_FAILED`
 */
export async function installWheels(options: {
  readonly rootfs: string
  readonly recipe: Recipe
  readonly onProgress: ((line: string) => void) | undefined
  readonly signal: AbortSignal | undefined
}): Promise<string[]> {
  const { rootfs, recipe, onProgress, signal } = options
  const lines = wheelLines(recipe)
  if (lines.length === 0) return []
  const machine = LOADERS[process.arch]
  if (process.platform !== 'linux' || machine === undefined) {
    const reason = `its wheels are for Linux on x86-64, this is ${process.platform} on ${process.arch}`
    throw new SandboxError('IMAGE_BUILD_FAILED', { reason })
  }
  const site = join(rootfs, SITE)
  mkdirSync(site, { recursive: true })
  onProgress?.(`fetching and unpacking ${lines.length} Python packages (200 MB)`)
  await fetchWheels(site, lines, signal)
  strip(site)
  normalise(join(rootfs, 'usr/local'))
  onProgress?.('compiling Python sources, a minute or so')
  const { folder, loader } = machine
  const libraries = [folder, 'usr/lib'].map((path) => join(rootfs, path)).join(':')
  const python = [join(rootfs, folder, loader), '--library-path', libraries, join(rootfs, 'usr/bin/python3.11')]
  // A sandbox cannot write what it compiles: without this each import of torch takes ten seconds more. By content and not
  // by time, under the path inside, with one order of sets: the same bytes everywhere.
  const compile = ['-S', '-B', '-c', COMPILE, site, rootfs]
  await runCommand([...python, ...compile], {
    env: { PYTHONHOME: join(rootfs, 'usr'), PYTHONHASHSEED: '0', LC_ALL: 'C.UTF-8' },
    signal,
  })
  normalise(join(rootfs, 'usr/local'))
  return lines.map((line) => line.split(' ')[0] ?? '').sort()
}

async function fetchWheels(site: string, lines: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const python = await findPip()
  const list = `${site}.txt`
  writeFileSync(list, lines.join('\n'))
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
  const exact = ['--require-hashes', '--no-deps', '--no-compile', '--requirement', list]
  const install = [python, '-m', 'pip', 'install', ...quiet, '--target', site, ...TARGET, ...exact]
  const options = { env: process.env, signal, from: ['python3-pip'] }
  try {
    await runCommand(install, options).catch(async (thrown: unknown) => {
      if (signal?.aborted) throw thrown
      // Half an unpacked package would be in the way.
      rmSync(site, { recursive: true, force: true })
      await runCommand([...install, '--extra-index-url', CPU_INDEX], options)
    })
  } finally {
    rmSync(list, { force: true })
  }
}

/** A Python of this machine that has pip. @throws SandboxError `TOOLS_MISSING` */
async function findPip(): Promise<string> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const found = await promisify(execFile)(python, ['-m', 'pip', '--version']).then(
      () => true,
      () => false,
    )
    if (found) return python
  }
  throw new SandboxError('TOOLS_MISSING', { packages: ['python3-pip'] })
}

/** Takes away what no submission imports. */
function strip(site: string): void {
  for (const path of DROPPED_PATHS) rmSync(join(site, path), { recursive: true, force: true })
  for (const entry of readdirSync(site, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const isDropped = entry.isDirectory() ? DROPPED_FOLDERS.has(entry.name) : DROPPED_FILES.test(path)
    if (isDropped) rmSync(path, { recursive: true, force: true })
  }
}

/** One mode for all folders and one for all files: those that were made here have the operator's mask. */
function normalise(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    else if (entry.isFile()) chmodSync(path, (lstatSync(path).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}
