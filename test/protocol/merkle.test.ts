/** Promises of the log's Merkle tree: RFC 6962's roots, and proofs that hold exactly for what they prove. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  append,
  consistencyProof,
  EMPTY_FRONTIER,
  frontierRoot,
  inclusionProof,
  isConsistent,
  isIncluded,
  merkleRoot,
} from '../../protocol/merkle.ts'

// The vectors of Certificate Transparency's reference implementation: leaves of growing size and the root after each.
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const digests = fc.array(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  { minLength: 1, maxLength: 40 },
)

test('roots are those of Certificate Transparency', () => {
  CT_ROOTS.forEach((root, size) => {
    assert.equal(merkleRoot(CT_LEAVES.slice(0, size)), root)
  })
})

test('a frontier that grows leaf by leaf always has the root of the whole tree', () => {
  fc.assert(
    fc.property(digests, (leaves) => {
      let frontier = EMPTY_FRONTIER
      leaves.forEach((leaf, index) => {
        assert.equal(frontierRoot(frontier), merkleRoot(leaves.slice(0, index)))
        frontier = append(frontier, leaf)
      })
      assert.equal(frontier.size, leaves.length)
      assert.equal(frontierRoot(frontier), merkleRoot(leaves))
    }),
    { numRuns: 40 },
  )
})

test('an inclusion proof holds for its leaf at its place and for nothing else', () => {
  fc.assert(
    fc.property(digests, fc.nat(), fc.nat(), (leaves, a, b) => {
      const [index, other] = [a % leaves.length, b % leaves.length]
      const leaf = leaves[index] ?? ''
      const claim = { leaf, index, size: leaves.length, proof: inclusionProof(leaves, index), root: merkleRoot(leaves) }
      assert.ok(isIncluded(claim))
      assert.equal(isIncluded({ ...claim, index: other }), other === index)
      assert.ok(!isIncluded({ ...claim, leaf: claim.root }))
      assert.ok(!isIncluded({ ...claim, proof: [...claim.proof, claim.root] }))
      assert.equal(isIncluded({ ...claim, proof: claim.proof.slice(1) }), leaves.length === 1)
      assert.ok(!isIncluded({ ...claim, index: -1 }) && !isIncluded({ ...claim, index: leaves.length }))
    }),
    { numRuns: 60 },
  )
})

test('a consistency proof holds between a log and its beginning, and not after a rewrite', () => {
  fc.assert(
    fc.property(digests, fc.nat(), (leaves, cut) => {
      const sizeOld = cut % (leaves.length + 1)
      const claim = {
        sizeOld,
        rootOld: merkleRoot(leaves.slice(0, sizeOld)),
        size: leaves.length,
        root: merkleRoot(leaves),
        proof: consistencyProof(leaves, sizeOld),
      }
      assert.ok(isConsistent(claim))
      assert.ok(!isConsistent({ ...claim, rootOld: merkleRoot(['00']) }))
      assert.ok(!isConsistent({ ...claim, proof: [...claim.proof, claim.root] }))
      if (sizeOld > 0) {
        const rewritten = [merkleRoot(leaves), ...leaves.slice(1)]
        assert.ok(!isConsistent({ ...claim, root: merkleRoot(rewritten), proof: consistencyProof(rewritten, sizeOld) }))
      }
    }),
    { numRuns: 60 },
  )
})
