/** Promises of `evalmesh image build`: who interrupts it is told so, and nothing half-built stays. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { EXIT } from '../../../node/cli/output.ts'
import { mustRun } from '../../sandbox/engine/setup.ts'
import { newFolder } from '../store/folder.ts'

const skip = mustRun ? false : 'needs root on Debian to be sure that bubblewrap runs'

test('Ctrl-C ends a build with its own exit code, and leaves no half image', { skip }, async (t) => {
  const [programs, cache] = [newFolder(t), newFolder(t)]
  const slow = join(programs, 'mmdebstrap')
  writeFileSync(slow, '#!/bin/sh\n[ "$1" = --version ] || exec sleep 60\n')
  chmodSync(slow, 0o755)
  const env = { ...process.env, EVALMESH_CACHE: cache, PATH: [programs, process.env['PATH']].join(delimiter) }
  const entry = join(import.meta.dirname, '../../../node/main.ts')
  const command = [entry, 'image', 'build', '--engine', 'bubblewrap']
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], env })
  const ended = Promise.all([text(child.stdout), once(child, 'close')])
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    told += part
    if (part.includes('fetching')) child.kill('SIGINT')
  })
  const [stdout] = await ended
  assert.deepEqual([child.exitCode, stdout], [EXIT.interrupted, ''], told)
  assert.match(told, /^error: interrupted$/m)
  assert.deepEqual(
    readdirSync(cache).filter((name) => !name.endsWith('.lock')),
    [],
  )
})
