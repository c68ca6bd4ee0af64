/** Promises about training data: the same for the same seed on every machine, learnable, and never the same twice. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { readContract } from '../../../sandbox/index.ts'
import { trainingData } from '../../../sandbox/training/data.ts'

const { contract } = readContract('tiny')
const tokensOf = (batches: readonly Buffer[]): number[] =>
  batches.flatMap((batch) => Array.from({ length: batch.length / 2 }, (_, at) => batch.readUInt16LE(2 * at)))

test('a seed gives the bytes that it gave when this was written', () => {
  const digest = hash('sha256', Buffer.concat(trainingData(contract, 'vector', 3)))
  assert.equal(digest, VECTOR)
})

test('batches have their size, tokens are of the vocabulary, and more steps begin like fewer but for their length', () => {
  const batches = trainingData(contract, 'sizes', 10)
  assert.deepEqual(new Set(batches.map(({ length }) => length)), new Set([2 * 4 * 64]))
  assert.ok(tokensOf(batches).every((token) => token < contract.model.vocabulary))
})

test('another seed is another language', () => {
  const [a, b] = ['one', 'two'].map((seed) => tokensOf(trainingData(contract, seed, 4)))
  const same = a?.filter((token, at) => token === b?.[at]).length ?? 0
  assert.ok(same < 64, `${same} of 1024 tokens are the same`)
})

test('a few tokens are frequent, most are rare, and pairs come back: there is something to learn', () => {
  const tokens = tokensOf(trainingData(contract, 'statistics', 64))
  const counts = new Map<number, number>()
  const pairs = new Map<number, number>()
  for (const [at, token] of tokens.entries()) {
    counts.set(token, (counts.get(token) ?? 0) + 1)
    const pair = token * 65_536 + (tokens[at + 1] ?? 0)
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  const sorted = [...counts.values()].sort((a, b) => b - a)
  const top = sorted.slice(0, 16).reduce((sum, count) => sum + count, 0)
  assert.ok(top > tokens.length / 8, `the 16 most frequent are ${top} of ${tokens.length}`)
  assert.ok(sorted.length > 700, `${sorted.length} of 1024 tokens occur`)
  const repeated = [...pairs.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0)
  assert.ok(repeated > tokens.length / 3, `${repeated} of ${tokens.length} pairs come back`)
})

test('no two sequences of a round are the same', () => {
  const rows = trainingData(contract, 'rows', 110).flatMap((batch) =>
    Array.from({ length: 4 }, (_, row) => batch.subarray(128 * row, 128 * (row + 1)).toString('hex')),
  )
  assert.equal(new Set(rows).size, 440)
})

const VECTOR = 'f8d18990557fe5833aced93057642196a73fe224db59e14b3110ec518739e5c5'
