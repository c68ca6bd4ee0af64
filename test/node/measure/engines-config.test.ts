/** The field `engines` of a configuration: what operators write, and what they are told when it is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEngines } from '../../../node/measure/engines-config.ts'

const bad = (field: string, want: string): never => {
  throw new Error(`${field}: ${want}`)
}
const parse = (engines: unknown) => parseEngines(engines, '/home/anna', bad)
const tls = { ca: 'tls/ca.pem', cert: '/etc/cert.pem', key: 'tls/key.pem' }
const hostKey = `SHA256:${'b'.repeat(43)}`

test('engines here, by TLS and by ssh are read, with paths under the home', () => {
  const found = parse([
    { name: 'here', address: 'bubblewrap' },
    { name: 'rack-1', address: 'tcp://10.0.0.5:2376', tls, gpus: ['0'], timedRuns: 2, cores: ['2-3', '4-5'] },
    { name: 'rack-2', address: 'ssh://eval@rack', ssh: { hostKey, key: 'id' }, hardware: { model: 'X 1', cores: 8 } },
  ])
  const plain = { gpus: [], hardware: null, timedRuns: 1, cores: [] }
  const files = { ca: '/home/anna/tls/ca.pem', cert: '/etc/cert.pem', key: '/home/anna/tls/key.pem' }
  const ssh = { hostKey, key: '/home/anna/id' }
  assert.deepEqual(found, [
    { ...plain, name: 'here', address: 'bubblewrap' },
    {
      ...plain,
      name: 'rack-1',
      address: { kind: 'tcp', host: '10.0.0.5', port: 2376, tls: files },
      gpus: ['0'],
      timedRuns: 2,
      cores: ['2-3', '4-5'],
    },
    {
      ...plain,
      name: 'rack-2',
      address: { kind: 'ssh', host: 'rack', port: 22, user: 'eval', ssh },
      hardware: { model: 'X 1', cores: 8 },
    },
  ])
})

const one = (fields: object) => [{ name: 'a', address: 'bubblewrap', ...fields }]
for (const [engines, field] of [
  [{}, 'engines'],
  [[7], 'engines[0]'],
  [one({ name: 'two words' }), 'engines[0].name'],
  [[...one({}), ...one({})], 'engines'],
  [one({ adress: 'x' }), 'engines[0].adress'],
  [one({ address: 'tcp://10.0.0.5' }), 'engines[0].address'],
  [one({ address: 'ssh://eval@rack' }), 'engines[0].address'],
  [one({ tls: { ca: 'x' } }), 'engines[0].tls'],
  [one({ tls: { ...tls, password: 'x' } }), 'engines[0].tls'],
  [one({ ssh: { key: 'x' } }), 'engines[0].ssh'],
  [one({ runtime: 'kata' }), 'engines[0].runtime'],
  [one({ gpus: [0] }), 'engines[0].gpus'],
  [one({ timedRuns: 0 }), 'engines[0].timedRuns'],
  [one({ cores: ['1', '2'] }), 'engines[0].cores'],
  [one({ cores: ['all'] }), 'engines[0].cores'],
  [one({ hardware: { model: 'x' } }), 'engines[0].hardware'],
  [one({ seccompFolder: 1 }), 'engines[0].seccompFolder'],
] as const) {
  test(`${JSON.stringify(engines)} is refused, and the error names ${field}`, () => {
    assert.throws(
      () => parse(engines),
      ({ message }: Error) => message.startsWith(`${field}: `),
    )
  })
}
