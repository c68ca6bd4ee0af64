/** The naive evaluator and the protocol agree: on random rounds, on random histories, on random shares, and over a whole log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createStanding, foldResult } from '../../../protocol/ledger/fold.ts'
import { vectorAt } from '../../../protocol/ledger/weights.ts'
import { deriveResult } from '../../../protocol/round/derive.ts'
import { MARKS, resultDigest } from '../../../protocol/round/result.ts'
import { passed } from '../../../protocol/round/statement.ts'
import {
  createMesh,
  digestOf,
  faulted,
  kindsOf,
  MINERS,
  measuredAt,
  metagraphAt,
  nodeAt,
  OWNER,
  params,
  submissionOf,
  VALIDATORS,
} from '../../protocol/round/mesh.ts'
import { queryOf } from '../../protocol/round/say.ts'
import { HOTKEYS, plain, quads, round } from './arbitrary.ts'
import { createNaiveLog } from './log.ts'
import { summaryOf } from './medians.ts'
import { naiveResult } from './result.ts'
import { naiveStanding, type Past } from './standing.ts'
import { naiveVector } from './vector.ts'

const seen = new Map<string, number>()
const count = (what: string): unknown => seen.set(what, (seen.get(what) ?? 0) + 1)

test('both derive the same result from any committee, statements and standing, bit for bit', () => {
  fc.assert(
    fc.property(round, (query) => {
      const result = deriveResult(query)
      assert.deepEqual(naiveResult(query), result)
      assert.equal(resultDigest(naiveResult(query)), resultDigest(result))
      for (const { verdict, board, flag } of result.submissions)
        for (const what of [verdict, board, `flag ${flag}`]) count(what)
      for (const { mark } of result.validators) count(mark)
    }),
    { numRuns: 3_000 },
  )
  const all = ['pass', 'miner', 'inconclusive', 'none', 'accepted', 'tie', 'provisional', 'record', 'quarantined']
  for (const what of [...all, 'flag classes', 'counted', 'flagged', 'noisy', 'missing']) {
    assert.ok((seen.get(what) ?? 0) >= 10, `${what} came up ${seen.get(what) ?? 0} times`)
  }
})

test('both take the same centre, deviation and PAIR-1 verdict from any quads', () => {
  fc.assert(
    fc.property(quads, fc.integer({ min: 0, max: 20_000 }), (quadsPpm, thetaPpm) => {
      const { centrePpm, madPpm, pair } = passed({ ...plain(digestOf('a')), quadsPpm, thetaPpm })
      assert.deepEqual(summaryOf(quadsPpm, thetaPpm), { centrePpm, madPpm, pair })
    }),
    { numRuns: 3_000 },
  )
})

const outcome = fc.constantFrom(
  null,
  { verdict: 'pass', board: 'record' },
  { verdict: 'pass', board: 'provisional' },
  { verdict: 'pass', board: 'provisional' },
  { verdict: 'pass', board: 'quarantined' },
  { verdict: 'pass', board: 'tie' },
  { verdict: 'miner', board: 'none' },
  { verdict: 'inconclusive', board: 'none' },
  { verdict: 'inconclusive', board: 'none' },
  { verdict: 'inconclusive', board: 'none' },
)
/** What many rounds end in for up to six submissions; null is not measured in that round. */
const history = fc.array(
  fc.record({
    outcomes: fc.array(outcome, { maxLength: 6 }),
    marks: fc.array(fc.constantFrom(...MARKS), { maxLength: 4 }),
    blocks: fc.integer({ min: 1, max: 50 }),
  }),
  { maxLength: 14 },
)
const [ANN = '', BEN = '', CID = ''] = MINERS

test('both fold any history of results into the same standing', () => {
  const template = deriveResult(queryOf({ says: [[measuredAt(digestOf('a'), 1_200_000)]] }))
  const [row] = template.submissions
  assert.ok(row !== undefined)
  fc.assert(
    fc.property(history, (rounds) => {
      const standing = createStanding()
      const past: Past[] = []
      let block = 100
      for (const { outcomes, marks, blocks } of rounds) {
        block += blocks
        const first = outcomes.findIndex((one) => one?.board === 'record')
        const submissions = outcomes.flatMap((one, at) => {
          const id = digestOf(`submission ${at}`)
          // One leads at most, and what is finished is never measured again.
          if (one === null || standing.finished.has(id) || (one.board === 'record' && at !== first)) return []
          return [{ ...row, ...one, id, metricPpm: 1_000_000 + block } as typeof row]
        })
        const validators = marks.map((mark, at) => ({
          hotkey: HOTKEYS[at] ?? '',
          mark,
          hardwareClass: '',
          noisePpm: 0,
        }))
        const result = { ...template, round: past.length + 1, submissions, validators }
        foldResult(standing, result, block)
        past.push({ result, block })
        assert.deepEqual(naiveStanding(past), standing)
      }
    }),
    { numRuns: 1_000 },
  )
})

const led = fc
  .array(
    fc.record({
      miner: fc.constantFrom(ANN, BEN, CID, OWNER, digestOf('gone')),
      after: fc.integer({ min: 0, max: 9 }),
    }),
    {
      maxLength: 4,
    },
  )
  .map((takeovers) => {
    const standing = createStanding()
    let block = 600
    for (const { miner, after } of takeovers) {
      block += after
      standing.records.push({
        submission: miner,
        hotkey: miner,
        bundle: '',
        round: 0,
        block,
        metricPpm: 0,
        scorePpb: 0n,
        values: {},
      })
    }
    return standing
  })
const competition = fc.record({
  standing: fc.option(led),
  sharePpm: fc.integer({ min: 0, max: 333_333 }),
  burnPpm: fc.constantFrom(0, 1, 900_000, 999_999, 1_000_000),
  decayBlocks: fc.constantFrom(0, 1, 7, 100, 20_000, 72_000),
})

test('both give the same legal vector for any competitions, records, owner and block, and no share is lost', () => {
  fc.assert(
    fc.property(
      fc.array(competition, { maxLength: 3 }),
      fc.integer({ min: 0, max: 160 }),
      fc.subarray([OWNER, ANN, BEN, CID]),
      (drawn, since, away) => {
        // A vector is of a header above those of its records.
        const block =
          since + Math.max(600, ...drawn.flatMap(({ standing }) => standing?.records.map((one) => one.block) ?? []))
        const competitions = drawn.map(({ standing: _, ...over }, index) => ({ ...params, ...over, id: `c${index}` }))
        const standings = new Map(drawn.flatMap(({ standing }, index) => (standing ? [[`c${index}`, standing]] : [])))
        const metagraph = metagraphAt(block)
        const neurons = metagraph.neurons.filter(({ hotkey }) => !away.includes(hotkey))
        const query = { competitions, standings, metagraph: { ...metagraph, neurons } }
        const { uids, values } = vectorAt(query)
        assert.deepEqual({ uids, values }, naiveVector(query))
        assert.deepEqual(vectorAt(query), { uids, values })
        assert.ok(
          uids.every((uid, at) => at === 0 || uid > (uids[at - 1] ?? uid)),
          'uids rise, each once',
        )
        assert.ok(values.every((value) => Number.isInteger(value) && value > 0 && value <= 65_535))
        assert.equal(values.length > 0 ? Math.max(...values) : 65_535, 65_535)
        assert.ok(
          uids.every((uid) => neurons.some((neuron) => neuron.uid === uid)),
          'only registered ones are paid',
        )
        assert.ok(values.length > 0 || away.includes(OWNER), 'the owner gets what is left')
      },
    ),
    { numRuns: 3_000 },
  )
})

test('a whole log of a mesh, its takeovers, faults and silences, follows from its reveals by the naive evaluator alone', () => {
  const speeds = new Map(MINERS.map((miner, index) => [miner, 1_200_000 - index * 60_000]))
  const mesh = createMesh({
    world: {
      measure: ({ hotkey, submission, miner, round: number }) => {
        const drawn = Number.parseInt(digestOf(`${hotkey} ${submission} ${number}`).slice(0, 4), 16)
        if (drawn % 9 === 0) return faulted(submission, 'infra', 'SANDBOX_START')
        return measuredAt(submission, (speeds.get(miner) ?? 0) + (drawn % 3_000))
      },
      noisePpm: (hotkey) => (hotkey === VALIDATORS[3] ? params.thetaPpm + 1 : 1_000),
      signs: ({ hotkey, message }) =>
        hotkey !== VALIDATORS[2] || message.kind !== 'reveal' || message.body.round % 3 !== 0,
    },
  })
  const naive = createNaiveLog({ genesis: mesh.genesis, messageOf: (id) => mesh.archive.get(id) ?? null })
  for (const miner of MINERS) {
    mesh.tell(submissionOf(miner, `by ${miner}`))
    const results = kindsOf(mesh).filter((kind) => kind === 'result').length
    mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'result').length >= results + 3)
  }
  let results = 0
  for (const { header } of mesh.log) if (naive.decide(header) !== null) results += 1
  assert.ok(results >= 12)
  const { state, weights } = nodeAt(mesh, 0)
  const standing = state.competitions.get(params.id)?.standing
  assert.deepEqual(naive.standings().get(params.id), standing)
  assert.ok((standing?.records.length ?? 0) >= 2, 'someone took over')
  const last = Math.max(...weights.keys())
  const vector = naiveVector({
    competitions: mesh.genesis.competitions,
    standings: naive.standings(),
    metagraph: metagraphAt(last),
  })
  assert.deepEqual(vector, weights.get(last))
})

test('the naive evaluator refuses a RESULT that says anything else', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(ANN, 'first'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const naive = createNaiveLog({ genesis: mesh.genesis, messageOf: (id) => mesh.archive.get(id) ?? null })
  assert.throws(() => {
    for (const { header } of mesh.log) {
      const { entry } = header
      naive.decide(entry.kind === 'result' ? { ...header, entry: { ...entry, result: digestOf('other') } } : header)
    }
  }, /is not what follows from its reveals/)
})
