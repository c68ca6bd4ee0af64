/** Every checker passes where its promise is kept, and sees it broken. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hash } from '../../../protocol/crypto.ts'
import { consistencyProof, merkleRoot } from '../../../protocol/merkle.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import { TOKENS } from '../signing.ts'
import { type Checker, Violation } from '../watch.ts'
import { offenders } from './accountability.ts'
import { boundedMemoryOf } from './bounded-memory.ts'
import { BROKEN_AGREEMENT } from './broken-agreement.ts'
import { BROKEN_CONVICTIONS } from './broken-convictions.ts'
import { BROKEN_ROUNDS } from './broken-rounds.ts'
import { CHECKERS } from './index.ts'
import { logOf } from './log.ts'
import { isProven } from './merkle.ts'
import { replayOf } from './replay.ts'
import { add, type Broken, first, forked, NONE, OTHER, redecide, second, signedOf } from './spoil.ts'
import { healthyTape, play, simOf, type Tape } from './tape.ts'

/** Sampled checkers look at everything here. */
const whole = (name: string): Checker => {
  if (name === 'replay') return replayOf({ isEvery: true })
  if (name === 'bounded-memory') return boundedMemoryOf({ every: 1 })
  const checker = CHECKERS.find((known) => known.name === name)
  assert.ok(checker, name)
  return checker
}

const BROKEN: Broken = { ...BROKEN_AGREEMENT, ...BROKEN_CONVICTIONS, ...BROKEN_ROUNDS }

describe('a run that keeps every promise', () => {
  for (const { name } of CHECKERS) {
    test(`passes ${name}, which looks at it`, () => {
      assert.ok(play(whole(name), healthyTape()) > 0)
    })
  }
})

describe('a promise that is broken is seen', () => {
  for (const { name } of CHECKERS) {
    test(name, () => {
      const cases = BROKEN[name] ?? []
      assert.ok(cases.length > 0, `nothing breaks ${name}`)
      for (const [promise, spoil] of cases) {
        const tape = healthyTape()
        const spoilt = spoil(tape)
        const { tape: played, ...o } = 'tape' in spoilt ? spoilt : { tape: spoilt }
        assert.throws(
          () => play(whole(name), played, o),
          (error) => error instanceof Violation && error.promise === promise,
          `${promise} is not seen`,
        )
      }
    })
  }
})

describe('accountability', () => {
  test('names who contradicted itself in each way, and nobody else', () => {
    const tape = healthyTape()
    const all = [...tape.events].flatMap(({ hook, args }) => (hook === 'sent' ? [args[0] as Signed] : []))
    const domain = tape.domain
    assert.deepEqual(offenders(all, domain), new Set())
    const vote = signedOf(tape, 'finalize', second)
    const nullify: Signed = { kind: 'nullify', body: { ...vote.body, value: NONE }, signature: '' }
    assert.deepEqual(offenders([...all, nullify], domain), new Set([second]))
    // The order in which they came does not matter.
    assert.deepEqual(offenders([nullify, ...all], domain), new Set([second]))
    const reveal = signedOf(tape, 'reveal', first)
    const other = { ...reveal, body: { ...reveal.body, nonce: OTHER } }
    assert.deepEqual(offenders([other, ...all], domain), new Set([first]))
    assert.deepEqual(
      offenders([...all, { ...vote, body: { ...vote.body, hotkey: TOKENS.keyNamed('stranger') } }], domain),
      new Set(),
    )
  })

  test('passes a broken agreement when more than a third has proven itself guilty', () => {
    const tape = healthyTape()
    const liars = tape.keys.slice(0, 2)
    for (const hotkey of liars) {
      const { body } = signedOf(tape, 'finalize', hotkey)
      add(tape, 'sent', { kind: 'nullify', body: { ...body, value: NONE }, signature: '' })
    }
    const fork = redecide(tape, 2, { nodes: tape.keys.slice(3), to: forked(tape, { block: 26 }) })
    assert.ok(play(whole('accountability'), fork, { liars }) > 0)
    assert.throws(() => play(whole('accountability'), fork, { liars: liars.slice(1) }), /offenders are never honest/)
  })
})

describe('no-conviction, where two logs were decided', () => {
  const isLeader = (event: { readonly hook: string; readonly args: readonly unknown[] }): boolean =>
    event.hook === 'signed' && (event.args[1] as Signed).kind === 'proposal'

  test('lets a leader of one log be refused by who has the other, and nobody be said to contradict itself', () => {
    const fork = (): Tape => {
      const tape = healthyTape()
      return redecide(tape, 2, { nodes: [second], to: forked(tape, { block: 26 }) })
    }
    const refused = fork()
    const proposal = refused.events.find(isLeader)?.args[1] as Signed<'proposal'>
    assert.ok(proposal)
    add(refused, 'noticed', second, { kind: 'refused', proposal, reason: '' })
    assert.ok(play(whole('no-conviction'), refused) > 0)
    const early = healthyTape()
    add(early, 'noticed', second, { kind: 'refused', proposal, reason: '' })
    assert.throws(() => play(whole('no-conviction'), early), /nobody honest is accused/)
    const called = fork()
    const vote = signedOf(called, 'notarize', second)
    add(called, 'noticed', first, { kind: 'equivocation', hotkey: second, first: vote, second: vote })
    assert.throws(() => play(whole('no-conviction'), called), /nobody honest is accused/)
  })
})

describe('the log that checkers share', () => {
  test('follows changes of parameters to the height and the blocks that they are in force for', () => {
    const tape = healthyTape()
    const { sim } = simOf(tape)
    const mesh = {
      kind: 'mesh',
      deltaMs: 500,
      weightCapPpm: 300_000,
      weightsEveryBlocks: 7,
      evidenceEpochs: 3,
    } as const
    const change = { hotkey: first, scheme: 'sr25519', counter: 1, activationHeight: 3, change: mesh } as const
    tape.messages.set(OTHER, { kind: 'params', body: change, signature: '' })
    const log = logOf(sim)
    const headers = tape.headers.map((header) => ({ ...header, entry: { kind: 'params', message: OTHER } as const }))
    for (const header of headers) log.note({ header, certificate: tape.certificateOf('finalize', header) })
    const deltas = [1, 2, 3, 4].map((height) => log.paramsAt(height).mesh.deltaMs)
    assert.deepEqual(deltas, [1000, 1000, 500, 500])
    assert.deepEqual(
      [2, 3].map((height) => log.paramsAt(height).mesh.weightsEveryBlocks),
      [10, 7],
    )
  })
})

describe('proofs that a log only grew', () => {
  const leaves = Array.from({ length: 20 }, (_, index) => hash(Uint8Array.of(index)))
  test('hold for every pair of sizes, and for no other root', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const log = leaves.slice(0, size)
      for (let sizeOld = 1; sizeOld <= size; sizeOld++) {
        const proof = consistencyProof(log, sizeOld)
        const roots = { rootOld: merkleRoot(log.slice(0, sizeOld)), root: merkleRoot(log) }
        assert.ok(isProven({ sizeOld, size, proof, ...roots }), `${sizeOld} of ${size}`)
        assert.ok(!isProven({ sizeOld, size, proof, ...roots, root: OTHER }))
        assert.ok(!isProven({ sizeOld, size, proof, ...roots, rootOld: OTHER }))
        assert.ok(!isProven({ sizeOld, size, proof: [...proof, OTHER], ...roots }))
      }
    }
  })
})
