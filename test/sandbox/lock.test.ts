/** Who needs something that is there once takes turns, whoever crashes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { takeLock } from '../../sandbox/lock.ts'
import { isSandboxError } from './engine/errors.ts'

const MODULE = join(import.meta.dirname, '../../sandbox/lock.ts')

async function withPath(work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-lock-'))
  try {
    await work(join(folder, 'lock'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('lock: one holder at a time, each gets its turn', () =>
  withPath(async (path) => {
    let holders = 0
    const turns = Array.from({ length: 4 }, async () => {
      const release = await takeLock(path)
      holders += 1
      assert.equal(holders, 1)
      await new Promise(setImmediate)
      holders -= 1
      release()
      release()
    })
    await Promise.all(turns)
  }))

test('lock: whoever waits can be called off, and leaves no trace', () =>
  withPath(async (path) => {
    const release = await takeLock(path)
    const controller = new AbortController()
    const waiting = takeLock(path, controller.signal)
    controller.abort(new Error('not any more'))
    await assert.rejects(waiting, /not any more/)
    release()
    const again = await takeLock(path)
    again()
  }))

test('lock: a holder killed by SIGKILL holds nothing', () =>
  withPath(async (path) => {
    const code = `
      import { takeLock } from ${JSON.stringify(MODULE)}
      await takeLock(${JSON.stringify(path)})
      console.log('held')
      process.stdin.resume()`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    let isTaken = false
    const waiting = takeLock(path).then((release) => {
      isTaken = true
      return release
    })
    await new Promise(setImmediate)
    assert.equal(isTaken, false)
    holder.kill('SIGKILL')
    const release = await waiting
    release()
  }))

test('lock: a file that cannot be opened is told by a code', async () => {
  await assert.rejects(takeLock('/proc/1/mem/lock'), isSandboxError('LOCK_FAILED'))
})
