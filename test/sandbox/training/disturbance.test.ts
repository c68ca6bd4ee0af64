/** Promises about a machine that times are taken on: what is shared, throttled or drifting is measured again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disturbanceOf, driftOf, isHopeless, type Telemetry } from '../../../sandbox/training/disturbance.ts'

const calm: Telemetry = {
  ...{
    name: 'NVIDIA A100',
    driver: '570.1',
    throttleReasons: 0x4,
    processes: 3,
    busyPercent: 0,
    smMhz: 1410,
    celsius: 60,
    eccErrors: 2,
  },
}
const around = (after: Partial<Telemetry>) => disturbanceOf({ before: calm, after: { ...calm, ...after } })

test('a GPU that is ours alone and at its own pace is not disturbed, also at its power cap or when it idles', () => {
  assert.equal(around({}), null)
  assert.equal(around({ throttleReasons: 0x1 }), null)
  assert.equal(around({ throttleReasons: null, processes: null, eccErrors: null }), null)
})

test('heat, a slowdown by the hardware, another process and a memory error disturb it', () => {
  for (const throttleReasons of [0x8, 0x20, 0x40, 0x80]) assert.match(around({ throttleReasons }) ?? '', /throttled/)
  assert.match(around({ processes: 4 }) ?? '', /4 processes/)
  assert.match(around({ eccErrors: 3 }) ?? '', /memory/)
  assert.match(disturbanceOf({ before: null, after: calm }) ?? '', /driver/)
})

test('a reference that drifts by more than it may within a quad disturbs it, in either direction', () => {
  assert.equal(driftOf([10_000n, 10_100n], 10_000), null)
  assert.match(driftOf([10_000n, 10_101n], 10_000) ?? '', /drifts by 10100 ppm/)
  assert.match(driftOf([10_101n, 10_000n], 10_000) ?? '', /drifts/)
  assert.equal(driftOf([10_000n, 10_500n], 50_000), null)
})

test('a code that takes minutes beside a partner of seconds is not waited for again; a short hiccup and a slow partner are no reason', () => {
  const seconds = (count: number) => BigInt(count) * 1_000_000_000n
  assert.equal(isHopeless(seconds(600), seconds(10)), true)
  assert.equal(isHopeless(seconds(61), seconds(15)), true)
  assert.equal(isHopeless(seconds(61), seconds(16)), false)
  assert.equal(isHopeless(seconds(30), seconds(1)), false)
})
