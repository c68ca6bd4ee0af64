/** Promises about what a training process may use: enough for the most quads of every contract. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { COMPETITIONS, elementsOf, tensorsOf } from '../../../protocol/index.ts'
import { contractNames, readContract, readReference } from '../../../sandbox/index.ts'
import { toTrainingPolicy } from '../../../sandbox/training/job.ts'

const NONE = '0'.repeat(64)
const facts = { image: NONE, poolManifest: NONE, poolRoot: NONE, referenceNanos: 1n }

test('no contract’s weights are too many for what a process may say over all of its runs', () => {
  const rules = COMPETITIONS.get('training-speed')
  assert.ok(rules?.kind === 'training')
  for (const name of contractNames) {
    const { contract } = readContract(name)
    const quads = rules.presets[name === 'tiny' ? 'demo' : 'real'](facts).matrixCount
    const source = readReference()
    const policy = toTrainingPolicy({
      ...{ competition: 'training-speed', candidate: source, partner: source, contract, quads },
      ...{ roundSeed: hash('sha256', name), thetaPpm: null, driftMaxPpm: null, seed: name },
    })
    const weights = tensorsOf(contract).reduce((sum, tensor) => sum + 4 * elementsOf(tensor), 0)
    // The warm-up, and each quad's two runs, three times when the machine is disturbed.
    assert.ok(policy.stdoutBytesMax > (1 + 3 * 2 * quads) * weights, name)
    assert.ok(Number.isSafeInteger(policy.stdoutBytesMax), name)
  }
})
