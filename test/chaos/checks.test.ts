/** What a run calls a justified void: one that the log of faults explains. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Key } from '../../protocol/index.ts'
import type { Header } from '../../protocol/message/entry.ts'
import { unjustified } from './checks.ts'
import type { Suffered } from './faults.ts'

const KEYS: readonly Key[] = ['aa', 'bb', 'cc', 'dd'].map((byte) => byte.repeat(32))
const DIGEST = '00'.repeat(32)
const MANIFEST_BLOCK = 100
const VOID_BLOCK = 200
/** Half a second a block. */
const msOf = (block: number): number => block * 500

const header = (height: number, block: number, entry: Header['entry']): Header => ({
  height,
  previous: DIGEST,
  logRoot: DIGEST,
  block,
  epoch: 0,
  entry,
  evidence: [],
})

const round = { competition: 'c', round: 1, manifest: DIGEST }

/** A log whose only round is void for want of these places' commits. */
const voidFor = (missing: readonly number[]): readonly Header[] => [
  header(1, MANIFEST_BLOCK, {
    kind: 'manifest',
    ...round,
    paramsHash: DIGEST,
    image: DIGEST,
    closeBlock: 96,
    beaconBlock: 106,
    incumbent: null,
    thetaPpm: 1,
    submissions: [],
  }),
  header(2, VOID_BLOCK, {
    kind: 'void',
    ...round,
    stage: 'commits',
    missing: missing.map((place) => KEYS[place] ?? ''),
  }),
]

const killed = (place: number, o: { readonly fromBlock: number; readonly toBlock: number }): Suffered => {
  const [fromMs, toMs] = [msOf(o.fromBlock), msOf(o.toBlock)]
  return { fault: { kind: 'kill', hit: [place], atMs: fromMs, forMs: toMs - fromMs }, fromMs, toMs }
}

const found = (missing: readonly number[], suffered: readonly Suffered[]): readonly string[] =>
  unjustified({
    log: voidFor(missing),
    weights: new Map(KEYS.map((key) => [key, 25n])),
    placeOf: (hotkey) => KEYS.indexOf(hotkey),
    msOf,
    suffered,
  })

const DURING = { fromBlock: 120, toBlock: 190 }

test('a void is justified when those who were missing and had a fault leave no quorum', () => {
  assert.deepEqual(found([0, 1], [killed(0, DURING), killed(1, DURING)]), [])
})

test('a void is not justified when a quorum had no fault', () => {
  assert.equal(found([0, 1], [killed(0, DURING)]).length, 1)
  assert.equal(found([0, 1, 2, 3], []).length, 1)
})

test('a fault of somebody who was not missing justifies nothing', () => {
  assert.equal(found([0, 1], [killed(0, DURING), killed(3, DURING)]).length, 1)
})

test('a fault justifies a void for as long as it takes to be back, and no longer', () => {
  const both = (toBlock: number) => [0, 1].map((place) => killed(place, { fromBlock: 1, toBlock }))
  assert.deepEqual(found([0, 1], both(MANIFEST_BLOCK - 20)), [])
  assert.equal(found([0, 1], both(MANIFEST_BLOCK - 90)).length, 1)
  const later = [0, 1].map((place) => killed(place, { fromBlock: VOID_BLOCK + 1, toBlock: VOID_BLOCK + 9 }))
  assert.equal(found([0, 1], later).length, 1)
})
