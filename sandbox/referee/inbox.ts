/** What a harness says, frame by frame with the time of each: nothing comes but what may, and the end of it is a fault that says why. */
import process from 'node:process'
import { finished } from 'node:stream/promises'
import type { Engine, Sandbox, SandboxExit, SandboxSpec } from '../engine/engine.ts'
import { SandboxError } from '../errors.ts'
import { RunFault } from '../faults.ts'
import { createFrameDecoder, type Frame, FrameType } from './frames.ts'
import { ERROR_BYTES_MAX, parseError } from './output.ts'

/** Types of frames that may come, each with its longest payload. */
export type Allowed = ReadonlyMap<number, number>

/** What is waited for, as faults name it, and how long. */
export type Wait = { readonly name: string; readonly msMax: number }

/** Frames of one sandbox in order. */
export type Inbox = {
  /** True when nothing has come that was not waited for. */
  readonly isEmpty: boolean
  /** The next frame, which must be one of these; they may come until the next call. Throws RunFault. */
  expect(wanted: Allowed, wait: Wait): Promise<Frame>
}

/** What is known of a harness before it speaks. */
export type Manners = {
  /** What may come at any time, before it is its turn; that is looked at when it is read. An error always may. */
  readonly early: Allowed
  /** More frames than this at once are not the protocol. */
  readonly queueMax: number
}

/** Why a stream has ended. */
function faultOf({ status, code, stderr }: SandboxExit): RunFault {
  const isOurs = status === 'killed' || (status === 'exited' && code === null)
  if (status === 'lost') return new RunFault('ENGINE_FAILED', { text: stderr.slice(-300) })
  if (status === 'oom') return new RunFault('OUT_OF_MEMORY')
  if (status === 'timeout') return new RunFault('TIMEOUT', { text: 'the whole run' })
  if (status === 'output-limit') return new RunFault('LOG_TOO_LARGE')
  if (isOurs) return new RunFault('ENGINE_FAILED', { text: 'the sandbox was killed from outside' })
  return new RunFault('NO_ANSWER', { text: `the sandbox ended with code ${code}` })
}

/** Frames as they come, and the first fault instead of the next one. */
function createQueue(sandbox: Sandbox, o: { lengthMaxOf: (type: number) => number | undefined; queueMax: number }) {
  const decoder = createFrameDecoder(o.lengthMaxOf)
  const frames: Frame[] = []
  let failure: RunFault | null = null
  let wake: () => void = () => undefined
  const fail = (fault: RunFault) => {
    failure ??= fault
    wake()
  }
  sandbox.stdout.on('data', (chunk: Buffer) => {
    const at = process.hrtime.bigint()
    try {
      frames.push(...decoder.push(chunk, at))
      if (frames.length > o.queueMax) throw new RunFault('BAD_FRAME', { text: 'too many frames' })
    } catch (thrown) {
      fail(thrown instanceof RunFault ? thrown : new RunFault('REFEREE_FAILED', { text: String(thrown) }))
    }
    wake()
  })
  sandbox.stdout.on('error', () => undefined)
  // The reason of an end is the sandbox's; its last bytes may still lie in the stream, and they tell more.
  const drained = finished(sandbox.stdout).catch(() => undefined)
  void Promise.all([sandbox.exited, drained]).then(([exit]) => {
    // An engine that is gone and a lack of memory look like something else first: nobody is blamed for that.
    if (exit.status === 'lost' || exit.status === 'oom') failure = null
    fail(faultOf(exit))
  })
  return {
    fail,
    isEmpty: () => frames.length === 0,
    take: async (): Promise<Frame> => {
      for (;;) {
        const frame = frames.shift()
        if (frame !== undefined) return frame
        if (failure !== null) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/** A timer that comes later than this did so since this process stood still. */
const LATE_MS = 20

/** Ends after `msMax` of this process's own time: what came while it stood still lies in the pipe, and must be read before it is missed. */
function startClock(msMax: number, end: () => void): { stop(): void } {
  let timer: NodeJS.Timeout
  const wait = (ms: number): void => {
    const due = performance.now() + ms
    timer = setTimeout(() => {
      const lateMs = performance.now() - due
      if (lateMs > LATE_MS) wait(lateMs)
      else end()
    }, ms)
  }
  wait(msMax)
  return { stop: () => clearTimeout(timer) }
}

/** Takes over the sandbox's stdout. */
export function createInbox(sandbox: Sandbox, { early, queueMax }: Manners): Inbox {
  let allowed: Allowed = early
  const lengthMaxOf = (type: number) =>
    type === FrameType.error ? ERROR_BYTES_MAX : (allowed.get(type) ?? early.get(type))
  const queue = createQueue(sandbox, { lengthMaxOf, queueMax })
  const end = async (): Promise<SandboxExit> => {
    await sandbox.kill()
    return sandbox.exited
  }
  return {
    get isEmpty() {
      return queue.isEmpty()
    },
    async expect(wanted, { name, msMax }) {
      allowed = wanted
      const clock = startClock(msMax, () => queue.fail(new RunFault('TIMEOUT', { text: `${name}: over ${msMax} ms` })))
      try {
        const frame = await queue.take()
        const lengthMax = wanted.get(frame.type)
        if (lengthMax !== undefined && frame.payload.length <= lengthMax) return frame
        if (frame.type !== FrameType.error) throw new RunFault('BAD_FRAME', { text: `type ${frame.type} at ${name}` })
        // Only the sandbox's end tells whether memory was the reason.
        throw (await end()).status === 'oom' ? new RunFault('OUT_OF_MEMORY') : parseError(frame.payload)
      } catch (thrown) {
        if (!(thrown instanceof RunFault) || thrown.code !== 'TIMEOUT') throw thrown
        // The sandbox ends anyway: only an engine that can end it has seen it run all that time.
        throw (await end()).status === 'lost' ? new RunFault('ENGINE_FAILED', { text: 'it hangs' }) : thrown
      } finally {
        clock.stop()
      }
    },
  }
}

/** Ends a sandbox whose harness did not get as far as to run anybody's code. */
export async function toStartFault(sandbox: Sandbox, thrown: unknown): Promise<RunFault> {
  await sandbox.kill()
  const { stderr } = await sandbox.exited
  return new RunFault('SANDBOX_START', { text: `${thrown instanceof Error ? thrown.message : thrown} ${stderr}` })
}

/**
 * Starts a harness; resolves at its first word.
 * @throws RunFault `SANDBOX_START`.
 */
export async function startHarness(
  engine: Engine,
  { spec, manners, msMax }: { readonly spec: SandboxSpec; readonly manners: Manners; readonly msMax: number },
): Promise<{ readonly sandbox: Sandbox; readonly inbox: Inbox }> {
  const sandbox = await engine.start(spec).catch((thrown: unknown) => {
    const facts = thrown instanceof SandboxError ? { text: thrown.code, ...thrown.facts } : { text: String(thrown) }
    throw new RunFault('SANDBOX_START', facts)
  })
  const inbox = createInbox(sandbox, manners)
  try {
    await inbox.expect(new Map([[FrameType.hello, 0]]), { name: 'start', msMax })
    return { sandbox, inbox }
  } catch (thrown) {
    throw await toStartFault(sandbox, thrown)
  }
}
