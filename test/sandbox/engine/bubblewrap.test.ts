/** Bubblewrap against the promises of every engine, as root with control groups. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { ownerTag } from '../../../sandbox/engine/process-owner.ts'
import { describeEngine } from './compliance.ts'
import { mustRun, startProgram, strong, testImage } from './setup.ts'

/** Control groups that belong to the process with this tag. */
function groupsOf(owner: string): string[] {
  const folders = ['memory', 'pids', 'cpu', ''].map((name) => `/sys/fs/cgroup/${name}/evalmesh`)
  return folders.filter(existsSync).flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith(owner)))
}

/** Groups, mounts and children of this process that are still there. */
function leftovers(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('stage '))
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  const names = children.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
  return [...groupsOf(ownerTag()), ...mounts, ...names.filter((name) => /bwrap|python|timeout|bash/.test(name))]
}

if (!mustRun) {
  test('bubblewrap', { skip: 'needs root on Debian to be sure that it can run' }, () => undefined)
} else {
  describeEngine({
    name: 'bubblewrap',
    open: async () => {
      const { rootfs, digest } = await testImage()
      const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
      assert.deepEqual(engine.strength, strong)
      return engine
    },
    close: async (engine) => {
      await engine.close()
      assert.deepEqual(leftovers(), [])
    },
    remains: async (owner) => groupsOf(owner),
    orphanArgs: () => ['bubblewrap'],
  })

  test('sandboxes weigh more than one of the programs beside them: a timed run does not wait for a busy host', async () => {
    const { rootfs, digest } = await testImage()
    const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
    await engine.close()
    const places = ['/sys/fs/cgroup/cpu/evalmesh/cpu.shares', '/sys/fs/cgroup/evalmesh/cpu.weight'] as const
    const weights = places.map((path) => (existsSync(path) ? Number(readFileSync(path, 'utf8')) : null))
    // A program's own: 1024 in version 1, 100 in version 2.
    assert.ok(weights[0] === 16 * 1_024 || weights[1] === 1_600, weights.join())
  })

  test('a program that is stopped stands still before anybody goes on, also one whose threads are in long system calls', async () => {
    const { rootfs, digest } = await testImage()
    const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
    const code = `
import os, threading
hole = os.open("/cache/hole", os.O_RDWR | os.O_CREAT)
os.ftruncate(hole, 1 << 30)
place = bytearray(1 << 20)
def read():
    while True:
        os.preadv(hole, [place] * 1000, 0)
for _ in range(8):
    threading.Thread(target=read).start()
print("busy", flush=True)
`
    const sandbox = await startProgram(engine, { code, cacheBytes: 1024 * 1024 })
    try {
      await once(sandbox.stdout, 'data')
      await sandbox.setFrozen(true)
      const [group = ''] = groupsOf(ownerTag())
      const folder = ['/sys/fs/cgroup/cpu/evalmesh', '/sys/fs/cgroup/evalmesh'].find(existsSync) ?? ''
      const pids = readFileSync(`${folder}/${group}/cgroup.procs`, 'utf8').trim().split('\n')
      const states = pids.flatMap((pid) =>
        readdirSync(`/proc/${pid}/task`).map((thread) => {
          const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
          return stat[stat.lastIndexOf(')') + 2]
        }),
      )
      assert.ok(states.length >= 9, states.join())
      assert.deepEqual(new Set(states), new Set(['T']))
    } finally {
      await sandbox.kill()
      await engine.close()
    }
  })
}
