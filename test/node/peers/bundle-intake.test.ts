/** Promises about bundles that come by gossip: none is receipted that is not what its submission claims. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBundle } from '../../../node/miner/bundle.ts'
import { type BundleNames, createIntake, namesOfBundle } from '../../../node/peers/bundle-intake.ts'
import { hash, ProtocolError, packBundle } from '../../../protocol/index.ts'
import { createMesh, MINERS, nodeAt, params as roundParams } from '../../protocol/round/mesh.ts'
import { SIGNATURE } from '../../protocol/round/signing.ts'
import { createFakeLog } from '../fakes.ts'

const params = { ...roundParams, bundleBytesMax: 20_000 }
const text = (length: number): Uint8Array => new Uint8Array(length).fill(35)
const packed = (length: number): Uint8Array => packBundle([{ path: 'solution.py', content: text(length) }])

const claimOf = (bundle: Uint8Array, sizeBytes: number, more: object = {}) => ({
  params: { ...params, ...more },
  submission: {
    competition: params.id,
    hotkey: MINERS[0] ?? '',
    scheme: 'sr25519' as const,
    bundle: hash(bundle),
    sizeBytes,
    payment: null,
  },
})

const create = (names: Partial<BundleNames>) => {
  const kept: Uint8Array[] = []
  const stored: string[] = []
  const log = createFakeLog()
  const intake = createIntake({
    store: {
      putBlob: async (bytes) => {
        kept.push(bytes)
        return hash(bytes)
      },
    },
    // Looked at anew each time: claims come and go.
    namesOf: () => ({ claims: [], isCertified: false, ...names }),
    stored: (digest) => stored.push(digest),
    log,
  })
  return { intake, kept, stored, log, take: (bytes: Uint8Array) => intake.take({ digest: hash(bytes), bytes }) }
}

test('a bundle that is what its submission claims is kept and told', async () => {
  const bundle = packed(20_000)
  const { take, kept, stored } = create({ claims: [claimOf(bundle, 20_000)] })
  await take(bundle)
  assert.deepEqual(kept, [bundle])
  assert.deepEqual(stored, [hash(bundle)])
})

const wrong: readonly (readonly [string, Uint8Array, number])[] = [
  ['one byte over the competition’s limit', packed(20_001), 20_001],
  ['another size than claimed', packed(100), 99],
  ['a size within the limit claimed of one that is not', packed(20_001), 20_000],
  ['bytes that are no bundle', Uint8Array.of(1, 2, 3), 3],
  ['a bundle with more behind it', Uint8Array.of(...packed(10), 0), 10],
  ['another file’s name', packBundle([{ path: 'other.py', content: text(10) }]), 10],
  [
    'more than one file',
    packBundle([
      { path: 'a.py', content: text(5) },
      { path: 'solution.py', content: text(5) },
    ]),
    10,
  ],
]
for (const [what, bundle, sizeBytes] of wrong) {
  test(`a gossiped bundle is never kept or receipted with ${what}`, async () => {
    const { take, kept, stored, log } = create({ claims: [claimOf(bundle, sizeBytes)] })
    await take(bundle)
    assert.deepEqual(kept, [])
    assert.deepEqual(stored, [])
    assert.equal(log.calls.length, 1)
  })
}

test('bytes that nothing names are not kept', async () => {
  const { take, kept, stored } = create({})
  await take(packed(10))
  assert.deepEqual([kept, stored], [[], []])
})

test('one true claim is enough: a liar’s claim about another’s bundle does not hold it up', async () => {
  const bundle = packed(100)
  const { take, stored } = create({ claims: [claimOf(bundle, 99), claimOf(bundle, 100), claimOf(bundle, 1)] })
  await take(bundle)
  assert.equal(stored.length, 1)
})

test('what the log has certified is taken as it is: its measurement tells what it is worth', async () => {
  const { take, stored } = create({ isCertified: true })
  await take(Uint8Array.of(1))
  assert.equal(stored.length, 1)
})

test('bytes that are no bundle are remembered as such; a bundle with a wrong claim is asked for again with another claim only', async () => {
  const [garbage, bundle] = [Uint8Array.of(9, 9), packed(100)]
  const names = { claims: [claimOf(bundle, 99)], isCertified: false }
  const { intake, take, stored } = create(names)
  await take(garbage)
  await take(bundle)
  assert.ok(intake.isRefused(hash(garbage)))
  assert.ok(intake.isRefused(hash(bundle)), 'else it is fetched and refused again each second')
  Object.assign(names, { claims: [...names.claims, claimOf(bundle, 100)] })
  assert.ok(!intake.isRefused(hash(bundle)))
  await take(bundle)
  assert.deepEqual(stored, [hash(bundle)])
})

test('a bundle that its claims did not fit is asked for again when the log certifies it, or its competition allows more', async () => {
  const bundle = packed(100)
  const names = { claims: [claimOf(bundle, 100, { bundleBytesMax: 99 })], isCertified: false }
  const { intake, take } = create(names)
  await take(bundle)
  assert.ok(intake.isRefused(hash(bundle)))
  Object.assign(names, { isCertified: true })
  assert.ok(!intake.isRefused(hash(bundle)))
  Object.assign(names, { isCertified: false, claims: [claimOf(bundle, 100)] })
  assert.ok(!intake.isRefused(hash(bundle)))
})

test('the memory of malformed bundles is bounded, the oldest gives way', async () => {
  const { intake, take } = create({})
  const garbage = Array.from({ length: 4_097 }, (_, index) => Uint8Array.of(index >> 8, index & 255))
  for (const bytes of garbage) await take(bytes)
  assert.ok(!intake.isRefused(hash(garbage[0] ?? garbage[1] ?? new Uint8Array())))
  assert.ok(intake.isRefused(hash(garbage[1] ?? new Uint8Array())))
})

test('a bundle’s names are the waiting submissions that claim it, certified once an open manifest names one', () => {
  const mesh = createMesh()
  const bundle = hash(packed(100))
  const id = mesh.tell({ kind: 'submission', body: claimOf(packed(100), 100).submission, signature: SIGNATURE })
  const names = () => namesOfBundle([...nodeAt(mesh, 0).state.competitions.values()], bundle)
  assert.deepEqual(
    names().claims.map(({ submission }) => submission.sizeBytes),
    [100],
  )
  assert.ok(!names().isCertified)
  const open = () => nodeAt(mesh, 0).state.competitions.get(params.id)?.open
  mesh.run(() => open()?.entry.submissions.some((one) => one.id === id) ?? false)
  assert.ok(names().isCertified)
  assert.deepEqual(namesOfBundle([...nodeAt(mesh, 0).state.competitions.values()], hash()), {
    claims: [],
    isCertified: false,
  })
})

test('a refusal says what to change', () => {
  const bundle = packed(20_001)
  const facts = (claim: ReturnType<typeof claimOf>, bytes: Uint8Array): unknown => {
    try {
      checkBundle({ ...claim, bundle: bytes })
    } catch (error) {
      if (error instanceof ProtocolError) return error.facts
    }
    return null
  }
  assert.deepEqual(facts(claimOf(bundle, 20_001), bundle), {
    code: 'OVERSIZE',
    sizeBytes: 20_001,
    sizeBytesMax: 20_000,
  })
  assert.deepEqual(facts(claimOf(packed(5), 4), packed(5)), { sizeBytes: 5, claimed: 4 })
  assert.deepEqual(facts(claimOf(packed(5), 5), packed(6)), { want: 'the digest that was signed' })
  assert.equal(facts(claimOf(packed(5), 5), packed(5)), null)
})
