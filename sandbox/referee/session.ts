/** One sandbox with a warm harness, as the referee sees it: calls go in, answers and their times come out. */
import { join } from 'node:path'
import process from 'node:process'
import { finished } from 'node:stream/promises'
import type { Engine, Sandbox, SandboxSpec } from '../engine/engine.ts'
import { SandboxError } from '../errors.ts'
import { RunFault } from '../faults.ts'
import { ANSWER_SLACK_BYTES, type RunLimits } from '../limits.ts'
import { type Form, formOf } from './form.ts'
import { createFrameDecoder, encodeFrame, type Frame, FrameType } from './frames.ts'
import { toPolicy } from './job.ts'
import { ERROR_BYTES_MAX, parseError } from './output.ts'

/** What a sandbox is for; the numbers are those of SETUP. */
export type Role = 'compress' | 'decompress'

/** One timed call. */
export type Answer = { readonly bytes: Buffer; readonly nanos: bigint }

/** A harness that runs one code in one role. */
export type Session = {
  /** Forks a child and loads the solution there; not timed. Throws RunFault. */
  prepare(): Promise<void>
  /** Hands over the data and waits for the answer; the clock runs exactly that long. Throws RunFault. */
  call(data: Buffer): Promise<Answer>
  /** Waits until nothing of the call is left. Throws RunFault. */
  settle(): Promise<void>
  /** Ends it whatever its state; what it printed. Never throws. */
  close(): Promise<string>
}

/** ANSWER and CLEAN may lie there at once; more at a time is not the protocol. */
const QUEUE_MAX = 2

const HARNESS = join(import.meta.dirname, '../harness')

/** Frames of the sandbox in order, each with its arrival; the end of the stream is a fault that says why. */
function createInbox(sandbox: Sandbox, answerBytesMax: number) {
  const limits = new Map<number, number>([
    [FrameType.hello, 0],
    [FrameType.warm, 0],
    [FrameType.ready, 0],
    [FrameType.clean, 0],
    [FrameType.answer, answerBytesMax],
    [FrameType.error, ERROR_BYTES_MAX],
  ])
  const decoder = createFrameDecoder((type) => limits.get(type))
  const queue: Frame[] = []
  let failure: RunFault | null = null
  let wake: () => void = () => undefined
  const fail = (fault: RunFault) => {
    failure ??= fault
    wake()
  }
  const guarded = (work: () => void) => {
    try {
      work()
    } catch (thrown) {
      fail(thrown instanceof RunFault ? thrown : new RunFault('REFEREE_FAILED', { text: String(thrown) }))
    }
  }
  sandbox.stdout.on('data', (chunk: Buffer) => {
    const at = process.hrtime.bigint()
    guarded(() => {
      queue.push(...decoder.push(chunk, at))
      if (queue.length > QUEUE_MAX) throw new RunFault('BAD_FRAME', { text: 'too many frames' })
    })
    wake()
  })
  sandbox.stdout.on('error', () => undefined)
  // The reason of an end is the sandbox's; its last bytes may still lie in the stream, and they tell more.
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
  })

  const take = async (): Promise<Frame> => {
    for (;;) {
      const frame = queue.shift()
      if (frame !== undefined) return frame
      if (failure !== null) throw failure
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    get isEmpty() {
      return queue.length === 0
    },
    /** The next frame, which must be of this type. */
    async expect(type: number, what: { readonly msMax: number; readonly name: string }): Promise<Frame> {
      const clock = setTimeout(
        () => fail(new RunFault('TIMEOUT', { text: `${what.name}: over ${what.msMax} ms` })),
        what.msMax,
      )
      try {
        const frame = await take()
        if (frame.type === type) return frame
        if (frame.type !== FrameType.error)
          throw new RunFault('BAD_FRAME', { text: `type ${frame.type} at ${what.name}` })
        // Only the sandbox's end tells whether memory was the reason.
        await sandbox.kill()
        const exit = await sandbox.exited
        throw exit.status === 'oom' ? new RunFault('OUT_OF_MEMORY') : parseError(frame.payload)
      } catch (thrown) {
        if (!(thrown instanceof RunFault) || thrown.code !== 'TIMEOUT') throw thrown
        // The sandbox ends anyway: only an engine that can end it has seen it run all that time.
        await sandbox.kill()
        throw (await sandbox.exited).status === 'lost' ? new RunFault('ENGINE_FAILED', { text: 'it hangs' }) : thrown
      } finally {
        clearTimeout(clock)
      }
    },
  }
}

function toSetup(o: { role: Role; form: Form; readyMs: number; answerBytesMax: number; source: string }): Buffer {
  const head = Buffer.alloc(10)
  head.writeUInt8(o.form === 'functions' ? 0 : 1, 0)
  head.writeUInt8(o.role === 'compress' ? 0 : 1, 1)
  head.writeUInt32LE(o.readyMs, 2)
  head.writeUInt32LE(o.answerBytesMax, 6)
  return encodeFrame(FrameType.setup, Buffer.concat([head, Buffer.from(o.source)]))
}

/** The share of the load's time that a server has to be healthy: the bridge says why it is not before we give up on both. */
const READY_SHARE = 0.9

/** The sandbox of a harness that will serve `calls` calls. */
export function harnessSpec(o: { name: string; form: Form; limits: RunLimits; calls: number }): SandboxSpec {
  return {
    name: o.name,
    argv: ['/usr/bin/python3', '-I', '-B', '/harness/shim.py'],
    mounts: [{ source: HARNESS, target: '/harness' }],
    env: {},
    policy: toPolicy(o.limits, o.calls),
    seccomp: o.form === 'http' ? 'loopback' : 'closed',
  }
}

/**
 * A fresh sandbox with the source handed over, before any of it has run.
 * @throws RunFault `SANDBOX_START`.
 */
export async function openSession(options: {
  readonly engine: Engine
  readonly name: string
  readonly role: Role
  readonly source: string
  /** Size of the largest matrix. */
  readonly rawBytesMax: number
  /** How many calls are to come. */
  readonly calls: number
  readonly limits: RunLimits
}): Promise<Session> {
  const { engine, role, limits } = options
  const answerBytesMax = options.rawBytesMax + ANSWER_SLACK_BYTES
  const form = formOf(options.source)
  const spec = harnessSpec({ name: options.name, form, limits, calls: options.calls })
  const sandbox = await engine.start(spec).catch((thrown: unknown) => {
    const facts = thrown instanceof SandboxError ? { text: thrown.code, ...thrown.facts } : { text: String(thrown) }
    throw new RunFault('SANDBOX_START', facts)
  })
  const inbox = createInbox(sandbox, answerBytesMax)
  const send = (frame: Buffer) => {
    sandbox.stdin.write(frame)
  }
  try {
    await inbox.expect(FrameType.hello, { msMax: limits.startMsMax, name: 'start' })
    const readyMs = Math.floor(READY_SHARE * limits.loadMsMax)
    send(toSetup({ role, form, readyMs, answerBytesMax, source: options.source }))
    await inbox.expect(FrameType.warm, { msMax: limits.startMsMax, name: 'imports of the image' })
  } catch (thrown) {
    await sandbox.kill()
    const { stderr } = await sandbox.exited
    // What a solution names is imported for it: that may be more than its memory holds.
    if (thrown instanceof RunFault && thrown.code === 'OUT_OF_MEMORY') throw thrown
    throw new RunFault('SANDBOX_START', { text: `${thrown instanceof Error ? thrown.message : thrown} ${stderr}` })
  }
  return {
    async prepare() {
      send(encodeFrame(FrameType.call))
      await inbox.expect(FrameType.ready, { msMax: limits.loadMsMax, name: 'import' })
    },
    async call(data) {
      const frame = encodeFrame(FrameType.go, data)
      if (!inbox.isEmpty) throw new RunFault('BAD_FRAME', { text: 'an answer before its question' })
      const start = process.hrtime.bigint()
      send(frame)
      const { payload, at } = await inbox.expect(FrameType.answer, { msMax: limits.callMsMax, name: role })
      // A slice of the stream's chunks: copied, so that what came in between can be freed.
      return { bytes: Buffer.from(payload), nanos: at - start }
    },
    async settle() {
      await inbox.expect(FrameType.clean, { msMax: limits.loadMsMax, name: 'clean-up' })
    },
    async close() {
      await sandbox.kill()
      return (await sandbox.exited).stderr
    },
  }
}
