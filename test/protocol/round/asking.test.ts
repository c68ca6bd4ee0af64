/** Promises of asking: what a proposal names and is not here is asked for at once and again and again, whatever else happens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaderOf } from '../../../protocol/consensus/state.ts'
import type { Digest } from '../../../protocol/crypto.ts'
import { createMachine, step } from '../../../protocol/machine.ts'
import type { Effect, Input } from '../../../protocol/machine-types.ts'
import type { Signed, Verified } from '../../../protocol/message/message.ts'
import { paramsHash } from '../../../protocol/params.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { createRounds } from '../../../protocol/round/state.ts'
import { blockAt, digestOf, genesisOf, VALIDATORS } from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const MISSING = digestOf('a submission that is not here')
const BEAT_MS = 2_000

/** A node that has just heard a manifest of a submission that it does not have, and all that it asked for at once. */
const createWaiting = (evidence: readonly Digest[] = []) => {
  const genesis = genesisOf()
  const [self = ''] = VALIDATORS
  const machine = createMachine({ genesis, self, application: rounds, rounds: createRounds({ genesis, self }) })
  const feed = (input: Input): readonly Effect[] => step(machine, input).effects
  feed({ kind: 'head', at: 0, block: blockAt(121) })
  const [competition = assert.fail()] = genesis.competitions
  const { log, current } = machine.consensus
  const header = {
    ...{ height: 1, previous: log.last, logRoot: log.root, block: 121, epoch: 1, evidence },
    entry: {
      ...{ kind: 'manifest' as const, competition: competition.id, round: 1, paramsHash: paramsHash(competition) },
      ...{
        image: competition.image,
        closeBlock: 120,
        beaconBlock: 127,
        incumbent: null,
        thetaPpm: competition.thetaPpm,
      },
      submissions: [{ id: MISSING, receiptBlock: 110, receipts: [] }],
    },
  }
  const body = { height: 1, view: 0, hotkey: leaderOf(current, 0) ?? '', parentView: null, header }
  const proposal: Signed = { kind: 'proposal', body, signature: SIGNATURE }
  return { feed, asked: feed({ kind: 'message', at: 0, message: proposal as Verified<Signed> }) }
}

const fetched = (effects: readonly Effect[]): readonly Digest[] =>
  effects.flatMap((effect) => (effect.kind === 'fetch' ? [effect.digest] : []))

test('R-35: what a proposal waits for is asked for at least every two seconds, in whatever rhythm inputs come', () => {
  for (const everyMs of [50, 100, 130, 170, 230, 300, 370, 470, 530, 700, 900, 1_100, 1_900, 700_000]) {
    const { feed, asked } = createWaiting()
    let [lastAt, alarm] = [0, 0]
    const look = (at: number, effects: readonly Effect[]): void => {
      for (const effect of effects) if (effect.kind === 'wake') alarm = effect.at
      if (!fetched(effects).includes(MISSING)) return
      assert.ok(at - lastAt <= BEAT_MS, `inputs every ${everyMs} ms: asked at ${lastAt} and at ${at}`)
      lastAt = at
    }
    look(0, asked)
    for (let next = everyMs, at = 0; at < 60_000; ) {
      at = Math.min(alarm, next)
      if (at === next) next += everyMs
      if (at === alarm) alarm = Number.POSITIVE_INFINITY
      look(at, feed({ kind: 'wake', at }))
    }
    assert.ok(lastAt > 60_000 - BEAT_MS, `inputs every ${everyMs} ms: asked last at ${lastAt}`)
  }
})

test('R-35: what the entry lacks and what the evidence lacks are asked for together', () => {
  const evidence = digestOf('evidence that is not here')
  assert.deepEqual(fetched(createWaiting([evidence]).asked).toSorted(), [MISSING, evidence].toSorted())
})
