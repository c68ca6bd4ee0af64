/** What the set-up may do about missing system packages, situation by situation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isLockHeld,
  planSystemPackages,
  type Situation,
  type SystemNeed,
  systemParts,
  toAptCalls,
} from '../../node/setup/system-plan.ts'

const rootOnDebian: Situation = { missing: ['bubblewrap'], root: true, debian: true, interactive: false, yes: false }

const situations: readonly { promise: string; situation: Situation; kind: string; says?: string }[] = [
  { promise: 'nothing is missing: ready', situation: { ...rootOnDebian, missing: [] }, kind: 'ready' },
  { promise: 'root without a terminal: goes ahead', situation: rootOnDebian, kind: 'install' },
  {
    promise: 'root at a terminal: is asked first',
    situation: { ...rootOnDebian, interactive: true },
    kind: 'ask',
    says: 'Install bubblewrap with apt-get?',
  },
  {
    promise: 'root at a terminal with --yes: goes ahead',
    situation: { ...rootOnDebian, interactive: true, yes: true },
    kind: 'install',
  },
  {
    promise: 'an ordinary user on Debian: gets the exact command',
    situation: { ...rootOnDebian, root: false, missing: ['bubblewrap', 'docker'] },
    kind: 'tell',
    says: 'sudo apt-get update && sudo apt-get install -y --no-install-recommends bubblewrap docker.io',
  },
  {
    promise: 'an ordinary user with --yes: still only gets the command',
    situation: { ...rootOnDebian, root: false, yes: true },
    kind: 'tell',
    says: 'sudo apt-get',
  },
  {
    promise: 'another system: gets the names of the packages',
    situation: { ...rootOnDebian, debian: false },
    kind: 'tell',
    says: "package manager: bubblewrap (Debian's names)",
  },
  {
    promise: 'an ordinary user of another system: is not told to use apt-get',
    situation: { ...rootOnDebian, debian: false, root: false },
    kind: 'tell',
    says: "package manager: bubblewrap (Debian's names)",
  },
]

for (const { promise, situation, kind, says } of situations) {
  test(promise, () => {
    const plan = planSystemPackages(situation)
    assert.equal(plan.kind, kind)
    if (says !== undefined) assert.ok(JSON.stringify(plan).includes(says), JSON.stringify(plan))
  })
}

test('every need has packages, and an install names each package once', () => {
  const missing = Object.keys(systemParts) as SystemNeed[]
  const plan = planSystemPackages({ ...rootOnDebian, missing: [...missing, ...missing] })
  assert.equal(plan.kind, 'install')
  const expected = missing.flatMap((need) => systemParts[need].packages)
  assert.ok(missing.every((need) => systemParts[need].packages.length > 0))
  assert.deepEqual(plan.kind === 'install' ? plan.packages : [], expected)
})

test('apt-get refreshes its lists before it installs, and asks nothing', () => {
  const [update, install] = toAptCalls(['bubblewrap'])
  assert.equal(update?.[0], 'update')
  assert.equal(install?.[0], 'install')
  assert.ok(install?.includes('-y') && install.at(-1) === 'bubblewrap')
})

test('only a held lock is worth another try', () => {
  assert.ok(isLockHeld('E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12 (apt-get)'))
  assert.ok(isLockHeld('E: Unable to lock directory /var/lib/apt/lists/'))
  assert.ok(!isLockHeld('E: Unable to locate package bubblewrapp'))
})
