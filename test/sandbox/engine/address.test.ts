/** How operators write where an engine is: what is understood, and what nobody should use. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../sandbox/engine/address.ts'
import { isSandboxError } from './errors.ts'

const tls = { ca: '/ca.pem', cert: '/cert.pem', key: '/key.pem' }
const ssh = { hostKey: `SHA256:${'A'.repeat(43)}` }

test('unix, TCP with certificates and ssh with a known host key are understood', () => {
  assert.deepEqual(parseAddress('unix:///run/docker.sock'), { kind: 'unix', path: '/run/docker.sock' })
  assert.deepEqual(parseAddress('tcp://10.0.0.5', { tls }), { kind: 'tcp', host: '10.0.0.5', port: 2376, tls })
  assert.deepEqual(parseAddress('tcp://[::1]:99', { tls }), { kind: 'tcp', host: '::1', port: 99, tls })
  const reached = { kind: 'ssh', host: 'rack', port: 22, user: 'eval', ssh }
  assert.deepEqual(parseAddress('ssh://eval@rack', { ssh }), reached)
})

test('an address that would let anybody in, or that says nothing, is refused with a reason', () => {
  for (const [text, options] of [
    ['tcp://10.0.0.5:2375', {}],
    ['ssh://eval@rack', {}],
    ['ssh://rack', { ssh }],
    ['ssh://eval:secret@rack', { ssh }],
    ['ssh://eval@rack', { ssh: { hostKey: 'MD5:aa' } }],
    ['unix://run/docker.sock', {}],
    ['/run/docker.sock', {}],
    ['http://10.0.0.5', { tls }],
    ['', {}],
  ] as const) {
    assert.throws(() => parseAddress(text, options), isSandboxError('BAD_ADDRESS'), text)
  }
})
