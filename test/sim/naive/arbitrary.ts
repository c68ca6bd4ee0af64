/** Rounds drawn at random, with values at and beside every border of the rules. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Committee } from '../../../protocol/committee.ts'
import { hardwareClassOf } from '../../../protocol/competition/hardware.ts'
import { createStanding, type Standing } from '../../../protocol/ledger/fold.ts'
import type { DeriveQuery } from '../../../protocol/round/derive.ts'
import { failed, type Measured, passed } from '../../../protocol/round/statement.ts'
import { digestOf } from '../../protocol/round/mesh.ts'
import { queryOf } from '../../protocol/round/say.ts'

const THETA = 10_000
const NAMES = ['a', 'b', 'c'].map(digestOf)
export const HOTKEYS = Array.from({ length: 9 }, (_, index) => digestOf(`member ${index}`)).toSorted((x, y) =>
  x < y ? -1 : 1,
)

/** Values at and beside every border of the rules, and anywhere. */
const border = fc.constantFrom(
  999_999,
  1_000_000,
  1_000_001,
  1_005_000,
  1_005_001,
  1_010_000,
  1_010_001,
  1_020_000,
  1_030_000,
)
const ratio = fc.oneof(
  { weight: 3, arbitrary: border },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3_000_000 }) },
)
export const quads = fc.oneof(
  fc.tuple(ratio, fc.constantFrom(1, 8, 9, 16, 30, 32)).map(([value, length]) => Array<number>(length).fill(value)),
  fc.array(ratio, { minLength: 1, maxLength: 34 }),
  fc.array(fc.constantFrom(999_999, 1_020_000), { minLength: 28, maxLength: 33 }),
)
export const plain = (id: string) => ({
  ...{ id, transcriptRoot: digestOf('t'), runs: digestOf('r') },
  ...{ scorePpb: 0n, values: {} },
})
const word = (id: string): fc.Arbitrary<Measured> => {
  const traced = { id, transcriptRoot: digestOf('t'), runs: digestOf('r') }
  const small = fc.bigInt({ min: 0n, max: 9n })
  const pass = fc
    .record({
      quadsPpm: quads,
      scorePpb: small,
      values: fc.record({ ratioPpb: small, timeNanos: small }).map((values) => ({ ...values })),
      rawMilli: fc.option(small),
    })
    .map(({ rawMilli, ...rest }) =>
      passed({ ...traced, ...rest, thetaPpm: THETA, ...(rawMilli !== null && { rawMilli }) }),
    )
  const fail = fc
    .record({
      verdict: fc.constantFrom('miner' as const, 'infra' as const, 'inconclusive' as const),
      code: fc.constantFrom('TIMEOUT', 'EXCEPTION'),
    })
    .map((o) => failed({ ...traced, ...o }))
  return fc.oneof({ weight: 5, arbitrary: pass }, { weight: 1, arbitrary: fail })
}
type Host = {
  readonly weight: bigint
  readonly model: string
  readonly noisePpm: number
  readonly isSilent: boolean
  readonly words: readonly Measured[]
}

const host = fc.record({
  weight: fc.oneof(fc.bigInt({ min: 1n, max: 40n }), fc.bigInt({ min: 1n, max: 1n << 60n })),
  model: fc.constantFrom('Zen', 'Ivy', 'Arm'),
  noisePpm: fc.constantFrom(0, 0, 0, THETA, THETA + 1),
  isSilent: fc.constantFrom(false, false, false, false, true),
  words: fc.tuple(...NAMES.map(word)),
})

const anyHosts = fc.array(host, { minLength: 4, maxLength: 9 })
const equalHosts = anyHosts.map((hosts) => hosts.map((one) => ({ ...one, weight: 10n })))

/** Two classes of about equal hosts; some of one class find every submission worse, everybody else finds it better. */
const splitHosts = fc
  .record({
    zen: fc.integer({ min: 2, max: 4 }),
    ivy: fc.integer({ min: 2, max: 6 }),
    worse: fc.integer({ min: 1, max: 3 }),
    heavier: fc.bigInt({ min: 0n, max: 2n }),
  })
  .map(({ zen, ivy, worse, heavier }) =>
    Array.from({ length: Math.min(9, zen + ivy) }, (_, index) => ({
      weight: 10n + (index === 0 ? heavier : 0n),
      model: index < zen ? ('Zen' as const) : ('Ivy' as const),
      noisePpm: 0,
      isSilent: false,
      words: NAMES.map((id) => {
        const quadsPpm = Array<number>(30).fill(index < worse ? 999_999 : 1_020_000)
        return passed({ ...plain(id), quadsPpm, thetaPpm: THETA })
      }),
    })),
  )

const hostsOf: fc.Arbitrary<readonly Host[]> = fc.oneof(
  { weight: 4, arbitrary: anyHosts },
  { weight: 2, arbitrary: equalHosts },
  { weight: 1, arbitrary: splitHosts },
)

const committeeOf = (weights: readonly bigint[]): Committee => ({
  epoch: 1,
  members: weights.map((weight, index) => {
    return { hotkey: HOTKEYS[index] ?? '', sessionKey: '', sealingKey: '', peerId: '', weight }
  }),
  total: weights.reduce((sum, weight) => sum + weight, 0n),
  seed: digestOf('seed'),
})

const standingOf = (o: { readonly hasLeader: boolean; readonly counts: readonly (number | null)[] }): Standing => {
  const standing = createStanding()
  standing.provisional = new Map(NAMES.flatMap((id, at) => (o.counts[at] === null ? [] : [[id, o.counts[at] ?? 0]])))
  const leader = {
    submission: digestOf('leader'),
    hotkey: '',
    bundle: '',
    round: 0,
    block: 0,
    metricPpm: 0,
    scorePpb: 0n,
    values: {},
  }
  if (o.hasLeader) standing.records.push(leader)
  return standing
}

export const round: fc.Arbitrary<DeriveQuery> = fc
  .record({
    hosts: hostsOf,
    submissions: fc.integer({ min: 0, max: 3 }),
    hasLeader: fc.boolean(),
    counts: fc.tuple(...NAMES.map(() => fc.constantFrom(null, 0, 1, 2))),
  })
  .map(({ hosts, submissions, hasLeader, counts }) => {
    const query = queryOf({ says: [], thetaPpm: THETA, standing: standingOf({ hasLeader, counts }) })
    const template = queryOf({ says: [[]] }).attestations[0]?.evaluation
    assert.ok(template !== undefined)
    const refs = NAMES.slice(0, submissions).map((id) => ({ id, receiptBlock: 110, receipts: [] }))
    return {
      ...query,
      entry: { ...query.entry, incumbent: hasLeader ? digestOf('leader') : null, submissions: refs },
      committee: committeeOf(hosts.map(({ weight }) => weight)),
      attestations: hosts.flatMap(({ model, noisePpm, isSilent, words }, index) => {
        const hardware = { ...template.hardware, model, class: hardwareClassOf({ model, cores: 1 }) }
        const said = { ...template, hardware, hostNoisePpm: noisePpm, submissions: words.slice(0, submissions) }
        return isSilent ? [] : [{ hotkey: HOTKEYS[index] ?? '', evaluation: said }]
      }),
    }
  })
