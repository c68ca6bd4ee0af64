/** Tests of the genesis document: one text, one mesh. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8ToBytes } from '../../protocol/crypto.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { chainDomain, domainsOf, type Genesis, genesis, parseGenesis, printGenesis } from '../../protocol/genesis.ts'
import { arbitrary } from './arbitrary.ts'
import { params } from './round/mesh.ts'

const members = Array.from({ length: 4 }, (_, index) => {
  return { hotkey: `0${index}`.repeat(32), weight: 2n ** 60n + BigInt(index) }
})
const sane = { deltaMs: 1_000, weightCapPpm: 330_000, weightsEveryBlocks: 10, evidenceEpochs: 3 }
const document: fc.Arbitrary<Genesis> = arbitrary(genesis).map((value) => ({
  ...value,
  ...sane,
  version: 1,
  members,
  competitions: value.competitions.slice(0, 1).map((one) => ({ ...params, id: one.id, image: one.image })),
}))

const refused = (code: string, run: () => unknown): void =>
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === code)

test('a genesis document is read back from its text, stakes above 2^53 included', () => {
  fc.assert(fc.property(document, (value) => assert.deepEqual(parseGenesis(printGenesis(value)), value)))
})

test('whatever differs between two documents separates their meshes', () => {
  fc.assert(
    fc.property(document, (value) => {
      const others: readonly Genesis[] = [
        { ...value, netuid: value.netuid === 0 ? 1 : 0 },
        { ...value, mechanism: value.mechanism === 0 ? 1 : 0 },
        { ...value, version: 2 },
        { ...value, deltaMs: 2_000 },
        { ...value, owner: value.owner === '7f'.repeat(32) ? '7e'.repeat(32) : '7f'.repeat(32) },
        { ...value, members: members.slice(1) },
        { ...value, chainGenesis: '7f'.repeat(32) },
      ]
      const meshes = [value, ...others].map((other) => domainsOf(other).mesh)
      assert.equal(new Set(meshes).size, meshes.length)
      assert.ok(!meshes.includes(domainsOf(value).chain))
    }),
  )
})

test('a delegation of one chain, subnet or mechanism says nothing in another', () => {
  const chain = { chainGenesis: '7f'.repeat(32), netuid: 1, mechanism: 0 }
  const domains = [
    chain,
    { ...chain, netuid: 256 },
    { ...chain, mechanism: 1 },
    { ...chain, chainGenesis: '00'.repeat(32) },
  ].map(chainDomain)
  assert.equal(new Set(domains).size, domains.length)
})

test('a document of another version, of too few members, of parameters that stop it, or of no shape is refused', () => {
  const [value] = fc.sample(document, { numRuns: 1, seed: 1 })
  assert.ok(value !== undefined)
  refused('BAD_GENESIS', () => parseGenesis(printGenesis({ ...value, version: 2 })))
  refused('BAD_GENESIS', () => parseGenesis(printGenesis({ ...value, members: members.slice(1) })))
  refused('BAD_GENESIS', () => parseGenesis(printGenesis({ ...value, deltaMs: 0 })))
  refused('BAD_GENESIS', () => parseGenesis(printGenesis({ ...value, competitions: [{ ...params, roundBlocks: 0 }] })))
  refused('BAD_GENESIS', () => parseGenesis(printGenesis({ ...value, competitions: [params, { ...params, id: 'b' }] })))
  refused('BAD_STATEMENT', () => parseGenesis(utf8ToBytes(` ${new TextDecoder().decode(printGenesis(value))}`)))
  refused('BAD_SHAPE', () => parseGenesis(utf8ToBytes('[1]')))
})
