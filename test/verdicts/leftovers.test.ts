/** What is planted on the host is found: a check of leftovers that finds nothing must mean that there is nothing. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { ownerTag } from '../../sandbox/engine/process-owner.ts'
import { SANDBOX_UID } from '../../sandbox/limits.ts'
import { mustRun } from '../sandbox/engine/setup.ts'
import { watchHost } from './leftovers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'evalmesh-leftovers-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const mark = `EVALMESH_PLANTED=${scratch}`
const watch = { mark, scratch, graceMs: 500, isOwned: (tag: string) => tag !== ownerTag() }
const skip = mustRun ? false : 'needs root to plant what a sandbox would'
/** Ours, so that no engine beside us sweeps it; here it counts as nobody's. */
const TAG = ownerTag()

const controlGroupRoot = /^\S+ (\S+) cgroup2? /m.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1]

const findPlanted = async (plant: () => (() => unknown) | Promise<() => unknown>): Promise<readonly string[]> => {
  const whatIsLeft = await watchHost(watch)
  const remove = await plant()
  try {
    return await whatIsLeft()
  } finally {
    await remove()
  }
}

test('where nothing was left nothing is found', async () => {
  assert.deepEqual(await (await watchHost(watch))(), [])
})

test('a process of ours that lives on is found', async () => {
  const found = await findPlanted(() => {
    const child = spawn('sleep', ['60'], { env: { PATH: process.env['PATH'], EVALMESH_PLANTED: scratch } })
    return () => child.kill('SIGKILL')
  })
  assert.match(found.join(), /^process \d+ sleep 60$/)
})

test('a sandbox’s process without a parent is found', { skip }, async () => {
  const found = await findPlanted(async () => {
    const args = [`--reuid=${SANDBOX_UID}`, '--clear-groups', 'sh', '-c', 'setsid sleep 61 & echo $!']
    const child = spawn('setpriv', args, { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'ignore'] })
    const [pid] = (await once(child.stdout, 'data')) as [Buffer]
    return () => process.kill(Number(pid))
  })
  assert.match(found.join(), /process \d+ sleep 61/)
})

test('a file of a sandbox’s user, one in our own /tmp and a copy that nobody owns are found', { skip }, async () => {
  const paths = [`/dev/shm/evalmesh-planted-${process.pid}`, join(scratch, 'file'), `/dev/shm/evalmesh-stage-${TAG}-x`]
  const found = await findPlanted(() => {
    for (const path of paths) writeFileSync(path, '')
    chownSync(paths[0] ?? '', SANDBOX_UID, SANDBOX_UID)
    return () => paths.forEach((path) => void rmSync(path))
  })
  assert.deepEqual(found.toSorted(), paths.map((path) => `file ${path}`).toSorted())
})

test('a control group whose owner is dead is found', { skip }, async (t) => {
  if (controlGroupRoot === undefined) return t.skip('no control groups here')
  const folder = join(controlGroupRoot, 'evalmesh', `${TAG}.1.planted`)
  const found = await findPlanted(() => {
    mkdirSync(folder, { recursive: true })
    return () => rmdirSync(folder)
  })
  assert.deepEqual(found, [`cgroup ${folder}`])
})

test('a container that nobody owns is found, and so is the control group of one that is gone', { skip }, async () => {
  const id = 'c0'.repeat(32)
  const orphans: string[] = []
  const whatIsLeft = await watchHost({ ...watch, containers: { orphans: async () => orphans, ids: new Set([id]) } })
  const group = join(controlGroupRoot ?? '', 'docker', id)
  if (controlGroupRoot !== undefined) mkdirSync(group, { recursive: true })
  orphans.push('left')
  try {
    const groups = controlGroupRoot === undefined ? [] : [`cgroup ${group}`]
    assert.deepEqual(await whatIsLeft(), [...groups, 'container left'])
  } finally {
    if (controlGroupRoot !== undefined) rmdirSync(group)
  }
})
