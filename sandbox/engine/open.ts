/** Finds something that can isolate a stranger's program here, or says what was tried and what would mend it. */
import process from 'node:process'
import { reasonOf, SandboxError } from '../errors.ts'
import { openImage } from '../image/image.ts'
import type { EngineAddress } from './address.ts'
import { openBubblewrap } from './bubblewrap.ts'
import { ownRoot, startDaemon } from './daemon.ts'
import { openDocker } from './docker/docker.ts'
import type { Engine, EngineKind } from './engine.ts'

/** What to look for, as plain data. */
export type EngineOptions = {
  /** `auto`: a Docker engine that answers, else bubblewrap; with `address`: whatever answers there. */
  readonly prefer: 'auto' | EngineKind
  /** Folder of a built image; null means the host's own /usr: bubblewrap only, and never for a vote. */
  readonly imageDirectory: string | null
  /** Where an engine keeps its data that we start because none answers; needs root and `docker` or `podman`. */
  readonly dockerRoot?: string
  /** Where a Docker or Podman engine listens; without it the usual places are tried. */
  readonly address?: EngineAddress | undefined
  /** gVisor instead of the machine's own kernel, by an engine that knows this runtime. */
  readonly runtime?: 'runsc' | undefined
  /** Cores that these sandboxes have to themselves, in the kernel's list form. */
  readonly cores?: string | undefined
  /** Ids of the GPUs that may be lent; for bubblewrap their numbers. */
  readonly gpus?: readonly string[] | undefined
  /** Where a Podman engine on another machine finds our seccomp profiles. */
  readonly seccompFolder?: string | undefined
}

const MEND = {
  bubblewrap: 'apt-get install -y bubblewrap',
  docker: 'apt-get install -y docker.io',
  podman: 'apt-get install -y podman runc',
} as const

/** The kinds to try, in this order. */
function kindsOf({ prefer, address, runtime }: EngineOptions): readonly EngineKind[] {
  if (prefer !== 'auto') return [prefer]
  if (address !== undefined || runtime !== undefined) return ['docker']
  return ['docker', 'bubblewrap']
}

/**
 * An engine that was seen to work; what a crashed predecessor left is swept. It never falls back to an unprotected run.
 * @throws SandboxError `IMAGE_MISSING`, `IMAGE_DAMAGED`; `ENGINE_UNAVAILABLE` with `probed` (why each engine cannot) and
 * `mend` (the one command that helps).
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { prefer } = options
  const probed: Record<string, unknown> = {}
  for (const kind of kindsOf(options)) {
    try {
      const engine = kind === 'bubblewrap' ? await openBubblewrapOn(options) : await openOrStart(options, kind)
      await engine.sweep().catch(async (thrown) => {
        await engine.close()
        throw thrown
      })
      return engine
    } catch (thrown) {
      // No engine can run a missing or damaged image: that is the caller's to build.
      if (thrown instanceof SandboxError && /^IMAGE_(MISSING|DAMAGED)$/.test(thrown.code)) throw thrown
      probed[kind] = thrown instanceof SandboxError ? { code: thrown.code, ...thrown.facts } : reasonOf(thrown)
    }
  }
  const mend = MEND[prefer !== 'auto' ? prefer : process.platform === 'linux' ? 'bubblewrap' : 'docker']
  throw new SandboxError('ENGINE_UNAVAILABLE', { probed, mend })
}

async function openBubblewrapOn({ imageDirectory, runtime, cores, gpus }: EngineOptions): Promise<Engine> {
  if (runtime !== undefined) throw new SandboxError('ENGINE_TOO_WEAK', { missing: [`runtime ${runtime}`] })
  if (imageDirectory === null) return openBubblewrap({ root: { kind: 'host' }, cores, gpus })
  const { rootfs, digest } = await openImage(imageDirectory)
  return openBubblewrap({ root: { kind: 'built', rootfs, digest }, cores, gpus })
}

async function openOrStart(options: EngineOptions, kind: 'docker' | 'podman'): Promise<Engine> {
  const { imageDirectory, dockerRoot, prefer, address } = options
  if (imageDirectory === null) throw new SandboxError('ENGINE_UNAVAILABLE', { reason: `${kind} needs a built image` })
  const image = await openImage(imageDirectory)
  const given = { ...options, image }
  const isAny = prefer === 'auto' && address !== undefined
  try {
    return await openDocker({ ...given, kind: isAny ? undefined : kind })
  } catch (thrown) {
    const isAbsent = thrown instanceof SandboxError && thrown.code === 'ENGINE_UNAVAILABLE'
    const mayStart = prefer === kind && address === undefined && process.getuid?.() === 0
    if (!isAbsent || !mayStart || dockerRoot === undefined) throw thrown
  }
  const daemon = await startDaemon({ root: ownRoot(dockerRoot, kind), kind })
  try {
    const engine = await openDocker({ ...given, kind, address: { kind: 'unix', path: daemon.socketPath } })
    const close = async () => {
      await engine.close()
      await daemon.stop()
    }
    return { ...engine, close }
  } catch (thrown) {
    await daemon.stop()
    throw thrown
  }
}
