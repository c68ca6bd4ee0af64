/** Evidence through the whole machine: what one validator notices, what it hands over to be checked, and what its next proposal names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { createMachine, judgeProposal, type Machine, step } from '../../../protocol/machine.ts'
import type { Effect, Input } from '../../../protocol/machine-types.ts'
import { type Header, headerDigest } from '../../../protocol/message/entry.ts'
import { type Evidence, evidenceId, examine } from '../../../protocol/message/evidence.ts'
import type { Signed, Unsigned, Verified } from '../../../protocol/message/message.ts'
import type { Certificate, Proposal } from '../../../protocol/message/vote.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { createRounds, type RoundState } from '../../../protocol/round/state.ts'
import { blockAt, delegationOf, digestOf, genesisOf, metagraphAt } from '../round/mesh.ts'
import { SIGNATURE } from '../round/signing.ts'

/** An EPOCH is due as soon as the chain is at block 1,001. */
const genesis = { ...genesisOf(), block: 985 }
const { committee } = createRounds({ genesis, self: null })
const leaders = leaderOrder(committee, 1)
const [first = '', second = '', third = ''] = leaders
const AT = 10_000

const signed = (message: Unsigned): Verified<Signed> => ({ ...message, signature: SIGNATURE }) as Verified<Signed>
const vote = (kind: 'notarize' | 'nullify' | 'finalize', hotkey: Key, value = NO_VALUE) =>
  signed({ kind, body: { height: 1, view: 0, value, hotkey } })

const create = (self: Key) => {
  const machine = createMachine({ genesis, self, application: rounds, rounds: createRounds({ genesis, self }) })
  const feed = (input: Input): readonly Effect[] => {
    const all: Effect[] = []
    for (const effect of step(machine, input).effects) {
      all.push(effect)
      if (effect.kind === 'sign') all.push(...feed({ kind: 'message', at: AT, message: signed(effect.message) }))
      if (effect.kind === 'readMetagraph')
        all.push(...feed({ kind: 'metagraph', at: AT, metagraph: metagraphAt(effect.block) }))
    }
    return all
  }
  return {
    machine,
    feed,
    hear: (...messages: readonly Verified<Signed>[]) =>
      messages.flatMap((message) => feed({ kind: 'message', at: AT, message })),
    show: (evidence: Evidence) => feed({ kind: 'evidence', at: AT, evidence: evidence as Verified<Evidence> }),
    head: (block: number) => feed({ kind: 'head', at: AT, block: blockAt(block) }),
  }
}

const accused = (effects: readonly Effect[]): readonly Evidence[] =>
  effects.flatMap((effect) => (effect.kind === 'accuse' ? [effect.evidence] : []))
const proposed = (effects: readonly Effect[]): Proposal => {
  const found = effects.flatMap((effect) =>
    effect.kind === 'sign' && effect.message.kind === 'proposal' ? [effect.message.body] : [],
  )
  assert.ok(found[0])
  return found[0]
}
const offenceOf = (machine: Machine<RoundState>, evidence: Evidence | undefined): string => {
  assert.ok(evidence)
  const examined = examine(evidence, machine.rounds.domains)
  return 'fault' in examined ? examined.fault : examined.offence
}

/** What the first leader proposes at height 1. */
const fresh = (): Proposal => {
  const leader = create(first)
  return proposed(leader.head(1_001))
}
const twisted = (header: Header): Header => ({ ...header, block: header.block - 1 })

test('R-83: two votes of one view that contradict each other are handed over with the signer’s delegation, once', () => {
  const cases = [
    ['notarizes', vote('notarize', second, digestOf('a')), vote('notarize', second, digestOf('b'))],
    ['finalizes', vote('finalize', second, digestOf('a')), vote('finalize', second, digestOf('b'))],
    ['nullify and finalize', vote('nullify', second), vote('finalize', second, digestOf('a'))],
  ] as const
  for (const [offence, one, other] of cases) {
    const { machine, hear } = create(first)
    assert.deepEqual(accused(hear(one, one)), [])
    const [evidence, ...more] = accused(hear(other, other))
    assert.equal(offenceOf(machine, evidence), offence)
    assert.equal(more.length, 0)
    assert.deepEqual(evidence?.delegation, { kind: 'delegation', body: delegationOf(second), signature: SIGNATURE })
    // Nothing is held before the signatures were checked.
    assert.equal(machine.rounds.evidence.size, 0)
  }
})

test('R-83: two proposals of a leader, and one that is provably wrong, are handed over', () => {
  const body = fresh()
  const { machine, hear, head } = create(second)
  head(1_001)
  hear(signed({ kind: 'proposal', body }))
  const [pair] = accused(hear(signed({ kind: 'proposal', body: { ...body, header: twisted(body.header) } })))
  assert.equal(offenceOf(machine, pair), 'proposals')

  const voter = create(second)
  voter.head(1_001)
  const wrong = { ...body, header: { ...body.header, previous: digestOf('another log') } }
  const [single] = accused(voter.hear(signed({ kind: 'proposal', body: wrong })))
  assert.equal(offenceOf(voter.machine, single), 'invalid proposal')
})

test('R-84: the next proposal of whoever holds evidence names it', () => {
  const leader = create(first)
  const [evidence] = accused(leader.hear(vote('nullify', third), vote('finalize', third, digestOf('a'))))
  assert.ok(evidence)
  const kinds = leader.show(evidence).map(({ kind }) => kind)
  assert.deepEqual(kinds.slice(0, 3), ['persist', 'relay', 'notice'])
  const { header } = proposed(leader.head(1_001))
  assert.deepEqual(header.evidence, [evidenceId(evidence, leader.machine.rounds.domains)])
  assert.equal(header.entry.kind, 'epoch')
})

test('R-85: an invalid proposal of view 0 is named by the leader of view 1, and convicts at this height', () => {
  const body = fresh()
  const leader = create(second)
  leader.head(1_001)
  const wrong = { ...body, header: { ...body.header, epoch: 77 } }
  const [evidence] = accused(leader.hear(signed({ kind: 'proposal', body: wrong })))
  assert.ok(evidence)
  leader.show(evidence)
  const id = evidenceId(evidence, leader.machine.rounds.domains)
  const signatures = committee.members.map((_, member) => ({ member, signature: SIGNATURE }))
  const nullified = { phase: 'nullify', height: 1, view: 0, value: NO_VALUE, signatures } as const
  const certificate = nullified as unknown as Verified<Certificate>
  const proposal = proposed(leader.feed({ kind: 'certificate', at: AT, certificate }))
  assert.equal(proposal.view, 1)
  assert.deepEqual(proposal.header.evidence, [id])

  const voter = create(third)
  voter.head(1_001)
  voter.feed({ kind: 'certificate', at: AT, certificate })
  const asked = voter.hear(signed({ kind: 'proposal', body: proposal }))
  assert.ok(asked.some((effect) => effect.kind === 'fetch' && effect.digest === id))
  const voted = voter.show(evidence)
  assert.ok(voted.some((effect) => effect.kind === 'sign' && effect.message.kind === 'notarize'))
  const value = { kind: 'decided', at: AT } as const
  const decided = { header: proposal.header, certificate: { ...nullified, phase: 'finalize', view: 1 } }
  assert.equal(judgeProposal(voter.machine, wrong).kind, 'invalid')
  assert.equal(judgeProposal(voter.machine, body).kind, 'valid')
  voter.feed({ ...value, decided: withValue(decided) })
  assert.deepEqual([...voter.machine.rounds.convicted.keys()], [first])
})

const withValue = (decided: { header: Header; certificate: object }) =>
  ({ ...decided, certificate: { ...decided.certificate, value: headerDigest(decided.header) } }) as never

test('R-85: a leader names an invalid proposal in the three views after it, and no later', () => {
  const signatures = committee.members.map((_, member) => ({ member, signature: SIGNATURE }))
  const nullify = (view: number) =>
    ({ phase: 'nullify', height: 1, view, value: NO_VALUE, signatures }) as unknown as Verified<Certificate>
  const named = (views: readonly number[]): number => {
    const leader = create(third)
    leader.head(1_001)
    leader.feed({ kind: 'certificate', at: AT, certificate: nullify(0) })
    const wrong = { ...fresh(), view: 1, hotkey: second }
    const [evidence] = accused(
      leader.hear(signed({ kind: 'proposal', body: { ...wrong, header: { ...wrong.header, epoch: 77 } } })),
    )
    assert.ok(evidence)
    leader.show(evidence)
    const effects = views.flatMap((view) => leader.feed({ kind: 'certificate', at: AT, certificate: nullify(view) }))
    return proposed(effects).header.evidence.length
  }
  assert.equal(named([1]), 1)
  // Its next turn is view 6: the newest certificate first, so that it has no turn on the way.
  assert.equal(named([5, 4, 3, 2, 1]), 0)
})

test('R-85: a proposal that names evidence of a valid one is itself provably wrong', () => {
  const body = fresh()
  const voter = create(second)
  voter.head(1_001)
  const honest = signed({ kind: 'proposal', body: { ...body, hotkey: third, view: 2 } })
  const evidence: Evidence = {
    delegation: { kind: 'delegation', body: delegationOf(third), signature: SIGNATURE },
    messages: [honest],
  }
  voter.show(evidence)
  const id = evidenceId(evidence, voter.machine.rounds.domains)
  const header = { ...body.header, evidence: [id] }
  const [against] = accused(voter.hear(signed({ kind: 'proposal', body: { ...body, header } })))
  assert.equal(offenceOf(voter.machine, against), 'invalid proposal')
  assert.equal(against?.delegation.body.hotkey, first)
})
