/** Builds the image root by a Docker engine, for machines without mmdebstrap; needs a registry or a local base image. */
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type Docker from 'dockerode'
import { reasonOf, SandboxError } from '../errors.ts'
import type { Recipe, RecipeName } from './recipe.ts'

type Step = { readonly error?: string; readonly stream?: string }

/**
 * The file tree of the built image as a tar; call `remove` when it was read. Its digest differs from mmdebstrap's, for the
 * registry's base does: members who compare digests build in one way.
 * @throws SandboxError `IMAGE_BUILD_FAILED` with the end of the build's output.
 */
export async function exportBuild(
  docker: Docker,
  name: RecipeName,
  { packages, excludedPaths, base }: Recipe,
): Promise<{ tar: Readable; remove: () => Promise<void> }> {
  try {
    const dockerfile = base === undefined ? 'Dockerfile' : 'Dockerfile.cuda'
    const context = { context: import.meta.dirname, src: [dockerfile] }
    // Builds have no network of their own where the engine runs without a bridge.
    const given = { PACKAGES: packages.join(' '), EXCLUDED: excludedPaths.join(' ') }
    const buildargs = base === undefined ? given : { ...given, BASE: base }
    // One each: what is built at the same time of another recipe is not what this one exports.
    const tag = `evalmesh-build:${name}`
    const options = { t: tag, dockerfile, networkmode: 'host', buildargs }
    const progress = await docker.buildImage(context, options)
    const steps = (await promisify(docker.modem.followProgress.bind(docker.modem))(progress)) as Step[] | undefined
    const failed = steps?.find(({ error }) => error !== undefined)
    if (failed !== undefined) throw new Error(failed.error)
    const container = await docker.createContainer({ Image: tag, Cmd: ['/bin/true'] })
    const tar = new Readable().wrap(await container.export())
    return { tar, remove: () => container.remove({ force: true }) }
  } catch (thrown) {
    throw new SandboxError('IMAGE_BUILD_FAILED', { command: 'docker build', reason: reasonOf(thrown) }, thrown)
  }
}
