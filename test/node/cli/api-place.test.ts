/** Promises of `--api`: the place that is named is the place that is served, or nothing is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiPlaceOf } from '../../../node/cli/api-place.ts'
import { CliError, EXIT } from '../../../node/cli/output.ts'

test('a host and a port are taken as they are written, also port 80 and an address of IPv6', () => {
  assert.deepEqual(apiPlaceOf('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 })
  assert.deepEqual(apiPlaceOf('0.0.0.0:80'), { host: '0.0.0.0', port: 80 })
  assert.deepEqual(apiPlaceOf('localhost:0'), { host: 'localhost', port: 0 })
  assert.deepEqual(apiPlaceOf('[::1]:8080'), { host: '::1', port: 8080 })
})

test('a place without a port, or that is none, is wrong usage: no other port is taken for it', () => {
  for (const text of [
    '127.0.0.1',
    'localhost',
    '127.0.0.1:',
    ':8080',
    '::1:8080',
    '127.0.0.1:65536',
    'http://a:80',
    '',
  ]) {
    assert.throws(
      () => apiPlaceOf(text),
      (error) => error instanceof CliError && error.exitCode === EXIT.usage,
      text,
    )
  }
})
