/** Holds the walls that docs/SANDBOX.md names to what the engines are really told. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bubblewrapLine, dockerOptions, walls } from './walls.ts'

/** What an engine would be told by somebody who forgot everything. */
const nothing = {
  ...dockerOptions,
  ...{ User: '', Hostname: '', StdinOnce: false, Entrypoint: [], Env: ['SECRET=1'] },
  HostConfig: {
    ...dockerOptions.HostConfig,
    ...{ NetworkMode: 'bridge', ReadonlyRootfs: false, ShmSize: 0, Tmpfs: {}, CapDrop: [], SecurityOpt: [] },
    ...{ IpcMode: 'host', MemorySwap: -1, Ulimits: [], Devices: [] },
  },
}

for (const { what, docker, bubblewrap, triedBy } of walls) {
  test(`every engine is told: ${what}`, () => {
    const [, holds] = docker
    assert.ok(holds(dockerOptions), 'Docker and Podman')
    assert.ok(!holds(nothing), 'one that is not told is found')
    assert.ok(` ${bubblewrapLine} `.includes(` ${bubblewrap} `), 'bubblewrap')
    assert.ok(triedBy.length > 0)
    for (const name of triedBy) assert.ok(existsSync(join(import.meta.dirname, '../submissions', name)), name)
  })
}
