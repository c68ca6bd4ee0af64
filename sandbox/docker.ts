/** Runs sandboxes by a Docker engine: one program, one container, removed at its end. */
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { boundedReadable, boundedText } from './bounded.ts'
import { connectDocker } from './docker-connect.ts'
import { demux } from './docker-stream.ts'
import type { Engine, Sandbox, SandboxExit, SandboxSpec } from './engine.ts'
import { reasonOf, SandboxError } from './errors.ts'
import { importImage } from './image/docker-image.ts'
import type { Image } from './image/image.ts'
import { checkSpec, type DockerFacts, toDockerOptions } from './policy.ts'
import { hostTag, isOwnerAlive, ownerTag } from './process-owner.ts'
import { type Copies, stageCopies, sweepCopies } from './stage.ts'

const OWNER_LABEL = 'evalmesh.owner'
const HOST_LABEL = 'evalmesh.host'
const NAME_LABEL = 'evalmesh.name'

const statusOf = (thrown: unknown): number | undefined => (thrown as { statusCode?: number }).statusCode

/** @throws SandboxError `ENGINE_TOO_WEAK` for an engine that would ignore a limit without a word. */
async function checkEngine(docker: Docker): Promise<DockerFacts & { version: string }> {
  const [info, version] = await Promise.all([docker.info(), docker.version()])
  const securityOptions: readonly string[] = info.SecurityOptions ?? []
  const components: readonly { Name?: string }[] = version.Components ?? []
  const missing = [
    info.OSType === 'linux' ? null : 'Linux containers',
    info.MemoryLimit ? null : 'memory limit',
    info.CpuCfsQuota ? null : 'CPU quota',
    info.PidsLimit ? null : 'process limit',
    securityOptions.some((option) => option.startsWith('name=seccomp')) ? null : 'seccomp',
    // Podman wants the profile as a file on its side and never reports an OOM kill.
    components.some(({ Name }) => Name?.startsWith('Podman')) ? 'an engine that is not Podman' : null,
  ].filter((name) => name !== null)
  if (missing.length > 0) throw new SandboxError('ENGINE_TOO_WEAK', { engine: 'docker', missing })
  const cgroupVersion = info.CgroupVersion === '2' ? 2 : 1
  return { cpuCount: info.NCPU, cgroupVersion, version: version.Version }
}

type Context = {
  readonly docker: Docker
  readonly image: string
  readonly facts: DockerFacts
  readonly live: Set<Sandbox>
}

async function startSandbox(spec: SandboxSpec, { docker, image, facts, live }: Context): Promise<Sandbox> {
  checkSpec(spec)
  let container: Docker.Container | null = null
  let copies: Copies | null = null
  try {
    copies = stageCopies(spec.mounts)
    const labels = { [OWNER_LABEL]: ownerTag(), [HOST_LABEL]: hostTag(), [NAME_LABEL]: spec.name }
    container = await docker.createContainer(
      toDockerOptions({ spec: { ...spec, mounts: copies.mounts }, image, facts, labels }),
    )
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true })
    // The types know only the callback form of a wait with a condition.
    const ended = container.wait({ condition: 'next-exit' }) as Promise<unknown>
    // Its failure is looked at by `watch`, which a failing start never reaches.
    ended.catch(() => undefined)
    await container.start()
    const sandbox = watch({ spec, container, stream: stream as Duplex, ended, copies })
    live.add(sandbox)
    void sandbox.exited.then(() => live.delete(sandbox))
    return sandbox
  } catch (thrown) {
    await container?.remove({ force: true, v: true }).catch(() => undefined)
    copies?.remove()
    throw new SandboxError('START_FAILED', { engine: 'docker', name: spec.name, reason: reasonOf(thrown) }, thrown)
  }
}

type Started = {
  readonly spec: SandboxSpec
  readonly container: Docker.Container
  readonly stream: Duplex
  /** Settles when the container ended, or the engine did. */
  readonly ended: Promise<unknown>
  readonly copies: Copies
}

/** Watches one started container to its end and removes it. */
function watch({ spec, container, stream, ended, copies }: Started): Sandbox {
  const { policy } = spec
  let ending: 'killed' | 'timeout' | 'output-limit' | null = null
  const end = (reason: 'killed' | 'timeout' | 'output-limit') => {
    if (ending !== null) return
    ending = reason
    halves.discard()
    // It may have ended by itself meanwhile, and a lost engine shows in `ended`.
    void container.kill({ signal: 'SIGKILL' }).catch(() => undefined)
  }
  const halves = demux(stream)
  const clock = setTimeout(() => end('timeout'), policy.wallMs)
  const stdout = boundedReadable(halves.stdout, policy.stdoutBytesMax, () => end('output-limit'))
  const stderr = boundedText(halves.stderr, policy.stderrBytesMax, () => end('output-limit'))
  const finish = async (): Promise<SandboxExit> => {
    try {
      await ended
      const { State: state } = await container.inspect()
      // Ends when stdout was read too: the clock still runs for a reader that stopped.
      await stderr.ended
      clearTimeout(clock)
      await container.remove({ force: true, v: true })
      const status = state.OOMKilled ? 'oom' : (ending ?? 'exited')
      return { status, code: ending === null ? state.ExitCode : null, stderr: stderr.text() }
    } catch (thrown) {
      clearTimeout(clock)
      stream.destroy()
      await container.remove({ force: true, v: true }).catch(() => undefined)
      return { status: 'killed', code: null, stderr: `${stderr.text()}\nthe engine was lost: ${reasonOf(thrown)}` }
    } finally {
      copies.remove()
    }
  }
  const exited = finish()
  const kill = async () => {
    end('killed')
    await exited
  }
  return { stdin: stream, stdout, exited, kill }
}

/** Containers of this host whose owner is no more; the engine may serve other hosts too. */
async function sweep(docker: Docker): Promise<void> {
  const filters = { label: [`${HOST_LABEL}=${hostTag()}`] }
  for (const { Id, Labels } of await docker.listContainers({ all: true, filters })) {
    if (isOwnerAlive(Labels[OWNER_LABEL] ?? '')) continue
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch((thrown: unknown) => {
        // Somebody else swept it at the same time.
        if (statusOf(thrown) !== 404 && statusOf(thrown) !== 409) throw thrown
      })
  }
}

/**
 * An engine that was seen to enforce our limits, with the image imported into it.
 * @throws SandboxError `ENGINE_UNAVAILABLE`, `ENGINE_TOO_WEAK` or `IMAGE_BUILD_FAILED`.
 */
export async function openDocker(options: { readonly image: Image; readonly socketPath?: string }): Promise<Engine> {
  const docker = await connectDocker(options.socketPath)
  const { version, ...facts } = await checkEngine(docker)
  const image = await importImage(docker, options.image)
  const live = new Set<Sandbox>()
  let isClosed = false
  return {
    kind: 'docker',
    version,
    strength: { memory: 'cgroup', cpu: 'cgroup', pids: 'cgroup', image: 'built' },
    imageDigest: options.image.digest,
    start: async (spec) => {
      if (isClosed) throw new SandboxError('ENGINE_CLOSED')
      return startSandbox(spec, { docker, image, facts, live })
    },
    sweep: async () => {
      sweepCopies()
      await sweep(docker)
    },
    close: async () => {
      isClosed = true
      await Promise.all([...live].map((sandbox) => sandbox.kill()))
    },
  }
}
