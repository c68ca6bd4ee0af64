/** A harness whose referee is gone ends, whatever a stranger's code does meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { encodeFrame, FrameType } from '../../../sandbox/referee/frames.ts'
import { createInbox } from '../../../sandbox/referee/inbox.ts'
import { harnessSpec } from '../../../sandbox/referee/session.ts'
import { mustRun, testImage } from '../engine/setup.ts'
import { testLimits } from '../evaluator-setup.ts'

const skip = mustRun ? false : 'needs root on Debian to be sure that bubblewrap runs'

/** SETUP of a function `compress`; 1,000 bytes are the largest answer. */
const setupOf = (source: string): Buffer => {
  const head = Buffer.alloc(10)
  head.writeUInt32LE(1_000, 6)
  return encodeFrame(FrameType.setup, Buffer.concat([head, Buffer.from(source)]))
}

for (const [when, source] of [
  ['is imported', 'while True: pass'],
  ['is called', 'def compress(data):\n    while True: pass\ndecompress = compress'],
] as const) {
  test(`the end of its input is the end of a sandbox while endless code ${when}`, { skip }, async () => {
    const { rootfs, digest } = await testImage()
    const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
    try {
      const spec = harnessSpec({ name: 'alone', form: 'functions', limits: testLimits, calls: 1 })
      const sandbox = await engine.start({ ...spec, policy: { ...spec.policy, wallMs: 2 * testLimits.startMsMax } })
      const said = createInbox(sandbox, { early: new Map(), queueMax: 1 })
      const hear = (type: number) => said.expect(new Map([[type, 0]]), { name: 'a word', msMax: testLimits.startMsMax })
      await hear(FrameType.hello)
      sandbox.stdin.write(setupOf(source))
      await hear(FrameType.warm)
      sandbox.stdin.write(encodeFrame(FrameType.call))
      if (when === 'is called') {
        await hear(FrameType.ready)
        sandbox.stdin.write(encodeFrame(FrameType.go, Buffer.from('data')))
      }
      // It has taken what was said.
      await delay(500)
      sandbox.stdin.end()
      const { status, code, stderr } = await sandbox.exited
      assert.deepEqual([status, code], ['exited', 0], stderr)
    } finally {
      await engine.close()
    }
  })
}
