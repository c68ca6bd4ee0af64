/** Turns among validators on several machines that share one engine: whoever owns the container of this name has it. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { attach } from './attach.ts'
import { ownLabels, statusOf } from './sweep.ts'
import { within } from './within.ts'

const POLL_MS = 500
const STEP_MS_MAX = 30_000
// One that was made and never started has lost its maker in between.
const UNSTARTED_SECONDS_MAX = 60
const MEMORY_BYTES = 16 * 1024 * 1024

/** The engine takes the name once; the program ends with its input, and so with our connection, however we end. */
const toOptions = (name: string, image: string): Docker.ContainerCreateOptions => ({
  ...{ name, Image: image, Entrypoint: ['/usr/bin/cat'], Labels: ownLabels(), NetworkDisabled: true },
  ...{ User: '64000:64000', OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true },
  HostConfig: {
    ...{ AutoRemove: true, NetworkMode: 'none', ReadonlyRootfs: true, CapDrop: ['ALL'], PidsLimit: 8 },
    ...{ Memory: MEMORY_BYTES, MemorySwap: MEMORY_BYTES, LogConfig: { Type: 'none', Config: {} } },
    // Podman's own defaults are refused without CAP_SYS_RESOURCE.
    Ulimits: ['nproc', 'nofile'].map((Name) => ({ Name, Soft: 1_024, Hard: 1_024 })),
  },
})

async function removeUnstarted(docker: Docker, name: string, now: number): Promise<void> {
  const filters = { name: [`^/?${name}$`], status: ['created'] }
  const found = await within(STEP_MS_MAX, 'turn', docker.listContainers({ all: true, filters }))
  const lost = found.filter(({ Created }) => Created < now / 1_000 - UNSTARTED_SECONDS_MAX)
  await Promise.all(
    lost.map(({ Id }) =>
      within(STEP_MS_MAX, 'turn', docker.getContainer(Id).remove({ force: true })).catch(() => undefined),
    ),
  )
}

/**
 * Waits for this turn; call what it returns to give it back. `now`: the engine's clock.
 * @throws Error when the engine fails
 */
export async function takeDockerTurn(options: {
  readonly docker: Docker
  readonly image: string
  readonly slot: number
  readonly now: () => number
}): Promise<() => Promise<void>> {
  const { docker, image, slot, now } = options
  const name = `evalmesh-turn-${slot}`
  for (;;) {
    const container = await create(docker, name, image)
    if (container !== null) return begin(docker, container)
    await removeUnstarted(docker, name, now())
    await delay(POLL_MS)
  }
}

/** Null: somebody has the name. */
async function create(docker: Docker, name: string, image: string): Promise<Docker.Container | null> {
  try {
    return await within(STEP_MS_MAX, 'turn', docker.createContainer(toOptions(name, image)))
  } catch (thrown) {
    // Podman says 500 for a name that is taken.
    if (statusOf(thrown) === 409 || /already in use/.test(String(thrown))) return null
    throw thrown
  }
}

async function begin(docker: Docker, container: Docker.Container): Promise<() => Promise<void>> {
  const remove = () => within(STEP_MS_MAX, 'turn', container.remove({ force: true, v: true })).catch(() => undefined)
  try {
    const stream = await within(STEP_MS_MAX, 'turn', attach(docker, container))
    stream.on('error', () => undefined).resume()
    await within(STEP_MS_MAX, 'turn', container.start())
    return async () => {
      // The engine removes it by itself as soon as its input ends, and then refuses ours while it is still at it.
      const gone = within(STEP_MS_MAX, 'turn', container.wait({ condition: 'removed' })).catch(() => undefined)
      stream.destroy()
      await remove()
      await gone
    }
  } catch (thrown) {
    await remove()
    throw thrown
  }
}
