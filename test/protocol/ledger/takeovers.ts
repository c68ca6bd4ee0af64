/** Simulated rounds of hosts with noise, decided by the mesh's own code: who takes the lead, and how often. */
import assert from 'node:assert/strict'
import type { Committee } from '../../../protocol/committee.ts'
import { isqrt } from '../../../protocol/competition/integers.ts'
import { createStanding, foldResult, type Standing } from '../../../protocol/ledger/fold.ts'
import { deriveResult } from '../../../protocol/round/derive.ts'
import { passed } from '../../../protocol/round/statement.ts'
import type { Noise } from '../competition/noise.ts'
import { digestOf } from '../round/mesh.ts'
import { queryOf } from '../round/say.ts'

/** One run's coefficient of variation, the margin, the competition's quads, and those of a host certificate. */
export const SIGMA = 0.007
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
export const playRound = (mesh: Mesh, o: { standing: Standing; noise: Noise; gain: number }) => {
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
export const takesOver = (mesh: Mesh, noise: Noise, gain: number): boolean => {
  const standing = createStanding()
  while (!standing.finished.has(CANDIDATE)) if (playRound(mesh, { standing, noise, gain }) === 'record') return true
  return false
}

/** Of how many tries it happens. */
export const shareOf = (tries: number, happens: () => boolean): number =>
  Array.from({ length: tries }, happens).filter((happened) => happened).length / tries
