/** Timed runs of one host take turns, whoever crashes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { takeHostLock } from '../../sandbox/host-lock.ts'

const MODULE = join(import.meta.dirname, '../../sandbox/host-lock.ts')

async function withPath(work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-lock-'))
  try {
    await work(join(folder, 'lock'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('host lock: one holder at a time, each gets its turn', () =>
  withPath(async (path) => {
    let holders = 0
    const turns = Array.from({ length: 4 }, async () => {
      const release = await takeHostLock(path)
      holders += 1
      assert.equal(holders, 1)
      await new Promise(setImmediate)
      holders -= 1
      release()
      release()
    })
    await Promise.all(turns)
  }))

test('host lock: whoever waits can be called off, and leaves no trace', () =>
  withPath(async (path) => {
    const release = await takeHostLock(path)
    const controller = new AbortController()
    const waiting = takeHostLock(path, controller.signal)
    controller.abort(new Error('not any more'))
    await assert.rejects(waiting, /not any more/)
    release()
    const again = await takeHostLock(path)
    again()
  }))

test('host lock: a holder killed by SIGKILL holds nothing', () =>
  withPath(async (path) => {
    const code = `
      import { takeHostLock } from ${JSON.stringify(MODULE)}
      await takeHostLock(${JSON.stringify(path)})
      console.log('held')
      process.stdin.resume()`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    let isTaken = false
    const waiting = takeHostLock(path).then((release) => {
      isTaken = true
      return release
    })
    await new Promise(setImmediate)
    assert.equal(isTaken, false)
    holder.kill('SIGKILL')
    const release = await waiting
    release()
  }))
