/** Promises of the metrics: Prometheus can read them, they say what the status says, and the guide lists every one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createMetrics, METRICS, printMetrics } from '../../../node/api/metrics.ts'
import { encodeSs58 } from '../../../protocol/index.ts'
import { create, get, self, vitalsOf, world } from './world.ts'

const SAMPLE = /^([a-z_]+)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? (-?[\d.e+-]+)$/

const scrape = async (app = create()): Promise<ReadonlyMap<string, number>> => {
  const answer = await app.inject('/metrics')
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  const samples = new Map<string, number>()
  let current = ''
  for (const line of answer.body.trimEnd().split('\n')) {
    const [, declared] = /^# (?:HELP|TYPE) (\S+) /.exec(line) ?? []
    if (declared !== undefined) {
      current = declared
      continue
    }
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? assert.fail(`unreadable: ${line}`)
    assert.equal(name, current, 'samples stand below their own HELP and TYPE')
    samples.set(`${name}${labels}`, Number(value))
  }
  return samples
}

test('the numbers are those of the status', async () => {
  const samples = await scrape()
  const { body } = await get('/status')
  assert.equal(samples.get('evalmesh_ready'), 1)
  assert.equal(samples.get('evalmesh_height'), body.height)
  assert.equal(samples.get('evalmesh_block'), 200)
  assert.equal(samples.get('evalmesh_block_age_seconds'), 3)
  assert.equal(samples.get('evalmesh_members{state="connected"}'), 4)
  assert.equal(samples.get('evalmesh_connected_stake_ratio'), 1)
  assert.equal(samples.get('evalmesh_log_lines_total{level="warn"}'), 4)
  assert.equal(samples.get('evalmesh_rounds_total{competition="matrix-lossless",mark="counted"}'), 1)
  const info = [...samples.keys()].find((name) => name.startsWith('evalmesh_info')) ?? ''
  assert.ok(info.includes(`version="1.2.3",hotkey="${encodeSs58(self)}"`))
  const alone = await scrape(create({ connected: [] }))
  assert.deepEqual([alone.get('evalmesh_ready'), alone.get('evalmesh_members{state="away"}')], [0, 3])
})

test('a name with quotes and line ends breaks no line', () => {
  const status = { ...vitalsOf().status, name: 'a "b"\n\\c' }
  const text = printMetrics({ ...vitalsOf(), status })
  assert.ok(text.includes('name="a \\"b\\"\\n\\\\c"'))
})

test('a running node’s metrics measure how late it is, and stop when it stops', async () => {
  const { print, close } = createMetrics({
    ...vitalsOf(),
    status: () => vitalsOf().status,
    machine: () => world.machine,
    now: () => 9_000,
    headAt: () => null,
  })
  const pause = () => new Promise((resolve) => setTimeout(resolve, 60))
  await pause()
  const end = performance.now() + 100
  while (performance.now() < end);
  await pause()
  const lag = Number(/^evalmesh_event_loop_lag_seconds (\S+)$/m.exec(print())?.[1])
  assert.ok(lag > 0.03, `${lag}`)
  assert.match(print(), /^evalmesh_block_age_seconds -1$/m)
  await close()
})

test('docs/VALIDATOR.md lists every metric with its meaning, and no other', () => {
  const guide = readFileSync('docs/VALIDATOR.md', 'utf8')
  const told = [...guide.matchAll(/^\| `((?:evalmesh|process)_\w+)`\s*\| (.+?)\s*\|$/gm)].map(([, name, help]) => [
    name,
    help,
  ])
  assert.deepEqual(
    told,
    METRICS.map(({ name, help }) => [name, help]),
  )
})
