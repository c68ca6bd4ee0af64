/** Tests of what takes bytes from outside: the kept corpus, new inputs from fixed seeds, and that the fuzzer finds what is planted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtocolError } from '../../protocol/errors.ts'
import { createRandom } from '../sim/random.ts'
import { readCorpus } from './corpus.ts'
import { startCoverage } from './coverage.ts'
import { fuzz, tryInput } from './fuzz.ts'
import { machineOver } from './machine.ts'
import { mutate } from './mutate.ts'
import { planted } from './planted.ts'
import { checkDecoder } from './target.ts'
import { targets } from './targets.ts'

/** A machine lives through a hundred inputs in one. */
const executionsOf = (name: string): number => (name === 'machine' ? 60 : 600)

for (const target of targets) {
  test(`fuzz: ${target.name} keeps its promises for every input that was ever kept`, async () => {
    const corpus = readCorpus(target.name)
    assert.ok(corpus.length > 0, 'npm run fuzz makes a corpus')
    for (const input of corpus) {
      const failure = await tryInput(target, input)
      assert.equal(failure, null, `${Buffer.from(input).toString('hex')}: ${failure?.error}`)
    }
  })

  test(`fuzz: ${target.name} keeps its promises for new inputs`, async () => {
    const isOver = (executions: number): boolean => executions >= executionsOf(target.name)
    const { failure } = await fuzz(target, {
      seed: 1,
      corpus: readCorpus(target.name).slice(0, 64),
      coverage: null,
      isOver,
    })
    const hex = Buffer.from(failure?.input ?? []).toString('hex')
    assert.equal(failure, null, `${hex}: ${failure?.error instanceof Error ? failure.error.stack : failure?.error}`)
  })

  test(`fuzz: most good inputs of ${target.name} are another one each, and changing them is repeatable`, () => {
    const draw = (seed: number): string[] => {
      const random = createRandom(seed)
      const { grammar } = target
      return Array.from({ length: 20 }, () => {
        const input = target.sample(random)
        return Buffer.from(mutate(input, { random, grammar, other: target.sample(random) })).toString('hex')
      })
    }
    assert.deepEqual(draw(5), draw(5))
    assert.ok(new Set(draw(5)).size > 10)
  })
}

test('fuzz: coverage leads to a fault behind four checks, and the input is made small', async () => {
  const coverage = await startCoverage()
  try {
    const isOver = (executions: number): boolean => executions > 200_000
    const { failure, kept } = await fuzz(planted, { seed: 3, corpus: [], coverage, isOver })
    assert.equal(Buffer.from(failure?.input ?? []).toString('latin1'), 'fuz!')
    assert.ok(kept.length >= 3, 'the steps towards it are kept')
  } finally {
    await coverage.stop()
  }
})

test('fuzz: a machine whose disk loses guards is found, and its history is made short', async () => {
  const isOver = (executions: number): boolean => executions > 3000
  const disk = machineOver(({ kind }) => kind !== 'guard')
  const { failure } = await fuzz(disk, { seed: 2, corpus: [], coverage: null, isOver })
  assert.ok(failure !== null && failure.input.length < 400, `${failure?.input.length}`)
})

test('fuzz: a decoder that takes two encodings, changes its input or lets another error through is found', () => {
  const good = {
    decode: (input: Uint8Array): number => input[0] ?? 0,
    encode: (value: number): Uint8Array => Uint8Array.of(value),
    isRefusal: (error: unknown): boolean => error instanceof ProtocolError,
    strict: true,
  }
  const input = Uint8Array.of(7)
  checkDecoder(good, input)
  assert.throws(() => checkDecoder(good, Uint8Array.of(7, 7)), /canonical/)
  assert.throws(() => checkDecoder({ ...good, encode: (value) => Uint8Array.of(value + 1) }, input))
  assert.throws(
    () => checkDecoder({ ...good, decode: (bytes) => bytes.fill(1)[0] ?? 0 }, Uint8Array.of(7)),
    /changes nothing/,
  )
  const crash = (): number => {
    throw new RangeError('stack')
  }
  assert.throws(() => checkDecoder({ ...good, decode: crash }, input), RangeError)
  const huge = { ...good, decode: () => Array.from({ length: 9999 }, () => 0), encode: () => input }
  assert.throws(() => checkDecoder(huge, input), /1 bytes became/)
})
