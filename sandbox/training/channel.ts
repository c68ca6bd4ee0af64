/** One training process in its sandbox: frames go in, frames come out with their times, and the end of it is a fault that says why. */
import { join } from 'node:path'
import type { TrainingContract } from '../../protocol/index.ts'
import type { Engine } from '../engine/engine.ts'
import type { Policy } from '../limits.ts'
import { encodeFrame, type Frame } from '../referee/frames.ts'
import { type Allowed, startHarness, type Wait } from '../referee/inbox.ts'
import { TrainingFrame } from './frames.ts'

/** A process that frames are exchanged with. Every wait throws RunFault. */
export type Channel = {
  send(type: number, ...parts: readonly Uint8Array[]): void
  /** The next frame, which must be one of these. */
  receive(wanted: Allowed, wait: Wait): Promise<Frame>
  /** True when nothing has come that was not asked for. */
  readonly isQuiet: boolean
  /** Stops all of its processes, or lets them go on. Never throws. */
  setFrozen(isFrozen: boolean): Promise<void>
  /** Ends it whatever its state; what it printed. Never throws. */
  close(): Promise<string>
}

/** Requests for batches may come in a row; what comes before it may, with weights behind it, is refused at its first byte. */
const MANNERS = { early: new Map(), queueMax: 64 }
const HARNESS = join(import.meta.dirname, '../harness/training')

/** Where PyTorch and Triton put what they compile, the one place that programs may be started from; both ask for a name of their user. */
const CACHE_ENV = {
  USER: 'sandbox',
  TMPDIR: '/cache',
  TORCHINDUCTOR_CACHE_DIR: '/cache/inductor',
  TRITON_CACHE_DIR: '/cache/triton',
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
  const { sandbox, inbox } = await startHarness(engine, { spec, manners: MANNERS, msMax: options.startMsMax })
  return {
    send: (type, ...parts) => {
      sandbox.stdin.write(encodeFrame(type, parts.length === 1 ? parts[0] : Buffer.concat(parts)))
    },
    receive: inbox.expect,
    get isQuiet() {
      return inbox.isEmpty
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

/**
 * A process that has loaded this train.py and waits for its runs.
 * @throws RunFault `SANDBOX_START`, or what the source is refused for.
 */
export async function openRunner(options: {
  readonly engine: Engine
  readonly name: string
  readonly contract: TrainingContract
  readonly policy: Policy
  readonly source: string
}): Promise<Channel> {
  const { engine, name, contract, policy, source } = options
  const { startMs, loadMs, cacheBytes } = contract.limits
  const gpus = contract.device === 'cuda' ? 1 : 0
  const channel = await openChannel({
    engine,
    name,
    program: 'runner.py',
    policy,
    startMsMax: startMs,
    cacheBytes,
    gpus,
  })
  const text = Buffer.from(JSON.stringify(contract))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  channel.send(TrainingFrame.setup, length, text, Buffer.from(source))
  try {
    await channel.receive(new Map([[TrainingFrame.ready, 0]]), { name: 'import', msMax: loadMs })
    return channel
  } catch (thrown) {
    await channel.close()
    throw thrown
  }
}
