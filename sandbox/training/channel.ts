/** One training process in its sandbox: frames go in, frames come out with their times, and the end of it is a fault that says why. */
import { join } from 'node:path'
import process from 'node:process'
import { finished } from 'node:stream/promises'
import type { Engine, Sandbox } from '../engine/engine.ts'
import { SandboxError } from '../errors.ts'
import { RunFault } from '../faults.ts'
import type { Policy } from '../limits.ts'
import { createFrameDecoder, encodeFrame, type Frame } from '../referee/frames.ts'
import { ERROR_BYTES_MAX, parseError } from '../referee/output.ts'
import { TrainingFrame } from './frames.ts'

/** What may come next: the longest payload of each type. */
export type Allowed = ReadonlyMap<number, number>

/** A process that frames are exchanged with. Every wait throws RunFault. */
export type Channel = {
  send(type: number, ...parts: readonly Uint8Array[]): void
  /** The next frame of one of these types. `what` is named when it takes longer than `msMax`. */
  receive(allowed: Allowed, what: { readonly name: string; readonly msMax: number }): Promise<Frame>
  /** True when nothing has come that was not asked for. */
  readonly isQuiet: boolean
  /** Stops all of its processes, or lets them go on. Never throws. */
  setFrozen(isFrozen: boolean): Promise<void>
  /** Ends it whatever its state; what it printed. Never throws. */
  close(): Promise<string>
}

/** Requests for batches may come in a row; more frames than this at once is not the protocol. */
const QUEUE_MAX = 64
const HARNESS = join(import.meta.dirname, '../harness/training')

/** Where PyTorch and Triton put what they compile: the one place that programs may be started from. */
const CACHE_ENV = {
  TMPDIR: '/cache',
  TORCHINDUCTOR_CACHE_DIR: '/cache/inductor',
  TRITON_CACHE_DIR: '/cache/triton',
}

/** Frames as they come, each checked against what is allowed at that moment. */
function createInbox(sandbox: Sandbox) {
  let allowed: Allowed = new Map([[TrainingFrame.hello, 0]])
  const decoder = createFrameDecoder((type) => (type === TrainingFrame.error ? ERROR_BYTES_MAX : allowed.get(type)))
  const queue: Frame[] = []
  let failure: RunFault | null = null
  let wake: () => void = () => undefined
  const fail = (fault: RunFault) => {
    failure ??= fault
    wake()
  }
  sandbox.stdout.on('data', (chunk: Buffer) => {
    const at = process.hrtime.bigint()
    try {
      queue.push(...decoder.push(chunk, at))
      if (queue.length > QUEUE_MAX) throw new RunFault('BAD_FRAME', { text: 'too many frames' })
    } catch (thrown) {
      fail(thrown instanceof RunFault ? thrown : new RunFault('REFEREE_FAILED', { text: String(thrown) }))
    }
    wake()
  })
  sandbox.stdout.on('error', () => undefined)
  // The last bytes may still lie in the stream, and they tell more than the end does.
  const drained = finished(sandbox.stdout).catch(() => undefined)
  void Promise.all([sandbox.exited, drained]).then(([exit]) => {
    const isOurs = exit.status === 'killed' || (exit.status === 'exited' && exit.code === null)
    // An engine that is gone looks like silence first: whatever else was noticed, nobody is blamed for it.
    if (exit.status === 'lost') failure = new RunFault('ENGINE_FAILED', { text: exit.stderr.slice(-300) })
    else if (exit.status === 'oom') failure = new RunFault('OUT_OF_MEMORY')
    else if (exit.status === 'timeout') fail(new RunFault('TIMEOUT', { text: 'the whole run' }))
    else if (exit.status === 'output-limit') fail(new RunFault('LOG_TOO_LARGE'))
    else if (isOurs) fail(new RunFault('ENGINE_FAILED', { text: 'the sandbox was killed from outside' }))
    else fail(new RunFault('NO_ANSWER', { text: `the sandbox ended with code ${exit.code}` }))
    wake()
  })
  return {
    allow: (types: Allowed) => {
      allowed = types
    },
    fail,
    isEmpty: () => queue.length === 0,
    take: async (): Promise<Frame> => {
      for (;;) {
        const frame = queue.shift()
        if (frame !== undefined) return frame
        if (failure !== null) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/**
 * Starts one of the harness's programs; resolves when its imports are done.
 * @throws RunFault `SANDBOX_START`.
 */
export async function openChannel(options: {
  readonly engine: Engine
  readonly name: string
  readonly program: 'runner.py' | 'verifier.py'
  readonly policy: Policy
  /** Scratch space for what compiles; none for the verifier. */
  readonly cacheBytes?: number
  readonly gpus: number
  readonly startMsMax: number
}): Promise<Channel> {
  const { engine, name, program, policy } = options
  const spec = {
    name,
    argv: ['/usr/bin/python3', '-I', '-B', `/harness/training/${program}`],
    mounts: [{ source: HARNESS, target: '/harness/training' }],
    // A submission that starts more threads than its share of CPU must not wait for them by spinning.
    env: { OMP_WAIT_POLICY: 'passive', ...(options.cacheBytes === undefined ? {} : CACHE_ENV) },
    policy,
    gpus: options.gpus,
    ...(options.cacheBytes === undefined ? {} : { cacheBytes: options.cacheBytes }),
  }
  const sandbox = await engine.start(spec).catch((thrown: unknown) => {
    const facts = thrown instanceof SandboxError ? { text: thrown.code, ...thrown.facts } : { text: String(thrown) }
    throw new RunFault('SANDBOX_START', facts)
  })
  const inbox = createInbox(sandbox)
  const receive: Channel['receive'] = async (allowed, what) => {
    inbox.allow(allowed)
    const late = () => inbox.fail(new RunFault('TIMEOUT', { text: `${what.name}: over ${what.msMax} ms` }))
    const clock = setTimeout(late, what.msMax)
    try {
      const frame = await inbox.take()
      if (frame.type === TrainingFrame.error) {
        // Only the sandbox's end tells whether memory was the reason.
        await sandbox.kill()
        const exit = await sandbox.exited
        throw exit.status === 'oom' ? new RunFault('OUT_OF_MEMORY') : parseError(frame.payload)
      }
      const lengthMax = allowed.get(frame.type)
      if (lengthMax === undefined || frame.payload.length > lengthMax)
        throw new RunFault('BAD_FRAME', { text: `type ${frame.type} at ${what.name}` })
      return frame
    } finally {
      clearTimeout(clock)
    }
  }
  try {
    await receive(new Map([[TrainingFrame.hello, 0]]), { name: 'start', msMax: options.startMsMax })
  } catch (thrown) {
    await sandbox.kill()
    const { stderr } = await sandbox.exited
    throw new RunFault('SANDBOX_START', { text: `${thrown instanceof Error ? thrown.message : thrown} ${stderr}` })
  }
  return {
    send: (type, ...parts) => {
      sandbox.stdin.write(encodeFrame(type, parts.length === 1 ? parts[0] : Buffer.concat(parts)))
    },
    receive,
    get isQuiet() {
      return inbox.isEmpty()
    },
    setFrozen: sandbox.setFrozen,
    close: async () => {
      // What is stopped dies by the same signal, but a container's engine may want it awake first.
      await sandbox.setFrozen(false)
      await sandbox.kill()
      return (await sandbox.exited).stderr
    },
  }
}
