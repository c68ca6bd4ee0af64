/** How often the rule of takeover is wrong, in simulated rounds of hosts with noise: a clone must not take over, a true gain must be seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Committee } from '../../../protocol/committee.ts'
import { isqrt } from '../../../protocol/competition/integers.ts'
import { createStanding, foldResult, type Standing } from '../../../protocol/ledger/fold.ts'
import { deriveResult } from '../../../protocol/round/derive.ts'
import { passed } from '../../../protocol/round/statement.ts'
import { createNoise, type Noise } from '../competition/noise.ts'
import { digestOf } from '../round/mesh.ts'
import { queryOf } from '../round/say.ts'

/** One run's coefficient of variation, the margin, the competition's quads, and those of a host certificate. */
const SIGMA = 0.007
const THETA = 10_000
const QUADS = 30
const CERTIFICATE_QUADS = 12
/** A host's speed wanders by this much from one run of a quad to the next, the same way for both codes. */
const DRIFT = 0.01
const RUN_NANOS = 50_000_000

/** Candidate, partner, partner, candidate on a host that drifts; `gain` 0.02: the candidate needs 1/1.02 of the partner's time. */
const quadPpm = (noise: Noise, gain: number): number => {
  const slope = (2 * noise.uniform() - 1) * DRIFT
  const run = (at: number, speed: number): bigint =>
    BigInt(Math.round((RUN_NANOS / speed) * (1 + at * slope) * Math.exp(SIGMA * noise.normal())))
  const [c1, i1, i2, c2] = [run(0, 1 + gain), run(1, 1), run(2, 1), run(3, 1 + gain)]
  return Number(isqrt((i1 * i2 * 10n ** 12n) / (c1 * c2)))
}

const drawn = (noise: Noise, gain: number, quads: number): readonly number[] =>
  Array.from({ length: quads }, () => quadPpm(noise, gain))

const noisePpm = (noise: Noise): number => {
  const squares = drawn(noise, 0, CERTIFICATE_QUADS).map((ppm) => (ppm - 1_000_000) ** 2)
  return Math.floor(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length))
}

/** Equal members are the worst case for a lucky few; `liars` of them say that the candidate is twice as fast. */
type Mesh = { readonly members: number; readonly liars?: number }

const committeeOf = ({ members }: Mesh): Committee => ({
  epoch: 1,
  members: Array.from({ length: members }, (_, index) => {
    const hotkey = `${index}`.padStart(64, '0')
    return { hotkey, sessionKey: '', sealingKey: '', peerId: '', weight: 1n }
  }),
  total: BigInt(members),
  seed: digestOf('seed'),
})

const CANDIDATE = digestOf('candidate')
const LEADER = digestOf('leader')
const template = queryOf({ says: [[]], incumbent: 'leader', thetaPpm: THETA })
const [said] = template.attestations

/** One round of the candidate against the leader, folded into the standing. @returns where it stands after. */
const playRound = (mesh: Mesh, o: { standing: Standing; noise: Noise; gain: number }) => {
  assert.ok(said !== undefined)
  const committee = committeeOf(mesh)
  const attestations = committee.members.map(({ hotkey }, index) => {
    const quadsPpm = index < (mesh.liars ?? 0) ? Array<number>(QUADS).fill(2_000_000) : drawn(o.noise, o.gain, QUADS)
    const values = { scorePpb: 0n, values: {}, quadsPpm, thetaPpm: THETA }
    const measured = passed({ id: CANDIDATE, transcriptRoot: LEADER, runs: LEADER, ...values })
    return { hotkey, evaluation: { ...said.evaluation, hostNoisePpm: noisePpm(o.noise), submissions: [measured] } }
  })
  const entry = { ...template.entry, submissions: [{ id: CANDIDATE, receiptBlock: 110, receipts: [] }] }
  const result = deriveResult({ ...template, entry, committee, attestations, standing: o.standing })
  foldResult(o.standing, result, 500)
  return result.submissions[0]?.board ?? 'none'
}

/** Whether a candidate takes over before it is done with. */
const takesOver = (mesh: Mesh, noise: Noise, gain: number): boolean => {
  const standing = createStanding()
  while (!standing.finished.has(CANDIDATE)) if (playRound(mesh, { standing, noise, gain }) === 'record') return true
  return false
}

const shareOf = (tries: number, happens: () => boolean): number =>
  Array.from({ length: tries }, happens).filter((happened) => happened).length / tries

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
