/** The Merkle tree of RFC 6962 over digests: root, growing frontier, and both kinds of proof with their checks. */
import { assert } from './assert.ts'
import { Writer } from './bytes.ts'
import { type Digest, hash } from './crypto.ts'

const LEAF = 0
const NODE = 1

/** One for all hashes, each of which is done before the next begins. */
const scratch = new Writer()

const hashUnder = (tag: number, left: Digest, right: Digest): Digest => {
  scratch.clear()
  scratch.uint(tag, 1)
  scratch.hex(left)
  scratch.hex(right)
  return hash(scratch.view())
}

const leafHash = (leaf: Digest): Digest => hashUnder(LEAF, leaf, '')
const nodeHash = (left: Digest, right: Digest): Digest => hashUnder(NODE, left, right)

const EMPTY_ROOT = hash()

/** The largest power of two below `size`: where RFC 6962 splits a tree of two or more leaves. */
const splitOf = (size: number): number => {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** Root over leaves in order; each leaf is hex (in the log: a header's digest). The root of nothing is the hash of nothing. */
export const merkleRoot = (leaves: readonly Digest[]): Digest => {
  const [first] = leaves
  if (first === undefined) return EMPTY_ROOT
  if (leaves.length === 1) return leafHash(first)
  const split = splitOf(leaves.length)
  return nodeHash(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)))
}

/** what a growing log must keep to know its root: the roots of its full subtrees, largest first (one a set bit of `size`). */
export type Frontier = { readonly size: number; readonly peaks: readonly Digest[] }

export const EMPTY_FRONTIER: Frontier = { size: 0, peaks: [] }

export const append = (frontier: Frontier, leaf: Digest): Frontier => {
  const peaks = [...frontier.peaks]
  let top = leafHash(leaf)
  // As in binary addition: every trailing full subtree of the same size is carried upwards.
  for (let size = frontier.size; size % 2 === 1; size = (size - 1) / 2) {
    const left = peaks.pop()
    assert(left !== undefined, 'a frontier has one peak for each set bit of its size')
    top = nodeHash(left, top)
  }
  return { size: frontier.size + 1, peaks: [...peaks, top] }
}

export const frontierRoot = (frontier: Frontier): Digest =>
  frontier.peaks.length === 0 ? EMPTY_ROOT : frontier.peaks.reduceRight((right, left) => nodeHash(left, right))

/** Siblings from the leaf up that lead from leaf `index` to the root of all `leaves`. */
export const inclusionProof = (leaves: readonly Digest[], index: number): readonly Digest[] => {
  assert(index >= 0 && index < leaves.length, 'the proven leaf lies in the tree')
  if (leaves.length === 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...inclusionProof(left, index), merkleRoot(right)]
    : [...inclusionProof(right, index - split), merkleRoot(left)]
}

/** The root that a proof leads to, null when its length is not that of the path. */
const climb = (leaf: Digest, path: { index: number; size: number; proof: readonly Digest[] }): Digest | null => {
  const { index, size, proof } = path
  if (size === 1) return proof.length === 0 ? leafHash(leaf) : null
  const sibling = proof.at(-1)
  if (sibling === undefined) return null
  const rest = proof.slice(0, -1)
  const split = splitOf(size)
  const left = index < split
  const below = climb(leaf, { index: left ? index : index - split, size: left ? split : size - split, proof: rest })
  if (below === null) return null
  return left ? nodeHash(below, sibling) : nodeHash(sibling, below)
}

/** Whether `leaf` stands at `index` in the tree of `size` leaves with this root; false for any malformed proof. */
export const isIncluded = (o: {
  leaf: Digest
  index: number
  size: number
  proof: readonly Digest[]
  root: Digest
}): boolean => {
  if (!Number.isSafeInteger(o.index) || !Number.isSafeInteger(o.size) || o.index < 0 || o.index >= o.size) return false
  return climb(o.leaf, o) === o.root
}

const subproof = (leaves: readonly Digest[], sizeOld: number, whole: boolean): readonly Digest[] => {
  if (sizeOld === leaves.length) return whole ? [] : [merkleRoot(leaves)]
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return sizeOld <= split
    ? [...subproof(left, sizeOld, whole), merkleRoot(right)]
    : [...subproof(right, sizeOld - split, false), merkleRoot(left)]
}

/** Proof that the tree of the first `sizeOld` leaves is a prefix of the tree of all; empty for 0 and for all. */
export const consistencyProof = (leaves: readonly Digest[], sizeOld: number): readonly Digest[] => {
  assert(sizeOld >= 0 && sizeOld <= leaves.length, 'the older tree is no larger')
  return sizeOld === 0 ? [] : subproof(leaves, sizeOld, true)
}

type Roots = { readonly old: Digest; readonly now: Digest }

/** Both roots that a consistency proof leads to, null when its length does not fit. */
const walk = (o: {
  sizeOld: number
  size: number
  whole: boolean
  rootOld: Digest
  proof: readonly Digest[]
}): Roots | null => {
  const { sizeOld, size, whole, rootOld, proof } = o
  const last = proof.at(-1)
  if (sizeOld === size) {
    if (whole) return last === undefined ? { old: rootOld, now: rootOld } : null
    return last !== undefined && proof.length === 1 ? { old: last, now: last } : null
  }
  if (last === undefined) return null
  const rest = proof.slice(0, -1)
  const split = splitOf(size)
  if (sizeOld <= split) {
    const left = walk({ sizeOld, size: split, whole, rootOld, proof: rest })
    return left && { old: left.old, now: nodeHash(left.now, last) }
  }
  const right = walk({ sizeOld: sizeOld - split, size: size - split, whole: false, rootOld, proof: rest })
  return right && { old: nodeHash(last, right.old), now: nodeHash(last, right.now) }
}

/** Whether a log with `rootOld` at `sizeOld` grew into one with `root` at `size`, nothing rewritten; false for any malformed proof. */
export const isConsistent = (o: {
  sizeOld: number
  rootOld: Digest
  size: number
  root: Digest
  proof: readonly Digest[]
}): boolean => {
  if (!Number.isSafeInteger(o.sizeOld) || !Number.isSafeInteger(o.size) || o.sizeOld < 0 || o.sizeOld > o.size)
    return false
  if (o.sizeOld === 0) return o.proof.length === 0 && o.rootOld === EMPTY_ROOT && (o.size > 0 || o.root === EMPTY_ROOT)
  const roots = walk({ ...o, whole: true })
  return roots !== null && roots.old === o.rootOld && roots.now === o.root
}
