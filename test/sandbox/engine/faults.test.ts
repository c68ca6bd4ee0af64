/** Engines that die, fill up or are unplugged in the middle of a run: a fault of ours, another try, a measurement. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { type Daemon, socketOf, startDaemon } from '../../../sandbox/engine/daemon.ts'
import { connectDocker } from '../../../sandbox/engine/docker/connect.ts'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import { createHostsEvaluator, type HostChange } from '../../../sandbox/evaluator.ts'
import type { EngineHost } from '../../../sandbox/hosts/host.ts'
import {
  defaultCacheDirectory,
  type EngineAddress,
  imageDirectory,
  type Job,
  type Measurement,
  readBaseline,
} from '../../../sandbox/index.ts'
import { layMatrices, testLimits } from '../evaluator-setup.ts'
import { type RemoteEngine, startRemoteEngine } from './remote-setup.ts'
import { mustRun, testImage } from './setup.ts'

const image = imageDirectory(defaultCacheDirectory())
const { matrices, remove } = layMatrices(2)
// Slow enough for a fault to meet it in the middle.
const slow = `import time\n${readBaseline('matrix-lossless')}\nfast = compress\ndef compress(data):\n    time.sleep(0.4)\n    return fast(data)\n`
const job: Job = {
  competition: 'matrix-lossless',
  candidate: slow,
  partner: readBaseline('matrix-lossless'),
  matrices,
  seed: '5e'.repeat(32),
  limits: testLimits,
}

const toHost = (name: string, address: EngineAddress): EngineHost => ({
  name,
  engine: { prefer: 'auto', imageDirectory: image, address },
  isLocal: address.kind === 'unix',
  timed: [null],
  hardware: null,
})
const unix = (daemon: Daemon): EngineAddress => ({ kind: 'unix', path: daemon.socketPath })

/** Measures; `strike` comes when the first of two matrices is compressed. */
async function measureUnder(o: { hosts: readonly EngineHost[]; folder: string; strike: () => void; ill?: () => void }) {
  const changes: HostChange[] = []
  const onChange = (change: HostChange) => {
    changes.push(change)
    if (!change.isWell) o.ill?.()
  }
  const options = { hosts: o.hosts, lockPath: join(o.folder, 'lock'), insist: true }
  const evaluator = createHostsEvaluator({ ...options, onChange })
  let isStruck = false
  try {
    const measurement = await evaluator.evaluate(job, {
      signal: AbortSignal.timeout(600_000),
      onProgress: () => {
        if (!isStruck) o.strike()
        isStruck = true
      },
    })
    return { measurement, changes }
  } finally {
    await evaluator.close()
  }
}

function assertMeasured({ verdict, code, line, matrices: rows, engine }: Measurement, host: string) {
  assert.deepEqual([verdict, code], ['pass', 'PASS'], line)
  assert.equal(rows.length, matrices.length)
  assert.equal(engine?.host, host)
}

/** SIGKILL for the engine alone, as the kernel does when memory runs out. */
const killEngine = (root: string) => process.kill(Number(readFileSync(join(root, 'run/docker.pid'), 'utf8')), 'SIGKILL')

const skip = mustRun ? false : 'needs root on Debian to start engines'
const folder = mkdtempSync(join(tmpdir(), 'evalmesh-faults-'))
const roots = { a: join(folder, 'a'), b: join(folder, 'b') }
const daemons: Daemon[] = []
const begin = async (root: string): Promise<Daemon> => {
  const daemon = await startDaemon({ root, kind: 'docker' })
  daemons.push(daemon)
  return daemon
}
after(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop()))
  rmSync(folder, { recursive: true, force: true })
  remove()
})

test('one of two engines is killed: the run is made again on the other', { skip }, async () => {
  const [a, b] = await Promise.all([begin(roots.a), begin(roots.b)])
  const hosts = [toHost('a', unix(a)), toHost('b', unix(b))]
  const { measurement, changes } = await measureUnder({ hosts, folder, strike: () => killEngine(roots.a) })
  assertMeasured(measurement, 'b')
  assert.deepEqual(
    changes.map(({ host, isWell }) => [host, isWell]),
    [['a', false]],
  )
  await b.stop()
})

test('the only engine is killed and comes back: the run waits for it, and is made again', { skip }, async () => {
  const a = await begin(roots.a)
  const strike = () => killEngine(roots.a)
  const ill = () => void begin(roots.a)
  const { measurement, changes } = await measureUnder({ hosts: [toHost('a', unix(a))], folder, strike, ill })
  assertMeasured(measurement, 'a')
  assert.deepEqual(
    changes.map(({ isWell }) => isWell),
    [false, true],
  )
})

test('an engine starts where the number of its predecessor’s containerd lives on', { skip }, async () => {
  const root = join(folder, 'again')
  const part = join(root, 'run/exec/containerd')
  mkdirSync(part, { recursive: true })
  writeFileSync(join(part, 'containerd.pid'), String(process.pid))
  const daemon = await begin(root)
  await connectDocker({ kind: 'unix', path: daemon.socketPath })
})

test('its disk is full: nothing starts until there is room again, and then the run is made', { skip }, async () => {
  const root = join(folder, 'small')
  mkdirSync(root)
  const disk = join(folder, 'disk')
  execFileSync('truncate', ['--size', '1200M', disk])
  execFileSync('mkfs.ext4', ['-q', '-m', '0', disk])
  execFileSync('mount', ['-o', 'loop', disk, root])
  const ballast = join(root, 'ballast')
  let filling: NodeJS.Timeout | undefined
  // Again and again: each container that ends gives some room back.
  const fill = () => {
    const file = openSync(ballast, 'a')
    try {
      for (let bytes = 1 << 20; bytes >= 4_096; ) {
        try {
          writeSync(file, Buffer.alloc(bytes, 1))
        } catch (thrown) {
          assert.equal((thrown as NodeJS.ErrnoException).code, 'ENOSPC')
          bytes /= 4
        }
      }
    } finally {
      closeSync(file)
    }
  }
  const strike = () => {
    fill()
    filling = setInterval(fill, 5)
  }
  const empty = () => {
    clearInterval(filling)
    rmSync(ballast, { force: true })
  }
  let daemon: Daemon | undefined
  try {
    daemon = await begin(root)
    const hosts = [toHost('small', unix(daemon))]
    // With the image in it, almost full: the rest goes in a moment.
    const engine = await openDocker({ image: await testImage(), address: unix(daemon) })
    await engine.close()
    const { bavail, bsize } = statfsSync(root)
    execFileSync('fallocate', ['--length', String(bavail * bsize - 16 * 1024 * 1024), join(root, 'reserve')])
    const { measurement, changes } = await measureUnder({ hosts, folder, strike, ill: empty })
    assertMeasured(measurement, 'small')
    assert.deepEqual(
      changes.map(({ isWell }) => isWell),
      [false, true],
    )
    assert.match(changes[0]?.reason ?? '', /no space left/)
  } finally {
    empty()
    await daemon?.stop()
    execFileSync('umount', ['--lazy', root])
  }
})

test('the cable of one of two engines is pulled: silence is no miner’s timeout, and the run is made on the other', {
  skip,
}, async () => {
  let remote: RemoteEngine | undefined
  const wires = new Set<Socket>()
  const cable = createServer((near) => {
    const { address } = remote ?? assert.fail()
    assert.ok(address.kind === 'tcp')
    const far = connect(address.port, address.host)
    for (const wire of [near, far]) {
      wires.add(wire)
      wire.on('error', () => undefined)
      wire.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  try {
    remote = await startRemoteEngine(mkdtempSync(join(folder, 'remote-')))
    cable.listen(0, '127.0.0.1')
    await once(cable, 'listening')
    const { address } = remote
    assert.ok(address.kind === 'tcp')
    const through = { ...address, port: (cable.address() as AddressInfo).port }
    const b = await begin(roots.b)
    // Nothing is closed and nothing refused: bytes just do not arrive.
    const pull = () => {
      cable.removeAllListeners('connection')
      for (const wire of wires) wire.unpipe().pause()
    }
    const hosts = [toHost('far', through), toHost('b', { kind: 'unix', path: socketOf(roots.b, 'docker') })]
    const { measurement, changes } = await measureUnder({ hosts, folder, strike: pull })
    assertMeasured(measurement, 'b')
    assert.deepEqual(
      changes.map(({ host, isWell }) => [host, isWell]),
      [['far', false]],
    )
    await b.stop()
  } finally {
    for (const wire of wires) wire.destroy()
    cable.close()
    await remote?.stop()
  }
})
