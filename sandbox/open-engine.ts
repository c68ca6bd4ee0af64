/** Finds something that can isolate a stranger's program here, or says what was tried and what would mend it. */
import process from 'node:process'
import { openBubblewrap } from './bubblewrap.ts'
import { openDocker } from './docker.ts'
import { startDockerDaemon } from './docker-daemon.ts'
import type { Engine } from './engine.ts'
import { reasonOf, SandboxError } from './errors.ts'
import { openImage } from './image/image.ts'

/** What to look for. */
export type EngineOptions = {
  /** `auto`: a Docker engine that answers, else bubblewrap. */
  readonly prefer: 'auto' | 'docker' | 'bubblewrap'
  /** Folder of a built image; null means the host's own /usr: bubblewrap only, and never for a vote. */
  readonly imageDirectory: string | null
  /** Where Debian's engine keeps its data when `prefer` is `docker`, none answers and we are root: then we start one. */
  readonly dockerRoot?: string
}

const MEND = {
  bubblewrap: 'apt-get install -y bubblewrap',
  docker: 'apt-get install -y docker.io',
} as const

/**
 * An engine that was seen to work; what a crashed predecessor left is swept. It never falls back to an unprotected run.
 * @throws SandboxError `IMAGE_MISSING`, `IMAGE_DAMAGED`; `ENGINE_UNAVAILABLE` with `probed` (why each engine cannot) and
 * `mend` (the one command that helps).
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { prefer } = options
  const kinds = prefer === 'auto' ? (['docker', 'bubblewrap'] as const) : [prefer]
  const probed: Record<string, unknown> = {}
  for (const kind of kinds) {
    try {
      const engine = kind === 'docker' ? await openDockerOrStart(options) : await openBubblewrapOn(options)
      await engine.sweep()
      return engine
    } catch (thrown) {
      // No engine can run a missing or damaged image: that is the caller's to build.
      if (thrown instanceof SandboxError && /^IMAGE_(MISSING|DAMAGED)$/.test(thrown.code)) throw thrown
      probed[kind] = thrown instanceof SandboxError ? { code: thrown.code, ...thrown.facts } : reasonOf(thrown)
    }
  }
  const mend = MEND[prefer === 'docker' || process.platform !== 'linux' ? 'docker' : 'bubblewrap']
  throw new SandboxError('ENGINE_UNAVAILABLE', { probed, mend })
}

async function openBubblewrapOn({ imageDirectory }: EngineOptions): Promise<Engine> {
  if (imageDirectory === null) return openBubblewrap({ root: { kind: 'host' } })
  const { rootfs, digest } = await openImage(imageDirectory)
  return openBubblewrap({ root: { kind: 'built', rootfs, digest } })
}

async function openDockerOrStart({ imageDirectory, dockerRoot, prefer }: EngineOptions): Promise<Engine> {
  if (imageDirectory === null) throw new SandboxError('ENGINE_UNAVAILABLE', { reason: 'Docker needs a built image' })
  const image = await openImage(imageDirectory)
  try {
    return await openDocker({ image })
  } catch (thrown) {
    const isAbsent = thrown instanceof SandboxError && thrown.code === 'ENGINE_UNAVAILABLE'
    if (!isAbsent || prefer !== 'docker' || dockerRoot === undefined || process.getuid?.() !== 0) throw thrown
  }
  const daemon = await startDockerDaemon({ root: dockerRoot })
  try {
    const engine = await openDocker({ image, socketPath: daemon.socketPath })
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
