/** Hands files of ours to an engine as a layer over its image: its machine need not be ours, and no path of ours shows. */
import { hash } from 'node:crypto'
import type Docker from 'dockerode'
import type { SandboxSpec } from '../engine.ts'
import { packMounts } from '../tar.ts'
import { within } from './within.ts'

// A harness is a few small files; data goes through the channel.
const LAYER_BYTES_MAX = 4 * 1024 * 1024
// A commit writes a few files; a disk that is full says so at once, one that hangs does not.
const COMMIT_MS_MAX = 60_000
const REPOSITORY = 'evalmesh-layer'
// Of older versions of the harness, and of tests: a few KiB each, removed by a sweep this long after they were made.
const KEPT_SECONDS = 24 * 3_600

/** The layers of one engine. */
export type Layers = {
  /** Id of the image with these files in it, made when it is not there yet (0.1–0.5 s). @throws Error when it cannot. */
  ensure(mounts: SandboxSpec['mounts']): Promise<string>
  /** Forgets what was made: somebody removed it. */
  forget(): void
  /** Removes those that are old and unused. */
  sweep(now: number): Promise<void>
}

/** `image`: id of the image below; `toLabels` marks the container that lives while a layer is made. */
export function createLayers(docker: Docker, image: string, toLabels: () => Readonly<Record<string, string>>): Layers {
  const made = new Map<string, Promise<string>>()
  const idOf = async (name: string): Promise<string | null> => {
    try {
      return (await within(COMMIT_MS_MAX, 'image', docker.getImage(name).inspect())).Id
    } catch (thrown) {
      if ((thrown as { statusCode?: number }).statusCode === 404) return null
      throw thrown
    }
  }
  const make = async (tar: Buffer, name: string): Promise<string> => {
    const present = await idOf(name)
    if (present !== null) return present
    // Never started: a container is where an engine takes files.
    const options = { Image: image, Cmd: ['/bin/true'], Labels: { ...toLabels() }, NetworkDisabled: true }
    const container = await within(COMMIT_MS_MAX, 'create', docker.createContainer(options))
    try {
      await within(COMMIT_MS_MAX, 'copy', container.putArchive(tar, { path: '/' }))
      await within(COMMIT_MS_MAX, 'commit', container.commit({ repo: name, tag: 'latest', pause: false }))
    } finally {
      await within(COMMIT_MS_MAX, 'remove', container.remove({ force: true, v: true })).catch(() => undefined)
    }
    const id = await idOf(name)
    if (id === null) throw new Error('a layer went away as soon as it was made')
    return id
  }
  return {
    ensure: async (mounts) => {
      if (mounts.length === 0) return image
      const tar = packMounts(mounts, LAYER_BYTES_MAX)
      const name = `${REPOSITORY}-${hash('sha256', `${image}\n${hash('sha256', tar)}`).slice(0, 32)}`
      const known = made.get(name) ?? make(tar, name)
      made.set(name, known)
      known.catch(() => made.delete(name))
      return known
    },
    forget: () => made.clear(),
    sweep: async (now) => {
      const listed = docker.listImages({ filters: { reference: [`${REPOSITORY}-*`] } })
      const images = await within(COMMIT_MS_MAX, 'list', listed)
      const old = images.filter(({ Created }) => Created < now / 1_000 - KEPT_SECONDS)
      // One in use is refused with 409, one that somebody else removed with 404; one that hangs stays.
      await Promise.all(
        old.map(({ Id }) => within(COMMIT_MS_MAX, 'remove', docker.getImage(Id).remove()).catch(() => undefined)),
      )
    },
  }
}
