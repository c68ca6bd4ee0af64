/** Runs sandboxes by an engine that speaks Docker's API: one program, one container, removed at its end. */
import type Docker from 'dockerode'
import { reasonOf, SandboxError } from '../../errors.ts'
import { importImage } from '../../image/docker-image.ts'
import type { Image } from '../../image/image.ts'
import { basePolicy } from '../../limits.ts'
import type { EngineAddress } from '../address.ts'
import type { Engine, EngineStrength, Sandbox, SandboxSpec } from '../engine.ts'
import { checkSpec, type DockerContext, toDockerOptions } from '../policy.ts'
import { sweepCopies } from '../stage.ts'
import { attach } from './attach.ts'
import { connectDocker } from './connect.ts'
import { type DockerFacts, readFacts } from './dialect.ts'
import { createHeartbeat, type Heartbeat } from './heartbeat.ts'
import { createLayers, type Layers } from './layer.ts'
import { demux } from './stream.ts'
import { sandboxLabels, statusOf, sweepContainers } from './sweep.ts'
import { takeDockerTurn } from './turn.ts'
import { handSeccomp, proveWalls } from './walls.ts'
import { openOomCounter, watchContainer } from './watch.ts'
import { within } from './within.ts'

// Each step of a start on a crowded machine with a slow disk.
const STEP_MS_MAX = 60_000
// A container in which a layer is made never runs: this is when it must be gone, should its maker be.
const LAYER_POLICY = { ...basePolicy, wallMs: 10 * STEP_MS_MAX }

/** Where an engine is and what of it may be used; all but the image may be left out. */
export type DockerEngineOptions = {
  readonly image: Image
  /** Default: `DOCKER_HOST`, else the usual sockets. */
  readonly address?: EngineAddress | undefined
  /** What must answer there; default: whichever does. */
  readonly kind?: 'docker' | 'podman' | undefined
  readonly runtime?: 'runsc' | undefined
  /** Cores for these sandboxes alone, in the kernel's list form. */
  readonly cores?: string | undefined
  readonly gpus?: readonly string[] | undefined
  /** Where an engine on another machine finds our seccomp profiles, if it takes paths only. */
  readonly seccompFolder?: string | undefined
}

type Context = DockerContext & {
  readonly docker: Docker
  readonly facts: DockerFacts
  readonly isRemote: boolean
  readonly layers: Layers
  readonly heartbeat: Heartbeat
  readonly live: Set<Sandbox>
  /** The engine's clock. */
  readonly now: () => number
}

/** A container that is attached to and about to run. */
async function createContainer(spec: SandboxSpec, context: Context): Promise<Docker.Container> {
  const { docker, layers } = context
  const labels = sandboxLabels({ name: spec.name, policy: spec.policy, now: context.now() })
  const create = async () => {
    const image = await layers.ensure(spec.mounts)
    return within(STEP_MS_MAX, 'create', docker.createContainer(toDockerOptions({ spec, image, context, labels })))
  }
  try {
    return await create()
  } catch (thrown) {
    // Somebody removed the layer since it was made.
    if (statusOf(thrown) !== 404) throw thrown
    layers.forget()
    return create()
  }
}

async function startSandbox(spec: SandboxSpec, context: Context): Promise<Sandbox> {
  checkSpec(spec)
  const { docker, facts, live, gpus, isRemote, heartbeat } = context
  let container: Docker.Container | null = null
  const beat = heartbeat.watch()
  try {
    if ((spec.gpus ?? 0) > gpus.length) throw new Error(`${spec.gpus} GPUs asked for, ${gpus.length} may be lent`)
    container = await createContainer(spec, context)
    const stream = await within(STEP_MS_MAX, 'attach', attach(docker, container))
    // Before the start: a short program's last bytes come before the engine says that it runs.
    const halves = demux(stream)
    await within(STEP_MS_MAX, 'start', container.start())
    // Asked for now and not before: to wait for the next exit would be for ever, should the engine hear it late.
    const ended = container.wait()
    ended.catch(() => undefined)
    const isCounted = facts.oom === 'counted' && !isRemote
    const { State: state } = isCounted ? await within(STEP_MS_MAX, 'inspect', container.inspect()) : { State: null }
    const oom = state === null ? null : openOomCounter(state.Pid)
    const sandbox = watchContainer({ spec, docker, container, stream, halves, ended, oom, gone: beat.gone })
    live.add(sandbox)
    void sandbox.exited.then(() => {
      live.delete(sandbox)
      beat.stop()
    })
    return sandbox
  } catch (thrown) {
    beat.stop()
    const removed = container?.remove({ force: true, v: true })
    await (removed && within(STEP_MS_MAX, 'remove', removed).catch(() => undefined))
    const reason = reasonOf(thrown)
    throw new SandboxError('START_FAILED', { engine: facts.dialect.kind, name: spec.name, reason }, thrown)
  }
}

function strengthOf(facts: DockerFacts, options: DockerEngineOptions, isRemote: boolean): EngineStrength {
  return {
    memory: 'cgroup',
    cpu: 'cgroup',
    pids: 'cgroup',
    image: 'built',
    cores: options.cores === undefined ? 'shared' : 'cpuset',
    kernel: options.runtime === 'runsc' ? 'gvisor' : 'host',
    oom: facts.oom === 'reported' || (facts.oom === 'counted' && !isRemote) ? 'reported' : 'inferred',
  }
}

/**
 * An engine that was seen to enforce our limits, with the image imported into it.
 * @throws SandboxError `ENGINE_UNAVAILABLE`, `ENGINE_TOO_WEAK` or `IMAGE_BUILD_FAILED`.
 */
export async function openDocker(options: DockerEngineOptions): Promise<Engine> {
  const { docker, isRemote } = await connectDocker(options.address, options.kind)
  const openedAt = performance.now()
  const facts = await within(STEP_MS_MAX, 'info', readFacts(docker, options.runtime))
  const now = () => facts.now + performance.now() - openedAt
  const { kind } = facts.dialect
  if (options.kind !== undefined && kind !== options.kind) {
    throw new SandboxError('ENGINE_UNAVAILABLE', { engine: options.kind, reason: `${kind} answers there` })
  }
  const image = await importImage(docker, options.image)
  const { seccomp, remove: removeSeccomp } = handSeccomp({ facts, isRemote, folder: options.seccompFolder })
  const live = new Set<Sandbox>()
  const context: Context = {
    ...{ docker, facts, isRemote, live, seccomp, now },
    ...{ runtime: options.runtime, cores: options.cores, gpus: options.gpus ?? [] },
    layers: createLayers(docker, image, () => sandboxLabels({ name: 'layer', policy: LAYER_POLICY, now: now() })),
    heartbeat: createHeartbeat(() => docker.ping()),
  }
  let isClosed = false
  const engine: Engine = {
    kind,
    version: facts.version,
    strength: strengthOf(facts, options, isRemote),
    imageDigest: options.image.digest,
    start: async (spec) => {
      if (isClosed) throw new SandboxError('ENGINE_CLOSED')
      return startSandbox(spec, context)
    },
    takeTurn: (slot) => takeDockerTurn({ docker, image, slot, now }),
    sweep: async () => {
      sweepCopies()
      await sweepContainers(docker, now())
      await context.layers.sweep(now())
    },
    close: async () => {
      isClosed = true
      await Promise.all([...live].map((sandbox) => sandbox.kill()))
      removeSeccomp()
    },
  }
  if (options.runtime !== undefined || facts.dialect.seccomp === 'path') {
    await proveWalls(engine, facts, options.runtime).catch(async (thrown: unknown) => {
      await engine.close()
      throw thrown
    })
  }
  return engine
}
