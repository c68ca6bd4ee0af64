/** Evaluation statements: one way to print, strict to read, bound to their round, and hidden by their commitment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { roundSeed } from '../../../protocol/competition/seed.ts'
import { ProtocolError } from '../../../protocol/errors.ts'
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import {
  buildStatement,
  type Evaluation,
  parseStatement,
  type StatementTerms,
  statementFault,
} from '../../../protocol/round/statement.ts'
import { digestOf, faulted, measuredAt, params, VALIDATORS } from './mesh.ts'

const [HOTKEY = ''] = VALIDATORS
const id = { domain: digestOf('mesh'), competition: params.id, round: 3, manifest: digestOf('manifest') }
const [A, B] = [digestOf('a'), digestOf('b')]
const terms: StatementTerms = {
  id,
  paramsHash: digestOf('params'),
  seed: roundSeed({ ...id, beacon: digestOf('beacon') }),
  image: digestOf('image'),
  thetaPpm: params.thetaPpm,
  values: ['linkPpm', 'ratioPpb', 'timeNanos'],
  submissions: [A, B],
}
const signer = { hotkey: HOTKEY, nonce: digestOf('nonce') }
const good: Evaluation = {
  ...id,
  ...signer,
  paramsHash: terms.paramsHash,
  seed: terms.seed,
  image: terms.image,
  referee: digestOf('referee'),
  hardware: { model: 'CPU “x”', cores: 2, engine: 'bubblewrap', strength: 'cgroup', class: 'x-x2' },
  hostNoisePpm: 1_200,
  submissions: [measuredAt(A, 1_234_567), faulted(B, 'miner', 'NOT_LOSSLESS')],
}

test('what is printed is read back, and nothing else is read', () => {
  const printed = buildStatement(good)
  assert.deepEqual(parseStatement(printed), good)
  const text = new TextDecoder().decode(printed)
  const others = [
    ` ${text}`,
    text.replace('"predicate":{', '"predicate":{"aside":1,'),
    text.replace('evaluation/v1', 'evaluation/v2'),
    text.replace('"cores":2', '"cores":2.5'),
    text.replace('"cores":2', '"cores":"2"'),
    text.replace('"verdict":"pass"', '"verdict":0'),
    '{}',
    '[]',
    '',
  ]
  for (const other of others) {
    assert.throws(() => parseStatement(new TextEncoder().encode(other)), ProtocolError, other.slice(0, 60))
  }
})

test('a throughput is printed and read back whatever its size, and its absence too', () => {
  for (const rawMilli of [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    const told = { ...good, submissions: [measuredAt(A, 1_234_567, { rawMilli }), faulted(B, 'miner', 'NOT_LOSSLESS')] }
    assert.deepEqual(parseStatement(buildStatement(told)), told)
    assert.equal(statementFault(told, terms, signer), null)
  }
  assert.equal(good.submissions[0]?.rawMilli, null)
})

const readOrRefuse = (bytes: Uint8Array): Evaluation | string => {
  try {
    return parseStatement(bytes)
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

test('a statement cut or changed anywhere is refused or means something else, and never crashes', () => {
  const printed = buildStatement(good)
  fc.assert(
    fc.property(fc.nat(printed.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, isCut) => {
      const bytes = isCut ? printed.slice(0, at) : printed.map((byte, index) => (index === at ? byte ^ change : byte))
      assert.notDeepEqual(readOrRefuse(bytes), good)
    }),
  )
})

test('a statement that fits its round has no fault; each field that does not is named', () => {
  assert.equal(statementFault(good, terms, signer), null)
  const [first, second] = good.submissions
  assert.ok(first && second)
  const wrong: readonly (readonly [Partial<Evaluation>, string])[] = [
    [{ domain: B }, 'domain'],
    [{ competition: 'other' }, 'competition'],
    [{ round: 4 }, 'round'],
    [{ manifest: B }, 'manifest'],
    [{ hotkey: B }, 'hotkey'],
    [{ nonce: B }, 'nonce'],
    [{ paramsHash: B }, 'paramsHash'],
    [{ seed: B }, 'seed'],
    [{ image: B }, 'image'],
    [{ hardware: { ...good.hardware, class: 'another-x2' } }, 'hardware class'],
    [{ hardware: { ...good.hardware, cores: 4 } }, 'hardware class'],
    [{ submissions: [second, first] }, 'submissions'],
    [{ submissions: [first] }, 'submissions'],
    [{ submissions: [first, first] }, 'submissions'],
    [{ submissions: [{ ...first, centrePpm: first.centrePpm + 1 }, second] }, 'summary'],
    [{ submissions: [{ ...first, pair: 'inconclusive' }, second] }, 'summary'],
    [{ submissions: [{ ...first, quadsPpm: [] }, second] }, 'quads'],
    [{ submissions: [first, { ...second, scorePpb: 1n }] }, 'values'],
    [{ submissions: [first, { ...second, values: { ratioPpb: 0n } }] }, 'values'],
    [{ submissions: [{ ...first, values: {} }, second] }, 'values'],
    [{ submissions: [{ ...first, values: { ...first.values, more: 1n } }, second] }, 'values'],
    [{ submissions: [first, { ...second, rawMilli: 1n }] }, 'values'],
    [{ submissions: [first, { ...second, code: '' }] }, 'code'],
    [{ submissions: [first, { ...second, code: 'not a code' }] }, 'code'],
  ]
  for (const [change, fault] of wrong) assert.equal(statementFault({ ...good, ...change }, terms, signer), fault)
})

test('a commitment is bound to mesh, competition, round, manifest, hotkey, nonce and statement', () => {
  const statement = buildStatement(good)
  const base = { ...id, ...signer, statement }
  const all = [
    base,
    { ...base, domain: B },
    { ...base, competition: 'matrix-lossles' },
    { ...base, round: 4 },
    { ...base, manifest: B },
    { ...base, hotkey: B },
    { ...base, nonce: B },
    { ...base, statement: statement.slice(1) },
  ].map(commitmentOf)
  assert.equal(new Set(all).size, all.length)
  assert.equal(commitmentOf({ ...base }), all[0])
})
