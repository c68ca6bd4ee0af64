/** Promises about how a container’s end is read: what memory ended is told so, also when its engine does not tell and its group is gone. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type Docker from 'dockerode'
import { readFacts } from '../../../sandbox/engine/docker/dialect.ts'
import { type OomCounter, openOomCounter, watchContainer } from '../../../sandbox/engine/docker/watch.ts'
import { basePolicy } from '../../../sandbox/index.ts'

type End = { readonly code: number; readonly told?: boolean; readonly seen: ReturnType<OomCounter> | null }

/** The status of a container that ended so; `isLate`: by the wall limit. */
const statusOf = async ({ code, told = false, seen }: End, isLate = false) => {
  const ended = Promise.withResolvers<void>()
  const container = {
    inspect: async () => ({ State: { ExitCode: code, OOMKilled: told } }),
    kill: async () => ended.resolve(),
    remove: async () => undefined,
  } as unknown as Docker.Container
  const halves = { stdout: new PassThrough(), stderr: new PassThrough(), discard: () => undefined }
  const sandbox = watchContainer({
    spec: {
      ...{ name: 'ending', argv: [], env: {}, files: [], mounts: [], seccomp: 'closed' },
      policy: { ...basePolicy, wallMs: isLate ? 1 : 60_000 },
    },
    docker: { ping: async () => undefined } as unknown as Docker,
    container,
    stream: new PassThrough(),
    halves,
    ended: ended.promise,
    oom: seen && (() => seen),
    gone: new Promise(() => undefined),
  })
  sandbox.stdout.resume()
  for (const half of [halves.stdout, halves.stderr]) half.end()
  if (!isLate) ended.resolve()
  return (await sandbox.exited).status
}

test('a container that the kernel killed for want of memory ended so, whoever tells it', async () => {
  assert.equal(await statusOf({ code: 137, told: true, seen: null }), 'oom')
  assert.equal(await statusOf({ code: 137, seen: 'killed' }), 'oom')
  assert.equal(await statusOf({ code: 0, seen: 'killed' }), 'oom', 'a child of it')
})

test('one that was killed by nobody here, and whose memory group went before anybody could look, ended so too', async () => {
  assert.equal(await statusOf({ code: 137, seen: 'unseen' }), 'oom')
})

test('of a program that is over before anybody could look at its memory group nothing was seen', () => {
  // No process has this number: what an engine says of one that has ended.
  assert.equal(openOomCounter(0)(), 'unseen')
})

test('one that was killed otherwise, or ended by itself, did not', async () => {
  assert.equal(await statusOf({ code: 137, seen: 'none' }), 'exited', 'its group says that memory sufficed')
  assert.equal(await statusOf({ code: 137, seen: null }), 'exited', 'its engine says that memory sufficed')
  assert.equal(await statusOf({ code: 139, seen: 'unseen' }), 'exited', 'a fault of its own')
  assert.equal(await statusOf({ code: 1, seen: 'unseen' }), 'exited')
  assert.equal(await statusOf({ code: 137, seen: 'unseen' }, true), 'timeout')
})

test('on control groups v1 Podman does not say that memory ran out, and Docker of gVisor not always', async () => {
  const told = async (o: { program: string; groups: '1' | '2'; runtime?: 'runsc' }) => {
    const info = {
      ...{ OSType: 'linux', MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true, NCPU: 2, KernelVersion: '6' },
      ...{ SecurityOptions: ['name=seccomp'], Runtimes: { runsc: {} }, SystemTime: '', CgroupVersion: o.groups },
    }
    const version = { Version: '1', Components: [{ Name: o.program }] }
    return (await readFacts({ info: async () => info, version: async () => version } as never, o.runtime)).oom
  }
  assert.equal(await told({ program: 'Engine', groups: '1' }), 'reported')
  assert.equal(await told({ program: 'Engine', groups: '1', runtime: 'runsc' }), 'inferred')
  assert.equal(await told({ program: 'Podman Engine', groups: '1' }), 'counted')
  assert.equal(await told({ program: 'Podman Engine', groups: '2' }), 'reported')
})
