/** Every checker passes where its promise is kept, and sees it broken. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hash } from '../../../protocol/crypto.ts'
import { consistencyProof, merkleRoot } from '../../../protocol/merkle.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import type { RoundState } from '../../../protocol/round/state.ts'
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

describe('patience, where an EPOCH is decided long before it is folded', () => {
  const [DECIDED_AT, FOLDED_AT, PROPOSED_AT] = [20_000, 42_000, 70_000]
  /** An EPOCH that gives `second` another key, and a manifest that leaves its receipt out, which came to `first` once more. */
  const tapeWith = (comesAt: number): Tape => {
    const { headers, messages, idOf } = healthyTape()
    const { genesis } = simOf(healthyTape()).sim
    const [ref] = headers.flatMap(({ entry }) => (entry.kind === 'manifest' ? entry.submissions : []))
    const receipt = ref?.receipts.map((id) => messages.get(id)).find((message) => message?.body.hotkey === second)
    assert.ok(ref !== undefined && receipt !== undefined)
    const receipts = ref.receipts.filter((id) => messages.get(id) !== receipt)
    const members = genesis.delegations.map(({ body }) => {
      const delegation = body.hotkey === second ? OTHER : idOf({ kind: 'delegation', body })
      return { hotkey: body.hotkey, weight: 1n, delegation }
    })
    const epoch = { kind: 'epoch', epoch: 1, block: 8, blockHash: OTHER, members, owner: first, released: [] } as const
    const tape = healthyTape((entry) => {
      if (entry.kind !== 'manifest') return entry
      return entry.round === 1 ? epoch : { ...entry, submissions: [{ ...ref, receipts }] }
    })
    for (const { body } of genesis.delegations) {
      const next = { ...body, counter: 2, sessionKey: OTHER }
      if (body.hotkey === second) tape.messages.set(OTHER, { kind: 'delegation', body: next, signature: '' })
    }
    const place = tape.events.findIndex(({ at }) => at > comesAt)
    tape.events.splice(place, 0, {
      at: comesAt,
      hook: 'persisted',
      args: [first, [{ kind: 'message', message: receipt }]],
    })
    return tape
  }
  const late: Checker = {
    name: 'patience',
    watch: (sim, checked) => {
      const roundsOf = () => ({ logHeight: sim.now() < FOLDED_AT ? 0 : 1 }) as RoundState
      return whole('patience').watch({ ...sim, roundsOf }, checked)
    },
  }

  test('asks for no receipt that came before the fold, whether before or after the decision', () => {
    for (const comesAt of [DECIDED_AT - 1, DECIDED_AT + 1, FOLDED_AT - 1]) assert.ok(play(late, tapeWith(comesAt)) > 0)
  })

  test('asks for one that came after the fold, but not for one that came a moment ago', () => {
    assert.throws(() => play(late, tapeWith(FOLDED_AT)), /leaves out an item it holds/)
    assert.throws(() => play(late, tapeWith(PROPOSED_AT - 10_000)), /leaves out an item it holds/)
    assert.ok(play(late, tapeWith(PROPOSED_AT - 1)) > 0)
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
