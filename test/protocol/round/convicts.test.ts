/** Whom the header of an EPOCH itself convicts: the seat that it gives, and the committees after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metagraph } from '../../../protocol/chain-view.ts'
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { evidenceId, evidenceOf } from '../../../protocol/message/evidence.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import {
  createMesh,
  delegationOf,
  digestOf,
  evidenceInput,
  genesisOf,
  type Mesh,
  MINERS,
  metagraphAt,
  nodeAt,
  settle,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const [LIAR = '', OTHER = '', SILENT = '', LAST = ''] = VALIDATORS
const [SECOND = '', JOINING = ''] = MINERS.slice(2)

const delegationBy = (hotkey: Key, counter = 1): Signed<'delegation'> => ({
  kind: 'delegation',
  body: delegationOf(hotkey, counter),
  signature: SIGNATURE,
})

/** Everyone holds that the liar notarized two values, and nothing is due. */
const accuse = (mesh: Mesh): Digest => {
  const messages = ['one', 'two'].map((value): Signed => {
    const body = { height: 1, view: 0, value: digestOf(value), hotkey: LIAR }
    return { kind: 'notarize', body, signature: SIGNATURE }
  })
  const evidence = evidenceOf({ delegation: delegationBy(LIAR), messages }, mesh.domains)
  assert.ok(evidence)
  for (const node of mesh.nodes) mesh.queue.push({ node, input: evidenceInput(mesh, evidence) })
  settle(mesh)
  return evidenceId(evidence, mesh.domains)
}

/** Epochs of the chain begin when they are asked for; two newcomers have a permit beside the four. */
const beginning = (genesis: Mesh['genesis']) => {
  const starts = [0]
  const metagraph = (block: number): Metagraph => {
    const epoch = starts.filter((start) => start <= block).length
    const base = metagraphAt(block)
    const neurons = base.neurons.map((one) =>
      [SECOND, JOINING].includes(one.hotkey) ? { ...one, permit: true, stakeRao: 25n } : one,
    )
    return { ...base, epoch, epochStart: starts[epoch - 1] ?? 0, neurons }
  }
  const mesh = createMesh({ genesis, world: { metagraph } })
  const { state } = nodeAt(mesh, 1)
  mesh.head()
  mesh.tell(delegationBy(JOINING))
  return {
    mesh,
    /** The committee of the chain's next epoch, which begins soon. */
    next: (): readonly Key[] => {
      const epoch = starts.push(mesh.clock.head + 2)
      mesh.run(() => state.committee.epoch === epoch, 40)
      return state.committee.members.map(({ hotkey }) => hotkey)
    },
  }
}

test('R-86: whom the header of an EPOCH convicts keeps the seat that it gives, and has none in evidenceEpochs epochs after', () => {
  const { mesh, next } = beginning({ ...genesisOf(), evidenceEpochs: 1 })
  const id = accuse(mesh)
  mesh.tell(delegationBy(LIAR, 2))
  assert.ok(next().includes(LIAR))
  assert.deepEqual(mesh.log.at(-1)?.header.evidence, [id])
  mesh.tell(delegationBy(LIAR, 3))
  assert.ok(!next().includes(LIAR))
  assert.ok(next().includes(LIAR))
})

test('R-58: a convict that has another key by then still counts neither for nor against the committee that leaves it out', () => {
  const base = genesisOf()
  const delegations = base.delegations.map((one) =>
    one.body.hotkey === SILENT ? { ...one, body: { ...one.body, toBlock: 110 } } : one,
  )
  const { mesh, next } = beginning({ ...base, delegations })
  accuse(mesh)
  mesh.tell(delegationBy(LIAR, 2))
  assert.ok(next().includes(LIAR))
  mesh.tell(delegationBy(SECOND))
  mesh.run(() => mesh.clock.head === 112)
  // Of 125 the convict holds 30 and who is silent 22: the 73 that stay are no quorum of all, and are of what is left without the convict.
  assert.deepEqual([...next()].sort(), [OTHER, LAST, JOINING, SECOND].sort())
})
