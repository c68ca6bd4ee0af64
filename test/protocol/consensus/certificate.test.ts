/** Promises of certificates and of the order of leaders: who counts, and that chance follows stake. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { backoffMs } from '../../../protocol/backoff.ts'
import type { Committee } from '../../../protocol/committee.ts'
import { certificateClaims, NO_VALUE, voteMessage } from '../../../protocol/consensus/certificate.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import { bytesToHex, hexToBytes, verifySignature } from '../../../protocol/crypto.ts'
import { ProtocolError } from '../../../protocol/errors.ts'
import { bytesToSign } from '../../../protocol/message/message.ts'
import type { Certificate } from '../../../protocol/message/vote.ts'
import { committee, keys } from './bench.ts'

const value = 'ab'.repeat(32)
const domains = { chain: '11'.repeat(32), mesh: '22'.repeat(32) }
/** Each member's session secret is its hotkey's bytes: enough for a test. */
const signing: Committee = {
  ...committee,
  members: committee.members.map((member) => ({
    ...member,
    sessionKey: bytesToHex(ed25519.getPublicKey(hexToBytes(member.hotkey))),
  })),
}

const certificateBy = (places: readonly number[], more: Partial<Certificate> = {}): Certificate => {
  const body = { phase: 'finalize' as const, height: 3, view: 1, value, ...more }
  const signatures = places.map((member) => {
    const hotkey = keys[member] ?? keys[0] ?? ''
    const vote = { height: body.height, view: body.view, value: body.value, hotkey }
    const bytes = bytesToSign(voteMessage(body.phase, vote), domains)
    return { member, signature: bytesToHex(ed25519.sign(bytes, hexToBytes(hotkey))) }
  })
  return { ...body, signatures }
}

const isBad = (error: unknown): boolean => error instanceof ProtocolError && error.code === 'BAD_CERTIFICATE'

test('R-26: the claims of a certificate are the votes of its signers, and hold', () => {
  const claims = certificateClaims(certificateBy([0, 1, 2, 3]), signing, domains)
  assert.equal(claims.length, 4)
  assert.ok(claims.every(verifySignature))
  const moved = { ...certificateBy([0, 1, 2, 3]), view: 2 }
  assert.ok(!certificateClaims(moved, signing, domains).some(verifySignature), 'a vote of one view is none of another')
})

test('R-26: signers that repeat, fall, stand outside, or hold no quorum make no certificate', () => {
  for (const places of [[], [0], [0, 1], [0, 0, 0, 0], [0, 1, 1, 2], [2, 1, 0], [1, 0, 2, 3], [0, 1, 2, 4]]) {
    assert.throws(() => certificateClaims(certificateBy(places), signing, domains), isBad, `${places}`)
  }
})

test('R-26: only a nullification names no value', () => {
  const all = [0, 1, 2, 3]
  assert.throws(() => certificateClaims(certificateBy(all, { value: NO_VALUE }), signing, domains), isBad)
  assert.throws(() => certificateClaims(certificateBy(all, { phase: 'nullify' }), signing, domains), isBad)
  assert.equal(certificateClaims(certificateBy(all, { phase: 'nullify', value: NO_VALUE }), signing, domains).length, 4)
})

test('R-26: a certificate counts exactly when its signers hold strictly more than two thirds', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(1n, 1000n), { minLength: 4, maxLength: 8 }), fc.nat(), (weights, mask) => {
      const members = weights.map((weight, index) => ({
        ...signing.members[index % 4],
        weight,
      })) as Committee['members']
      const total = weights.reduce((sum, weight) => sum + weight, 0n)
      const places = weights.flatMap((_, index) => ((mask >> index) & 1 ? [index] : []))
      const weight = places.reduce((sum, place) => sum + (weights[place] ?? 0n), 0n)
      const signatures = places.map((member) => ({ member, signature: '00' }))
      const make = () =>
        certificateClaims({ ...certificateBy([]), signatures }, { ...signing, members, total }, domains)
      if (weight * 3n > total * 2n) assert.equal(make().length, places.length)
      else assert.throws(make, isBad)
    }),
  )
})

test('R-10: every height has an order of all members, the same everywhere, another at other heights and epochs', () => {
  const orders = Array.from({ length: 50 }, (_, height) => leaderOrder(committee, height))
  for (const order of orders) assert.deepEqual([...order].sort(), [...keys].sort())
  assert.deepEqual(orders[7], leaderOrder({ ...committee }, 7))
  assert.ok(new Set(orders.map((order) => order.join())).size > 10)
  assert.notDeepEqual(
    Array.from({ length: 20 }, (_, height) => leaderOrder({ ...committee, seed: value }, height)),
    orders.slice(0, 20),
  )
})

test('R-10: who leads first is drawn by weight', () => {
  const heights = 4000
  const firsts = Array.from({ length: heights }, (_, height) => leaderOrder(committee, height)[0])
  for (const { hotkey, weight } of committee.members) {
    const share = firsts.filter((first) => first === hotkey).length / heights
    // Four standard deviations of a share near a quarter are below 3 %.
    assert.ok(Math.abs(share - Number(weight) / Number(committee.total)) < 0.03, `${hotkey} ${share} ${weight}`)
  }
})

test('R-12: waiting grows by a quarter a view, exactly, up to view 32', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((view) => backoffMs(4000, view)),
    [4000, 5000, 6250, 7812],
  )
  assert.equal(backoffMs(4000, 33), backoffMs(4000, 32))
  for (let view = 0; view < 32; view++) {
    assert.ok(Math.abs(backoffMs(4000, view + 1) * 4 - backoffMs(4000, view) * 5) <= 9)
  }
})
