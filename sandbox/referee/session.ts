/** One sandbox with a warm harness, as the referee sees it: calls go in, answers and their times come out. */
import { join } from 'node:path'
import process from 'node:process'
import type { Engine, SandboxSpec } from '../engine/engine.ts'
import { RunFault } from '../faults.ts'
import { ANSWER_SLACK_BYTES, type RunLimits } from '../limits.ts'
import { type Form, formOf } from './form.ts'
import { encodeFrame, FrameType } from './frames.ts'
import { type Manners, startHarness, toStartFault, type Wait } from './inbox.ts'
import { toPolicy } from './job.ts'

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

const HARNESS = join(import.meta.dirname, '../harness')

/** What may come, whenever it does: a call's frames are few and short, but for its answer. */
const toManners = (answerBytesMax: number): Manners => ({
  early: new Map<number, number>([
    [FrameType.warm, 0],
    [FrameType.ready, 0],
    [FrameType.clean, 0],
    [FrameType.answer, answerBytesMax],
  ]),
  // ANSWER and CLEAN may lie there at once.
  queueMax: 2,
})

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
  const manners = toManners(answerBytesMax)
  const { sandbox, inbox } = await startHarness(engine, { spec, manners, msMax: limits.startMsMax })
  const send = (frame: Buffer) => {
    sandbox.stdin.write(frame)
  }
  const expect = (type: number, wait: Wait) => inbox.expect(new Map([[type, manners.early.get(type) ?? 0]]), wait)
  const readyMs = Math.floor(READY_SHARE * limits.loadMsMax)
  send(toSetup({ role, form, readyMs, answerBytesMax, source: options.source }))
  try {
    await expect(FrameType.warm, { msMax: limits.startMsMax, name: 'imports of the image' })
  } catch (thrown) {
    // What a solution names is imported for it: that may be more than its memory holds.
    const isTooLarge = thrown instanceof RunFault && thrown.code === 'OUT_OF_MEMORY'
    const fault = await toStartFault(sandbox, thrown)
    throw isTooLarge ? thrown : fault
  }
  return {
    async prepare() {
      send(encodeFrame(FrameType.call))
      await expect(FrameType.ready, { msMax: limits.loadMsMax, name: 'import' })
    },
    async call(data) {
      const frame = encodeFrame(FrameType.go, data)
      if (!inbox.isEmpty) throw new RunFault('BAD_FRAME', { text: 'an answer before its question' })
      const start = process.hrtime.bigint()
      send(frame)
      const { payload, at } = await expect(FrameType.answer, { msMax: limits.callMsMax, name: role })
      // A slice of the stream's chunks: copied, so that what came in between can be freed.
      return { bytes: Buffer.from(payload), nanos: at - start }
    },
    async settle() {
      await expect(FrameType.clean, { msMax: limits.loadMsMax, name: 'clean-up' })
    },
    async close() {
      await sandbox.kill()
      return (await sandbox.exited).stderr
    },
  }
}
