/** Checks that headers are linked, that every root is that of RFC 6962 at every node, and that the log proves that it only grew (15). */
import type { Digest } from '../../../protocol/crypto.ts'
import { consistencyProof } from '../../../protocol/merkle.ts'
import { type Checker, Violation } from '../watch.ts'
import { sha256 } from './commitment.ts'
import { domainOf, firstDecisions, logOf } from './log.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

const node = (left: Buffer, right: Buffer): Buffer => sha256(NODE, left, right)

/** A full subtree of the log so far. */
type Peak = { readonly size: number; readonly root: Buffer }

/** RFC 6962 §2.1, grown leaf by leaf: two full subtrees of one size become one of twice the size. */
const grow = (peaks: Peak[], leaf: Digest): void => {
  let top: Peak = { size: 1, root: sha256(LEAF, Buffer.from(leaf, 'hex')) }
  for (let left = peaks.at(-1); left?.size === top.size; left = peaks.at(-1)) {
    peaks.pop()
    top = { size: 2 * top.size, root: node(left.root, top.root) }
  }
  peaks.push(top)
}

const rootOf = (peaks: readonly Peak[]): Digest => {
  const roots = peaks.map(({ root }) => root)
  return (roots.length === 0 ? sha256() : roots.reduceRight((right, left) => node(left, right))).toString('hex')
}

type Proof = {
  readonly sizeOld: number
  readonly size: number
  readonly rootOld: Digest
  readonly root: Digest
  readonly proof: readonly Digest[]
}

/** RFC 9162 §2.1.4.2, step by step. */
export const isProven = ({ sizeOld, size, rootOld, root, proof }: Proof): boolean => {
  if (sizeOld === size) return proof.length === 0 && rootOld === root
  const path = proof.map((digest) => Buffer.from(digest, 'hex'))
  // A power of two: its root is a node of the larger tree, and the proof leaves it out.
  if ((sizeOld & (sizeOld - 1)) === 0) path.unshift(Buffer.from(rootOld, 'hex'))
  let [old, last] = [sizeOld - 1, size - 1]
  while (old % 2 === 1) [old, last] = [old >> 1, last >> 1]
  const [first, ...rest] = path
  if (first === undefined) return false
  let left: Buffer = first
  let right: Buffer = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (old % 2 === 1 || old === last) {
      left = node(sibling, left)
      right = node(sibling, right)
      while (old % 2 === 0 && old !== 0) [old, last] = [old >> 1, last >> 1]
    } else right = node(right, sibling)
    old >>= 1
    last >>= 1
  }
  return last === 0 && left.toString('hex') === rootOld && right.toString('hex') === root
}

export const merkle: Checker = {
  name: 'merkle',
  watch: (sim, checked) => {
    const log = logOf(sim)
    const decisionOf = firstDecisions(sim)
    const peaks: Peak[] = []
    /** By size. */
    const roots: Digest[] = [rootOf(peaks)]
    let previous = domainOf(sim)
    return {
      decided: (at, decided) => {
        const decision = decisionOf(decided)
        if (decision !== null) {
          const { header, digest } = decision
          checked()
          if (header.previous !== previous || header.logRoot !== roots.at(-1)) {
            throw new Violation('headers are linked', { height: header.height, previous, root: roots.at(-1) })
          }
          grow(peaks, digest)
          roots.push(rootOf(peaks))
          previous = digest
        }
        const end = sim.consensusOf(at)?.log
        const root = end === undefined ? undefined : roots[end.frontier.size]
        if (end === undefined || root === undefined) return
        checked()
        if (end.root !== root) throw new Violation('equal roots at equal size', { node: at, size: end.frontier.size })
      },
      ended: () => {
        const size = log.decisions.length
        const [digest] = log.decisions.slice(-1).map((decision) => decision.digest)
        if (digest === undefined || size < 2) return
        // One older size a run: over many runs every pair comes up.
        const sizeOld = 1 + (Number.parseInt(digest.slice(0, 8), 16) % (size - 1))
        const leaves = log.decisions.map((decision) => decision.digest)
        const [rootOld, root] = [roots[sizeOld] ?? '', roots[size] ?? '']
        const proof = consistencyProof(leaves, sizeOld)
        checked()
        if (!isProven({ sizeOld, size, rootOld, root, proof }))
          throw new Violation('a log proves that it only grew', { sizeOld, size })
      },
    }
  },
}
