/** What who catches up must not believe: a committee that the chain does not know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestEpochFault } from '../../../protocol/round/epoch-entry.ts'
import { createRounds } from '../../../protocol/round/state.ts'
import { makeLog, metagraphOf } from '../../node/sync/log.ts'
import { digestOf } from './mesh.ts'

const log = await makeLog({ members: 4, rounds: 11, roundsPerEpoch: 10 })

test('R-102: the newest EPOCH stands when block, members, weights and what is left of the committee before are the chain’s', () => {
  const { entry, before, ...more } = log.state.newestEpoch ?? assert.fail()
  const honest = metagraphOf(log.options)(entry.block)
  const faultWith = (change: Partial<typeof honest>) => newestEpochFault(log.state, { ...honest, ...change })
  assert.equal(faultWith({}), null)
  assert.equal(newestEpochFault(createRounds({ genesis: log.genesis, self: null }), honest), null)
  assert.equal(faultWith({ block: { ...honest.block, hash: digestOf('another chain') } }), 'block')
  assert.equal(faultWith({ epoch: honest.epoch + 1 }), 'epoch')
  const neurons = (change: (one: (typeof honest.neurons)[number]) => object) => ({
    neurons: honest.neurons.map((one) => ({ ...one, ...change(one) })),
  })
  assert.equal(
    faultWith(neurons(({ stakeRao, permit }) => (permit ? { stakeRao: stakeRao * 2n + 1n } : {}))),
    'members',
  )
  const [first] = entry.members
  assert.equal(faultWith(neurons(({ hotkey }) => (hotkey === first?.hotkey ? { permit: false } : {}))), 'members')
  // A committee of strangers, each with a permit and a delegation, that nobody of the one before sits in.
  const strangers = before.members.map((member) => ({ ...member, hotkey: digestOf(member.hotkey) }))
  const state = { ...log.state, newestEpoch: { ...more, entry, before: { ...before, members: strangers } } }
  assert.equal(newestEpochFault(state, honest), 'too little of the old committee')
})
