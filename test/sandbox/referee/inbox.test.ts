/** Promises about what a harness says: what may not come is refused, and whoever ends the channel, the right one is named. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Engine, Sandbox, SandboxExit } from '../../../sandbox/engine/engine.ts'
import { RunFault } from '../../../sandbox/faults.ts'
import { basePolicy } from '../../../sandbox/index.ts'
import { encodeFrame, FrameType } from '../../../sandbox/referee/frames.ts'
import { createInbox } from '../../../sandbox/referee/inbox.ts'
import { openChannel } from '../../../sandbox/training/channel.ts'
import { TrainingFrame } from '../../../sandbox/training/frames.ts'

const WAIT = { name: 'a word', msMax: 10_000 }
const MANNERS = { early: new Map([[FrameType.clean, 0]]), queueMax: 3 }
const ANSWER = new Map([[FrameType.answer, 8]])

const isFault =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof RunFault && thrown.code === code && text.test(thrown.message)

/** A sandbox whose words and end are the test's; a kill ends it as `killed` says. */
function fakeSandbox(killed: Partial<SandboxExit> = {}) {
  const stdout = new PassThrough()
  const { promise: exited, resolve } = Promise.withResolvers<SandboxExit>()
  const end = (exit: Partial<SandboxExit>) => {
    stdout.end()
    resolve({ status: 'exited', code: null, stderr: '', ...exit })
  }
  const sandbox: Sandbox = {
    ...{ stdin: new PassThrough(), stdout, exited },
    setFrozen: async () => undefined,
    kill: async () => end({ status: 'killed', ...killed }),
  }
  const say = (type: number, payload: Uint8Array = new Uint8Array()) => stdout.write(encodeFrame(type, payload))
  return { sandbox, say, end, inbox: createInbox(sandbox, MANNERS) }
}

const ends: readonly (readonly [Partial<SandboxExit>, string])[] = [
  [{ status: 'lost', stderr: 'socket hang up' }, 'ENGINE_FAILED'],
  [{ status: 'killed' }, 'ENGINE_FAILED'],
  [{ status: 'exited', code: null }, 'ENGINE_FAILED'],
  [{ status: 'exited', code: 0 }, 'NO_ANSWER'],
  [{ status: 'oom', code: 137 }, 'OUT_OF_MEMORY'],
  [{ status: 'timeout' }, 'TIMEOUT'],
  [{ status: 'output-limit' }, 'LOG_TOO_LARGE'],
]
for (const [exit, code] of ends) {
  test(`a sandbox that ends as ${exit.status}, code ${exit.code ?? 'none'}, is ${code}`, async () => {
    const { inbox, end } = fakeSandbox()
    const answer = inbox.expect(ANSWER, WAIT)
    end(exit)
    await assert.rejects(answer, isFault(code))
  })
}

test('an answer that lies in the pipe while the referee itself stands still is no late one', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  await once(child, 'spawn')
  const { sandbox, end } = fakeSandbox()
  const inbox = createInbox({ ...sandbox, stdout: child.stdout }, MANNERS)
  const answer = inbox.expect(ANSWER, { ...WAIT, msMax: 200 })
  child.stdin.end(encodeFrame(FrameType.answer, Buffer.from('right')))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
  assert.equal((await answer).payload.toString(), 'right')
  await assert.rejects(inbox.expect(ANSWER, { ...WAIT, msMax: 200 }), isFault('TIMEOUT'))
  end({ status: 'exited', code: 0 })
})

test('what was said before the end is heard before it', async () => {
  const { inbox, say, end } = fakeSandbox()
  const answer = inbox.expect(ANSWER, WAIT)
  say(FrameType.answer, Buffer.from('right'))
  end({ status: 'exited', code: 0 })
  assert.equal((await answer).payload.toString(), 'right')
  await assert.rejects(inbox.expect(ANSWER, WAIT), isFault('NO_ANSWER'))
})

for (const [exit, code] of [
  [{ status: 'lost' }, 'ENGINE_FAILED'],
  [{ status: 'oom' }, 'OUT_OF_MEMORY'],
  [{ status: 'exited', code: 1 }, 'BAD_FRAME'],
] as const) {
  test(`a channel that broke off before its sandbox ended as ${exit.status} is ${code}`, async () => {
    const { inbox, sandbox, say, end } = fakeSandbox()
    say(99)
    end(exit)
    // Its fault is known by the time that anybody looks.
    await sandbox.exited
    await new Promise(setImmediate)
    await assert.rejects(inbox.expect(ANSWER, WAIT), isFault(code))
  })
}

test('silence is the harness’s, unless the engine cannot end it either', async () => {
  const wait = { name: 'a word', msMax: 1 }
  await assert.rejects(fakeSandbox().inbox.expect(ANSWER, wait), isFault('TIMEOUT', /a word: over 1 ms/))
  await assert.rejects(fakeSandbox({ status: 'lost' }).inbox.expect(ANSWER, wait), isFault('ENGINE_FAILED'))
})

test('an error is what it says, unless memory was the reason', async () => {
  for (const [killed, code] of [
    [{}, 'EXCEPTION'],
    [{ status: 'oom' }, 'OUT_OF_MEMORY'],
  ] as const) {
    const { inbox, say } = fakeSandbox(killed)
    say(FrameType.error, Buffer.from(JSON.stringify({ code: 'EXCEPTION', text: 'no', line: 3 })))
    await assert.rejects(inbox.expect(ANSWER, WAIT), isFault(code))
  }
})

test('a word of another type, a longer one, and more at once than the protocol has are refused', async () => {
  const cases: readonly (readonly [(say: (type: number, payload?: Uint8Array) => void) => void, string, RegExp])[] = [
    [(say) => say(FrameType.clean), 'BAD_FRAME', /type 11 at a word/],
    [(say) => say(FrameType.ready), 'BAD_FRAME', /unknown type/],
    [(say) => say(FrameType.answer, Buffer.alloc(9)), 'OUTPUT_TOO_LARGE', /9/],
    [(say) => say(FrameType.clean, Buffer.alloc(1)), 'OUTPUT_TOO_LARGE', /1/],
  ]
  for (const [speak, code, text] of cases) {
    const { inbox, say } = fakeSandbox()
    const answer = inbox.expect(ANSWER, WAIT)
    speak(say)
    await assert.rejects(answer, isFault(code, text))
  }
  const { inbox, say } = fakeSandbox()
  for (let count = 0; count < 4; count += 1) say(FrameType.clean)
  await new Promise(setImmediate)
  for (let count = 0; count < 4; count += 1) await inbox.expect(new Map([[FrameType.clean, 0]]), WAIT)
  await assert.rejects(inbox.expect(ANSWER, WAIT), isFault('BAD_FRAME', /too many/))
})

test('what came early waits for its turn, is held to the length that is wanted then, and shows', async () => {
  const { inbox, say } = fakeSandbox()
  say(FrameType.clean)
  await new Promise(setImmediate)
  assert.equal(inbox.isEmpty, false)
  await inbox.expect(new Map([[FrameType.clean, 0]]), WAIT)
  assert.equal(inbox.isEmpty, true)
  const first = inbox.expect(ANSWER, WAIT)
  say(FrameType.answer, Buffer.alloc(8))
  say(FrameType.answer, Buffer.alloc(8))
  await first
  await assert.rejects(inbox.expect(new Map([[FrameType.answer, 4]]), WAIT), isFault('BAD_FRAME'))
})

/** A training process on an engine of ours: it starts, and what it does then is the test's. */
async function openFake(killed: Partial<SandboxExit>) {
  const fake = fakeSandbox(killed)
  const sandbox = { ...fake.sandbox, stdout: new PassThrough() }
  fake.sandbox.stdout.pipe(sandbox.stdout)
  const engine = { start: async () => sandbox } as Pick<Engine, 'start'> as Engine
  fake.say(TrainingFrame.hello)
  const channel = await openChannel({
    ...{ engine, name: 'candidate', program: 'runner.py', policy: basePolicy, gpus: 0, startMsMax: 10_000 },
  })
  return { ...fake, channel }
}

test('nobody who trains is blamed for an engine that is gone, whether it says so or only falls silent', async () => {
  const ready = new Map([[TrainingFrame.ready, 0]])
  const told = await openFake({})
  const answer = told.channel.receive(ready, WAIT)
  told.end({ status: 'lost', stderr: 'socket hang up' })
  await assert.rejects(answer, isFault('ENGINE_FAILED', /hang up/))
  const silent = await openFake({ status: 'lost' })
  await assert.rejects(silent.channel.receive(ready, { name: 'a run', msMax: 1 }), isFault('ENGINE_FAILED', /hangs/))
})
