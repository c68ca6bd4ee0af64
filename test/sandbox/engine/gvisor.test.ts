/** Docker with gVisor's runtime against the promises of every engine. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { startDaemon } from '../../../sandbox/engine/daemon.ts'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import type { Engine, Policy } from '../../../sandbox/index.ts'
import { describeDaemon } from './daemon.ts'
import { isSandboxError } from './errors.ts'
import { runProgram, skipReason, strong, testImage } from './setup.ts'

const skip = skipReason('runsc')
const isOnV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
const MIB = 1024 * 1024

/** What Linux's own words for these walls do not fit: threads fail under our filter, and every limit ends all of it. */
function describeWalls(get: () => Engine) {
  const attempt = async (...attempts: string[]) => {
    const { stdout, stderr } = await runProgram(get(), { file: 'attempts.py', args: attempts })
    assert.notEqual(stdout, '', stderr)
    return JSON.parse(stdout) as Record<string, string>
  }

  test('our filter holds inside: no socket, no way into other processes', async () => {
    const names = [
      'inet',
      'netlink',
      'packet',
      'vsock',
      'ptrace',
      'process_vm_readv',
      'unshare',
      'mount',
      'setns',
      'bpf',
    ]
    for (const [name, outcome] of Object.entries(await attempt(...names))) assert.equal(outcome, 'EPERM', name)
  })

  test('nothing but scratch space can be written, and no process of the host is seen', async () => {
    const paths = ['/usr/bin/env', '/etc/passwd', '/programs/echo.py', '/new']
    const outcomes = await attempt(...paths.map((path) => `write=${path}`), `signal=${process.pid}`)
    const { [`signal=${process.pid}`]: signal, ...writes } = outcomes
    assert.equal(signal, 'ESRCH')
    for (const [path, outcome] of Object.entries(writes)) assert.match(outcome, /^(EROFS|EACCES|EPERM)$/, path)
  })

  test('too many processes, too much memory and too long a run end all of it', async () => {
    const run = (what: string, policy: Partial<Policy>) =>
      runProgram(get(), { file: 'greedy.py', args: [what], policy })
    const bomb = await run('forks', { pidsMax: 64 })
    assert.ok(bomb.status === 'exited' && bomb.code !== 0, `${bomb.status} ${bomb.code}`)
    const { status, code } = await run('memory', { memoryBytes: 128 * MIB })
    // Killed in any case; on a busy machine Docker does not always say by whom.
    const ends = get().strength.oom === 'reported' ? ['oom'] : ['oom', 'exited']
    assert.ok(ends.includes(status) && code === 137, `${status} ${code}`)
    assert.equal((await run('loop', { wallMs: 1_000 })).status, 'timeout')
    assert.equal((await run('stdout', { stdoutBytesMax: MIB })).status, 'output-limit')
  })
}

if (skip === null) {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-gvisor-'))
  after(() => rmSync(folder, { recursive: true }))
  const config = join(folder, 'daemon.json')
  const runtimes = (...more: string[]) => ({
    // Debian's release knows no faster platform that works in a virtual machine.
    runsc: { path: '/usr/bin/runsc', runtimeArgs: ['--platform=ptrace', '--network=none', ...more] },
  })
  // Our filter holds inside only if asked for.
  writeFileSync(config, JSON.stringify({ runtimes: runtimes('--oci-seccomp') }))
  const args = ['--config-file', config]
  const strength = { ...strong, kernel: 'gvisor', oom: isOnV2 ? 'reported' : 'inferred' } as const
  describeDaemon({ name: 'gvisor', kind: 'docker', runtime: 'runsc', args, strength, walls: describeWalls })

  test('gVisor without our filter, or another runtime under its name, is refused', async () => {
    const root = join(folder, 'weak')
    const named = join(folder, 'weak.json')
    const open = async (file: object) => {
      writeFileSync(named, JSON.stringify({ runtimes: file }))
      const daemon = await startDaemon({ root, kind: 'docker', args: ['--config-file', named] })
      const address = { kind: 'unix', path: daemon.socketPath } as const
      const opened = openDocker({ image: await testImage(), runtime: 'runsc', address })
      await assert.rejects(opened, isSandboxError('ENGINE_TOO_WEAK')).finally(() => daemon.stop())
    }
    await open(runtimes())
    await open({ runsc: { path: '/usr/sbin/runc' } })
    await open({})
  })
} else test('gvisor', { skip }, () => undefined)
