/** An engine with a daemon against the promises of every engine; the test starts one of its own and ends it. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { type Daemon, startDaemon } from '../../../sandbox/engine/daemon.ts'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import type { EngineStrength } from '../../../sandbox/engine/engine.ts'
import { ownerTag } from '../../../sandbox/engine/process-owner.ts'
import { type Candidate, describeEngine } from './compliance.ts'
import { testImage } from './setup.ts'

/** Registers the promises for an engine of this kind, also for one with another runtime. */
export function describeDaemon(options: {
  readonly name: string
  readonly kind: 'docker' | 'podman'
  readonly runtime?: 'runsc'
  /** Further arguments of the daemon. */
  readonly args?: readonly string[]
  readonly strength: EngineStrength
  readonly walls?: Candidate['walls']
}) {
  const { name, kind, runtime, args = [], strength, walls } = options
  const root = mkdtempSync(join(tmpdir(), `evalmesh-${kind}-`))
  let daemon: Daemon | undefined
  const owners = async () => {
    const containers = await new Docker({ socketPath: daemon?.socketPath }).listContainers({ all: true })
    return containers.map(({ Labels }) => Labels['evalmesh.owner'] ?? 'nobody')
  }
  const copies = () => readdirSync('/dev/shm').filter((entry) => entry.startsWith(`evalmesh-stage-${ownerTag()}`))
  describeEngine({
    name,
    ...(walls === undefined ? {} : { walls }),
    open: async () => {
      rmSync('oom', { force: true })
      const image = await testImage()
      daemon = await startDaemon({ root, kind, args })
      try {
        const engine = await openDocker({ image, runtime, address: { kind: 'unix', path: daemon.socketPath } })
        assert.deepEqual([engine.kind, engine.strength], [kind, strength])
        return engine
      } catch (thrown) {
        // What still runs would keep this process.
        await daemon.stop()
        throw thrown
      }
    },
    close: async (engine) => {
      await engine.close()
      const left = [...(await owners()), ...copies()]
      await daemon?.stop()
      rmSync(root, { recursive: true, force: true })
      assert.deepEqual(left, [])
      assert.ok(!existsSync('oom'), 'the engine writes where its user stands')
      assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(root))
    },
    remains: async (owner) => (await owners()).filter((label) => label === owner),
    orphanArgs: () => ['docker', daemon?.socketPath ?? ''],
  })
}
