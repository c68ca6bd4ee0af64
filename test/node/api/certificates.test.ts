/** Promises of the certificate view: an ever longer log makes no question longer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCertificates } from '../../../node/api/certificates.ts'
import type { Decided } from '../../../protocol/index.ts'
import { decided, genesis } from './world.ts'

/** The world's log on top of a million heights that came before it. */
const BEFORE = 1_000_000
const onTop = decided.map((one): Decided => ({ ...one, header: { ...one.header, height: BEFORE + one.header.height } }))

const create = () => {
  const read: number[] = []
  const certificates = createCertificates({
    genesis,
    height: () => BEFORE + onTop.length + 1,
    journal: {
      decided: (height) => {
        read.push(height)
        return onTop[height - BEFORE - 1] ?? assert.fail(`${height} is read`)
      },
    },
  })
  return { certificates, read }
}

test('a round’s certificate is looked for from the newest height downwards, and once', () => {
  const { certificates, read } = create()
  const [competition = assert.fail()] = genesis.competitions
  const found = certificates.ofRound(competition.id, 1)
  assert.ok(found !== null)
  assert.equal(found.height, onTop.find(({ header }) => header.entry.kind === 'result')?.header.height)
  assert.equal(found.signers.length, 3)
  const { length } = read
  assert.ok(length <= onTop.length)
  assert.deepEqual(certificates.ofRound(competition.id, 1), found)
  assert.equal(read.length, length)
})
