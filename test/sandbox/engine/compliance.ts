/** What every engine promises; run against each real one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { basePolicy, type Engine } from '../../../sandbox/index.ts'
import { isSandboxError } from './errors.ts'
import { runProgram, startProgram } from './setup.ts'

const MIB = 1024 * 1024

/** Outcome of each attempt inside a sandbox: `open` or the name of the error. */
async function attempt(
  on: Engine | { readonly engine: Engine; readonly seccomp: 'loopback' },
  ...attempts: string[]
): Promise<Record<string, string>> {
  const { engine, seccomp } = 'engine' in on ? on : { engine: on, seccomp: 'closed' as const }
  const { stdout, stderr } = await runProgram(engine, { file: 'attempts.py', args: attempts, seccomp })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as Record<string, string>
}

/** The programs' view of the world: see `programs/look.py`. */
type View = {
  uid: number
  pids: number[]
  commands: string[]
  environments: string[]
  status: Record<string, string>
  writable: string[]
  names: number
  secrets: string[]
  mounts: string
  interfaces: string[]
  fds: string[]
  hostname: string
}

/** One engine under test. */
export type Candidate = {
  readonly name: string
  readonly open: () => Promise<Engine>
  /** Ends it and checks that nothing is left. */
  readonly close: (engine: Engine) => Promise<void>
  /** What is still there of sandboxes whose owner has this tag. */
  readonly remains: (owner: string) => Promise<string[]>
  /** Its walls in its own words, where a kernel of its own has others than Linux. */
  readonly walls?: (get: () => Engine) => void
  /** Arguments for `engine-orphan.ts`. */
  readonly orphanArgs: () => string[]
}

/** Registers the promises for one engine. */
export function describeEngine(candidate: Candidate) {
  const { name, open, close } = candidate
  describe(name, () => {
    let engine: Engine
    before(async () => {
      engine = await open()
    })
    after(async () => {
      if (engine !== undefined) await close(engine)
    })
    describeChannel(() => engine)
    if (candidate.walls !== undefined) candidate.walls(() => engine)
    else {
      describeKernel(() => engine)
      describeView(() => engine)
      describeLimits(() => engine)
    }
    describeEnds(() => engine)
    describeOrphans(() => engine, candidate)
  })
}

function describeChannel(get: () => Engine) {
  test('8 MiB pass through a program and come back intact', async () => {
    const sent = randomBytes(8 * MIB)
    const sandbox = await startProgram(get(), { file: 'echo.py' })
    sandbox.stdin.end(sent)
    const [came, exit] = await Promise.all([buffer(sandbox.stdout), sandbox.exited])
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    assert.equal(digest(came), digest(sent))
    assert.deepEqual([exit.status, exit.code, exit.stderr], ['exited', 0, ''])
  })

  test('a program has NumPy on one thread of OpenBLAS, and zstandard', async () => {
    const { stdout, stderr } = await runProgram(get(), { file: 'numbers.py' })
    const [sum, threads, loaded = ''] = stdout.trim().split(' ')
    assert.deepEqual([sum, threads], ['250082833.250', '1'], stderr)
    // The reference BLAS, which NumPy takes when there is no other, is no faster than loops are.
    for (const path of loaded.split(':')) assert.match(path, /openblas/)
  })

  test('an exit code and a text on stderr arrive as they are', async () => {
    const engine = get()
    const own = await runProgram(engine, { code: 'import sys; print("héllo", file=sys.stderr); sys.exit(7)' })
    assert.deepEqual([own.status, own.code, own.stderr], ['exited', 7, 'héllo\n'])
    const crash = await runProgram(engine, { code: 'import ctypes; ctypes.string_at(0)' })
    assert.deepEqual([crash.status, crash.code], ['exited', 139])
  })

  test('a reader that stops stops the program, and no memory grows', async () => {
    const sandbox = await startProgram(get(), { file: 'greedy.py', args: ['stdout'], policy: { wallMs: 1_000 } })
    const exit = await sandbox.exited
    assert.equal(exit.status, 'timeout')
    assert.ok(sandbox.stdout.readableLength < 2 * MIB, `${sandbox.stdout.readableLength} bytes waiting`)
    sandbox.stdout.destroy()
  })
}

function describeKernel(get: () => Engine) {
  test('no socket leads out, and the same program outside gets one', async () => {
    const host = `evalmesh-test-${randomBytes(6).toString('hex')}`
    const server = createServer().listen(`\0${host}`)
    await once(server, 'listening')
    try {
      const outcomes = await attempt(
        get(),
        ...['inet', 'inet-udp', 'inet6', 'netlink', 'packet', 'vsock', 'alg', 'tipc-pair', 'unix', `abstract=${host}`],
      )
      const { unix, [`abstract=${host}`]: abstract, ...others } = outcomes
      assert.equal(unix, 'open')
      assert.equal(abstract, 'ECONNREFUSED')
      for (const [name, outcome] of Object.entries(others)) assert.equal(outcome, 'EPERM', name)
      const control = await outside('inet', 'netlink', `abstract=${host}`)
      assert.deepEqual(Object.values(control), ['open', 'open', 'open'])
    } finally {
      server.close()
    }
  })

  test('a program that may use TCP talks to itself and to nobody else', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const program = { file: 'loopback.py', args: [String(port)], seccomp: 'loopback' } as const
      const { stdout, stderr } = await runProgram(get(), program)
      assert.notEqual(stdout, '', stderr)
      const { host, outside: far, ...inside } = JSON.parse(stdout) as Record<string, string | number>
      assert.deepEqual(inside, { any: 'hello', v4: 'hello', named: 'hello' })
      const { ECONNREFUSED, ENETUNREACH } = constants.errno
      assert.deepEqual([host, far], [ECONNREFUSED, ENETUNREACH])
      const families = ['inet', 'inet-udp', 'netlink', 'packet', 'vsock', 'alg', 'tipc-pair']
      const { inet, ...others } = await attempt({ engine: get(), seccomp: 'loopback' }, ...families)
      assert.equal(inet, 'open')
      for (const [name, result] of Object.entries(others)) assert.equal(result, 'EPERM', name)
    } finally {
      server.close()
    }
  })

  test('calls that reach into the kernel or other processes are refused', async () => {
    const dangerous = [
      ...['ptrace', 'process_vm_readv', 'unshare', 'mount', 'setns', 'bpf', 'perf_event_open', 'io_uring_setup'],
      ...['keyctl', 'userfaultfd', 'shmget', 'semget', 'fsopen', 'chroot', 'mknodat', 'reboot', 'vmsplice'],
      ...['io_setup', 'pivot_root', 'fadvise64', 'clone-namespace', 'setuid', 'setgid'],
    ]
    const outcomes = await attempt(get(), ...dangerous)
    // In a user namespace there is no user 0 to become: EINVAL.
    for (const name of dangerous)
      assert.match(outcomes[name] ?? '', name.startsWith('set') ? /^(EPERM|EINVAL)$/ : /^EPERM$/, name)
    const limits = await attempt(get(), 'nice', 'raise-nofile', 'raise-fsize', 'oom-score')
    for (const [name, outcome] of Object.entries(limits)) assert.notEqual(outcome, 'open', name)
  })
}

function describeView(get: () => Engine) {
  test('a program sees no file, process, environment or name of the host', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evalmesh-secret-'))
    const secret = join(folder, 'evalmesh-secret.txt')
    writeFileSync(secret, 'x')
    process.env['EVALMESH_TEST_SECRET'] = 'evalmesh-secret-value'
    try {
      const { stdout, stderr } = await runProgram(get(), { file: 'look.py' })
      assert.notEqual(stdout, '', stderr)
      const view = JSON.parse(stdout) as View
      assert.ok(view.names > 5_000, `it walked over ${view.names} files only`)
      assert.deepEqual(view.secrets, [])
      assert.doesNotMatch(view.environments.join(), /SECRET/)
      assert.ok(view.environments.join().includes('PATH='), 'it read its own environment')
      assert.ok(view.pids.length <= 3 && !view.pids.includes(process.pid), view.pids.join())
      assert.doesNotMatch(view.commands.join(), /node/)
      assert.notEqual(view.uid, 0)
      assert.deepEqual(
        view.interfaces.filter((i) => i !== 'lo'),
        [],
      )
      assert.equal(view.hostname, 'sandbox')
      const none = '0000000000000000'
      assert.deepEqual(view.status, {
        CapEff: none,
        CapPrm: none,
        CapBnd: view.status['CapBnd'],
        NoNewPrivs: '1',
        Seccomp: '2',
      })
      // Scratch space is all there is to write to.
      assert.deepEqual(view.writable.sort(), ['/dev/shm', '/tmp'])
      assert.deepEqual(
        view.fds.filter((fd) => !/^(socket|pipe|\/proc)/.test(fd)),
        [],
      )
      assert.doesNotMatch(view.mounts, new RegExp(import.meta.dirname))
    } finally {
      delete process.env['EVALMESH_TEST_SECRET']
      rmSync(folder, { recursive: true })
    }
    const paths = ['/usr/bin/env', '/etc/passwd', '/programs/echo.py', '/proc/sys/kernel/hostname', '/new', '/dev/new']
    const outcomes = await attempt(get(), ...paths.map((path) => `write=${path}`), 'read=/etc/passwd')
    for (const path of paths) assert.match(outcomes[`write=${path}`] ?? '', /^(EROFS|EACCES|EPERM|EBUSY)$/, path)
    assert.equal(outcomes['read=/etc/passwd'], 'open')
  })

  test('a process outside, even of the same user, can be neither signalled nor read', async () => {
    const user = process.getuid?.() === 0 ? { uid: 64_000, gid: 64_000 } : {}
    const neighbour = spawn('sleep', ['60'], { ...user, stdio: 'ignore' })
    try {
      const { pid } = neighbour
      const outcomes = await attempt(get(), `signal=${pid}`, `memory=${pid}`)
      assert.deepEqual(Object.values(outcomes), ['ESRCH', 'ENOENT'])
      // Its own child dies; it and the world go on.
      const code =
        'import os, signal, time; os.fork() or time.sleep(60); os.kill(-1, signal.SIGKILL); print(os.wait()[1])'
      const all = await runProgram(get(), { code })
      assert.equal(all.stdout, '9\n', all.stderr)
      assert.deepEqual([neighbour.exitCode, neighbour.signalCode], [null, null])
    } finally {
      neighbour.kill('SIGKILL')
    }
  })
}

function describeLimits(get: () => Engine) {
  test('a fork bomb stops at the limit of processes and the program goes on', async () => {
    const exit = await runProgram(get(), { file: 'greedy.py', args: ['forks'], policy: { pidsMax: 64 } })
    const [made, error] = exit.stdout.trim().split(' ')
    assert.equal(error, 'EAGAIN')
    assert.ok(Number(made) >= 32 && Number(made) <= 64, made)
    assert.deepEqual([exit.status, exit.code], ['exited', 0])
  })

  test('10 GB of memory end a program as oom, in a child and in tmpfs too', async (t) => {
    const engine = get()
    const policy = { memoryBytes: 128 * MIB }
    const hog = await runProgram(engine, { file: 'greedy.py', args: ['memory'], policy })
    if (engine.strength.memory === 'rlimit') {
      t.diagnostic('rlimits only: the allocation fails inside, tmpfs and children are not counted')
      assert.match(hog.stderr, /MemoryError/)
      return
    }
    assert.equal(hog.status, 'oom')
    const child = await runProgram(engine, { file: 'greedy.py', args: ['child-memory'], policy })
    // The child alone died: the program lives on and tells it, and the end tells it too.
    assert.deepEqual([child.status, child.stdout], ['oom', '-9\n'])
    const scratch = await runProgram(engine, {
      file: 'greedy.py',
      args: ['tmp'],
      policy: { ...policy, tmpBytes: 256 * MIB },
    })
    assert.equal(scratch.status, 'oom')
    if (hog.memoryPeakBytes !== undefined) assert.ok(hog.memoryPeakBytes > 100 * MIB)
  })

  test('scratch space and file sizes end where the policy says', async () => {
    const { stdout } = await runProgram(get(), { file: 'greedy.py', args: ['tmp'], policy: { tmpBytes: 16 * MIB } })
    assert.equal(stdout, `${16 * MIB} ENOSPC ${16 * MIB} ENOSPC\n`)
    const big = await runProgram(get(), { file: 'greedy.py', args: ['big-file'] })
    assert.equal(big.stdout, 'EFBIG\n')
  })

  test('a program that asks for /cache can run what it puts there, up to its size; others have none', async () => {
    const engine = get()
    const cacheBytes = 16 * MIB
    const { stdout, stderr } = await runProgram(engine, { file: 'cache.py', cacheBytes })
    assert.notEqual(stdout, '', stderr)
    const { done, ...rest } = JSON.parse(stdout) as { done: number }
    assert.deepEqual(rest, { found: [], ran: 0, ended: constants.errno.ENOSPC })
    assert.ok(done <= 16, `${done} MiB`)
    assert.equal((await runProgram(engine, { file: 'cache.py' })).stdout, 'null\n')
    await assert.rejects(startProgram(engine, { file: 'cache.py', cacheBytes: 0 }), isSandboxError('START_FAILED'))
  })

  test('a loop that ignores signals and hides its children ends at the wall limit', async () => {
    const from = performance.now()
    const exit = await runProgram(get(), { file: 'greedy.py', args: ['loop'], policy: { wallMs: 1_000 } })
    const tookMs = performance.now() - from
    assert.deepEqual([exit.status, exit.code], ['timeout', null])
    assert.ok(tookMs >= 1_000 && tookMs < 15_000, `${tookMs} ms`)
  })

  test('a flood on stdout or stderr ends as output-limit, and nothing beyond the limit arrives', async () => {
    const policy = { stdoutBytesMax: MIB, stderrBytesMax: 64 * 1024 }
    const out = await runProgram(get(), { file: 'greedy.py', args: ['stdout'], policy })
    assert.equal(out.status, 'output-limit')
    assert.ok(out.stdout.length <= MIB, `${out.stdout.length}`)
    const err = await runProgram(get(), { file: 'greedy.py', args: ['stderr'], policy })
    assert.deepEqual([err.status, err.stderr.length], ['output-limit', 64 * 1024])
  })
}

function describeEnds(get: () => Engine) {
  test('kill ends every process, twice is once, and the exit says killed', async () => {
    const sandbox = await startProgram(get(), { file: 'greedy.py', args: ['loop'] })
    await once(sandbox.stdout, 'readable')
    await Promise.all([sandbox.kill(), sandbox.kill()])
    const exit = await sandbox.exited
    assert.deepEqual([exit.status, exit.code], ['killed', null])
    sandbox.stdin.write('to nobody')
    sandbox.stdout.destroy()
    await sandbox.kill()
  })

  test('a program that does not exist ends with a code, and leaves nothing', async () => {
    const engine = get()
    const spec = { name: 'absent', argv: ['/no/such/program'], mounts: [], env: {}, policy: basePolicy }
    if (engine.strength.kernel === 'gvisor') {
      // Without `timeout` before it, it is the engine that looks for the program.
      await assert.rejects(engine.start(spec), isSandboxError('START_FAILED'))
      return
    }
    const sandbox = await engine.start(spec)
    sandbox.stdin.end()
    sandbox.stdout.resume()
    const exit = await sandbox.exited
    assert.deepEqual([exit.status, exit.code], ['exited', 127])
    assert.match(exit.stderr, /no\/such\/program/)
  })

  test('a spec that would undo the walls is refused', async () => {
    const engine = get()
    const over = (target: string) => startProgram(engine, { mounts: [{ source: tmpdir(), target }] })
    for (const target of ['/usr', '/proc/self', '/tmp/x', 'relative', '/a/../usr', '/a:rw']) {
      await assert.rejects(over(target), isSandboxError('START_FAILED'), target)
    }
    await assert.rejects(startProgram(engine, { policy: { memoryBytes: 0 } }), isSandboxError('START_FAILED'))
    const absent = [{ source: '/no/such/folder', target: '/data' }]
    await assert.rejects(startProgram(engine, { mounts: absent }), isSandboxError('START_FAILED'))
  })
}

function describeOrphans(get: () => Engine, { remains, orphanArgs }: Candidate) {
  test('a controller that is killed takes its sandbox along, or the next sweep does', async (t) => {
    if (orphanArgs().length === 0) {
      t.skip('without control groups nothing but the processes could remain')
      return
    }
    const script = join(import.meta.dirname, 'orphan.ts')
    const controller = spawn(process.execPath, [script, ...orphanArgs()], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(controller, 'exit')
    const [line] = await once(controller.stdout, 'data')
    const owner = String(line).trim()
    await get().sweep()
    assert.notDeepEqual(await remains(owner), [], 'the sweep leaves the living alone')
    controller.kill('SIGKILL')
    await ended
    await get().sweep()
    assert.deepEqual(await remains(owner), [])
  })
}

/** The same attempts without any sandbox: proof that they can succeed. */
async function outside(...attempts: string[]): Promise<Record<string, string>> {
  const child = spawn('python3', [join(import.meta.dirname, '../programs/attempts.py'), ...attempts], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [bytes] = await Promise.all([buffer(child.stdout), once(child, 'close')])
  return JSON.parse(bytes.toString()) as Record<string, string>
}
