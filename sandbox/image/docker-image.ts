/** Brings the built image root into a Docker engine, under its own digest. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import type Docker from 'dockerode'
import { within } from '../engine/docker/within.ts'
import { reasonOf, SandboxError } from '../errors.ts'
import type { Image } from './image.ts'

// The digest stands in the repository's name: Podman's import calls every tag `latest`.
const REPOSITORY = 'evalmesh-image'
// To look one up is a moment's work. An import is as slow as the disk and the line to it, and has no limit.
const LOOK_MS_MAX = 60_000

/**
 * The id under which `engine` has this image, imported when it is not there yet (6–9 s). The name holds the tree's digest,
 * so bubblewrap and Docker run the same files.
 * @throws SandboxError `IMAGE_BUILD_FAILED`.
 */
export async function importImage(engine: Docker, image: Image): Promise<string> {
  const name = `${REPOSITORY}-${image.digest}`
  const look = async () => (await within(LOOK_MS_MAX, 'image', engine.getImage(name).inspect())).Id
  try {
    return await look()
  } catch (thrown) {
    if ((thrown as { statusCode?: number }).statusCode !== 404) throw failure(name, thrown)
  }
  const owner = ['--numeric-owner', '--owner=0', '--group=0']
  const tar = spawn('tar', ['-C', image.rootfs, ...owner, '-cf', '-', '.'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const packed = once(tar, 'close')
  try {
    const progress = await engine.importImage(tar.stdout, { repo: name, tag: 'latest' })
    await promisify(engine.modem.followProgress.bind(engine.modem))(progress)
    const [code] = await packed
    if (code === 0) return await look()
    await within(LOOK_MS_MAX, 'remove', engine.getImage(name).remove())
    throw new Error(`tar ended with ${code}`)
  } catch (thrown) {
    tar.kill('SIGKILL')
    throw failure(name, thrown)
  }
}

const failure = (name: string, thrown: unknown) =>
  new SandboxError('IMAGE_BUILD_FAILED', { image: name, reason: reasonOf(thrown) }, thrown)
