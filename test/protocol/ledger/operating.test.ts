/** How often the rule of takeover is wrong, in simulated rounds of hosts with noise: a clone must not take over, a true gain must be seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStanding } from '../../../protocol/ledger/fold.ts'
import { createNoise } from '../competition/noise.ts'
import { playRound, SIGMA, shareOf, takesOver } from './takeovers.ts'

test('the naive rule lets a clone of the leader take over in more than one of twenty tries: the simulation can tell', () => {
  const noise = createNoise(1)
  const run = (): number => Math.exp(SIGMA * noise.normal())
  assert.ok(shareOf(10_000, () => (run() + run()) / (run() + run()) > 1.01) > 0.05)
})

for (const mesh of [{ members: 1 }, { members: 4 }, { members: 16 }, { members: 16, liars: 5 }]) {
  const { members, liars = 0 } = mesh
  test(`a clone of the leader takes over in less than one of a hundred tries: ${members} hosts, ${liars} of them lying`, () => {
    const noise = createNoise(100 + members + liars)
    assert.ok(shareOf(1_000, () => takesOver(mesh, noise, 0)) < 0.01)
  })
}

for (const members of [4, 16]) {
  test(`a true gain of 2 % is recognised by ${members} hosts in at least 95 of 100 rounds, and takes over`, () => {
    const noise = createNoise(3)
    const isSeen = (): boolean =>
      playRound({ members }, { standing: createStanding(), noise, gain: 0.02 }) === 'provisional'
    assert.ok(shareOf(500, isSeen) >= 0.95)
    assert.ok(shareOf(200, () => takesOver({ members }, noise, 0.02)) >= 0.95)
  })
}

test('a true gain of half the margin is hardly ever taken for one above it', () => {
  const noise = createNoise(4)
  assert.ok(shareOf(500, () => takesOver({ members: 16 }, noise, 0.005)) < 0.01)
})
