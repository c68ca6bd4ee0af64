/** What a mesh would do with a submission: each way it can be refused, and how a measurement at home is read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BenchReport } from '../../../node/bench/bench.ts'
import { type MeshNow, type Outlook, outlookOf } from '../../../node/bench/mesh.ts'
import { readProfile, watched } from '../../../node/bench/profile.ts'

const solution = new TextEncoder().encode('compress = decompress = bytes\n')
const now: MeshNow = {
  api: 'http://127.0.0.1:8080',
  competition: 'matrix-lossy',
  params: { thetaPpm: 10_000, confirmRounds: 2, bundleBytesMax: 20_000, poolManifest: '' },
  same: [],
  miner: null,
  leader: null,
}
const miner = (o: { isRegistered?: boolean; usedToday?: number }): MeshNow['miner'] => ({
  hotkey: 'anna',
  isRegistered: o.isRegistered ?? true,
  competitions: [
    { competition: 'matrix-lossless', usedToday: 9, dailyMax: 4 },
    { competition: 'matrix-lossy', usedToday: o.usedToday ?? 0, dailyMax: 4 },
  ],
})
const scored = (takesLead: boolean): Pick<BenchReport, 'score' | 'verdict' | 'code'> => {
  const code = { ratio: '0.5', seconds: '0.1', score: '0.5', linkPpm: 1 }
  const pair = takesLead ? 'better' : 'not better'
  const score = {
    candidate: code,
    partner: code,
    thetaPpm: 10_000,
    formula: '',
    centrePpm: 1,
    madPpm: 0,
    pair,
    takesLead,
  } as const
  return { score, verdict: 'pass', code: 'PASS' }
}
const fault = { score: null, verdict: 'miner', code: 'TIMEOUT' } as const
const same = (by: string, verdict: string | null) => ({
  submission: 'id',
  competition: 'matrix-lossy',
  miner: by,
  verdict,
})
const leader = (source: string | null) => ({ submission: 'leader', source, why: 'this code is sealed up to block 9' })

const cases: readonly (readonly [Partial<MeshNow>, ReturnType<typeof scored>, Outlook['would'], RegExp])[] = [
  [{}, scored(true), 'record', /in its first round/],
  [{}, scored(false), 'no lead', /not better/],
  [{}, fault, 'fault', /TIMEOUT/],
  [{}, { score: null, verdict: 'infra', code: 'ENGINE_FAILED' }, 'unknown', /this machine/],
  [{ leader: leader('code') }, scored(true), 'provisional', /after 2 rounds in a row/],
  [{ leader: leader('code'), params: { ...now.params, confirmRounds: 1 } }, scored(true), 'record', /take the lead/],
  [{ leader: leader(null) }, scored(true), 'unknown', /sealed up to block 9/],
  [{ params: { ...now.params, bundleBytesMax: 10 } }, scored(true), 'too large', /30 bytes, and 10 are allowed/],
  [{ miner: miner({ isRegistered: false }) }, scored(true), 'unregistered', /no uid/],
  [{ miner: miner({ usedToday: 4 }) }, scored(true), 'over the limit', /4 of 4/],
  [{ miner: miner({ usedToday: 3 }) }, scored(true), 'record', /./],
  [{ same: [same('bela', 'pass')] }, scored(true), 'duplicate', /by bela/],
  [
    { same: [same('anna', null)], miner: miner({ usedToday: 4 }) },
    scored(true),
    'duplicate',
    /you have handed it in: id, not measured yet/,
  ],
]
for (const [change, report, would, says] of cases) {
  test(`a mesh with ${Object.keys(change).join(', ') || 'nothing in the way'} and a ${report.verdict} says: ${would}`, () => {
    const outlook = outlookOf({ ...now, ...change }, { solution, report, isAgainstLeader: false })
    assert.equal(outlook.would, would)
    assert.match(outlook.sentence, says)
    assert.match(outlook.bundle, /^[0-9a-f]{64}$/)
  })
}

test('a profile is read from what was printed, whatever else stands there', () => {
  const row = ['solution.py:1 compress', 2, 1.5, 3]
  const text = [
    'hello',
    'EVALMESH-PROFILE not json',
    'EVALMESH-PROFILE {"a":1}',
    'EVALMESH-PROFILE ["other",[["x",1,1,1]]]',
    `EVALMESH-PROFILE ["compress",${JSON.stringify([row, ['short'], 7, [1, 2, 3, 4]])}]`,
    'EVALMESH-PROFILE ["compress",[["forged later",1,1,1]]]',
    'EVALMESH-PROFILE ["decompress",[["cut off',
  ].join('\n')
  assert.deepEqual(readProfile(text), {
    compress: [{ function: 'solution.py:1 compress', calls: 2, ownMs: 1.5, totalMs: 3 }],
    decompress: [],
  })
})

test('what is no pair of functions, or too large, is not watched', () => {
  assert.match(watched('compress = decompress = bytes\n') ?? '', /exec\(compile\("compress = decompress = bytes\\n"/)
  assert.equal(watched(`@app.get("/health")\nasync def health(): ...\n`), null)
  assert.equal(watched('\u0001'.repeat(20_000)), null)
})
