/** From a validator's configuration to the engines that measure for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHosts } from '../../../node/measure/engines.ts'
import { parseEngines } from '../../../node/measure/engines-config.ts'
import { readPhysicalCores, SandboxError } from '../../../sandbox/index.ts'

const bad = (field: string, want: string): never => {
  throw new Error(`${field}: ${want}`)
}
const settings = (engines: unknown) =>
  ({ engine: 'docker', image: 'numpy', startAhead: false, engines: parseEngines(engines, '/home/anna', bad) }) as const
const tls = { ca: 'ca', cert: 'cert', key: 'key' }

test('without a list there is one engine here, where it is usually found, or started', () => {
  const { hosts } = toHosts(settings([]))
  assert.deepEqual(
    hosts.map(({ name, isLocal, engine }) => [name, isLocal, engine.prefer, engine.address]),
    [['local', true, 'docker', undefined]],
  )
  assert.match(hosts[0]?.engine.dockerRoot ?? '', /docker$/)
})

test('a list replaces it: what is here takes turns with others of this machine, what is elsewhere is asked what it is', () => {
  const { hosts } = toHosts(
    settings([
      { name: 'box', address: 'bubblewrap' },
      { name: 'rack', address: 'tcp://10.0.0.5', tls, timedRuns: 2, cores: ['2', '3'], runtime: 'runsc', gpus: ['0'] },
    ]),
  )
  const [box, rack] = hosts
  assert.deepEqual([box?.isLocal, box?.engine.prefer, box?.hardware === null], [true, 'bubblewrap', false])
  assert.deepEqual([rack?.isLocal, rack?.timed, rack?.hardware], [false, ['2', '3'], null])
  assert.deepEqual([rack?.engine.prefer, rack?.engine.runtime, rack?.engine.gpus], ['auto', 'runsc', ['0']])
  assert.equal(rack?.engine.dockerRoot, undefined)
})

test('more timed runs here than this machine bears are refused', () => {
  const timedRuns = Math.max(1, readPhysicalCores().length - 1) + 1
  assert.throws(
    () => toHosts(settings([{ name: 'box', address: 'bubblewrap', timedRuns }])),
    (thrown) => thrown instanceof SandboxError && thrown.code === 'TOO_FEW_CORES',
  )
})
