/** Brings the built image root into a Docker engine, under its own digest. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import type Docker from 'dockerode'
import { reasonOf, SandboxError } from '../errors.ts'
import type { Image } from './image.ts'

// The digest stands in the repository's name: Podman's import calls every tag `latest`.
const REPOSITORY = 'evalmesh-image'

/**
 * The id under which `engine` has this image, imported when it is not there yet (6–9 s). The name holds the tree's digest,
 * so bubblewrap and Docker run the same files.
 * @throws SandboxError `IMAGE_BUILD_FAILED`.
 */
export async function importImage(engine: Docker, image: Image): Promise<string> {
  const name = `${REPOSITORY}-${image.digest}`
  try {
    return (await engine.getImage(name).inspect()).Id
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
    if (code === 0) return (await engine.getImage(name).inspect()).Id
    await engine.getImage(name).remove()
    throw new Error(`tar ended with ${code}`)
  } catch (thrown) {
    tar.kill('SIGKILL')
    throw failure(name, thrown)
  }
}

const failure = (name: string, thrown: unknown) =>
  new SandboxError('IMAGE_BUILD_FAILED', { image: name, reason: reasonOf(thrown) }, thrown)
