/** NVIDIA GPUs for bubblewrap: a card's device nodes and the driver's libraries, which belong to the machine and not to the image. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { reasonOf } from '../errors.ts'
import type { Bind } from './policy.ts'

/** Where a sandbox finds the driver's libraries. */
export const DRIVER_FOLDER = '/nvidia'

/** The libraries that computing needs, of those that NVIDIA's container toolkit lends for `compute,utility`, and the ends of the names they are loaded by. */
const LIBRARIES: readonly (readonly [name: string, end: string | null])[] = [
  ['libcuda.so', '1'],
  ['libnvidia-ml.so', '1'],
  ['libnvidia-ptxjitcompiler.so', '1'],
  ['libnvidia-nvvm.so', '4'],
  // Loaded by its whole version; older drivers have none.
  ['libnvidia-gpucomp.so', null],
]

/** What lets a program of a sandbox compute on GPUs. */
export type GpuAccess = {
  /** Device nodes of each GPU that may be lent, in that order. */
  readonly cards: readonly string[]
  /** Device nodes that every one of them needs. */
  readonly shared: readonly string[]
  readonly libraries: readonly Bind[]
}

/** A driver is loaded by its libraries' short names; Triton asks for the folder by name, where others have a loader's cache. */
export const GPU_ENV = { LD_LIBRARY_PATH: DRIVER_FOLDER, TRITON_LIBCUDA_PATH: DRIVER_FOLDER } as const

/**
 * The libraries of the driver whose libcuda the loader knows.
 * @param cache what `ldconfig -p` prints
 * @throws Error with what is missing
 */
export function findLibraries(cache: string): Bind[] {
  const found = /^\s*libcuda\.so\.1 .*x86-64.*=> (.*)$/m.exec(cache)?.[1]
  if (found === undefined) throw new Error('no NVIDIA driver: ldconfig knows no libcuda.so.1')
  const real = realpathSync(found)
  const version = /^libcuda\.so\.([\d.]+)$/.exec(basename(real))?.[1]
  if (version === undefined) throw new Error(`no NVIDIA driver: ${real} has no version in its name`)
  return LIBRARIES.flatMap(([name, end]) => {
    const source = join(dirname(real), `${name}.${version}`)
    return existsSync(source) ? [{ source, target: join(DRIVER_FOLDER, `${name}.${end ?? version}`) }] : []
  })
}

/**
 * Access to these GPUs, named by their numbers: "0" is /dev/nvidia0.
 * @throws Error with what is missing and what mends it
 */
export async function findGpus(ids: readonly string[], folder = '/dev'): Promise<GpuAccess> {
  const bad = ids.find((id) => !/^\d{1,3}$/.test(id))
  if (bad !== undefined) throw new Error(`bubblewrap names a GPU by its number, 0 for /dev/nvidia0: ${bad} is none`)
  const cards = ids.map((id) => join(folder, `nvidia${id}`))
  const shared = ['nvidiactl', 'nvidia-uvm'].map((name) => join(folder, name))
  const missing = [...cards, ...shared].find((path) => !existsSync(path))
  if (missing !== undefined) {
    const there = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('nvidia')) : []
    throw new Error(
      `there is no ${missing}, but ${there.join(', ') || 'no NVIDIA device at all'}: run nvidia-modprobe -u -c 0`,
    )
  }
  const { stdout } = await promisify(execFile)('ldconfig', ['-p'], {
    env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' },
    maxBuffer: 16 * 1024 * 1024,
  }).catch((thrown: unknown) => {
    throw new Error(`ldconfig does not run: ${reasonOf(thrown)}`)
  })
  return { cards, shared, libraries: findLibraries(stdout) }
}
