/** Tests of SS58 addresses: those of wallets, and nothing that only looks like one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digest } from '../../protocol/canonical.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { decodeSs58, encodeSs58 } from '../../protocol/ss58.ts'
import { arbitrary } from './arbitrary.ts'

const refused = (text: string): void =>
  assert.throws(
    () => decodeSs58(text),
    (error) => error instanceof ProtocolError && error.code === 'BAD_SHAPE',
  )

const KNOWN = {
  d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  '8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48':
    '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty',
}

test('the development accounts of Substrate have the addresses that everyone knows', () => {
  for (const [account, address] of Object.entries(KNOWN)) {
    assert.equal(encodeSs58(account), address)
    assert.equal(decodeSs58(address), account)
  }
})

test('every account is read back from its address', () => {
  fc.assert(fc.property(arbitrary(digest), (account) => assert.equal(decodeSs58(encodeSs58(account)), account)))
})

test('a mistyped, shortened or foreign address is refused', () => {
  const [address] = Object.values(KNOWN)
  assert.ok(address !== undefined)
  fc.assert(
    fc.property(fc.nat({ max: address.length - 1 }), fc.constantFrom(...'123ABCxyz0OIl'), (at, letter) => {
      fc.pre(address[at] !== letter)
      refused(address.slice(0, at) + letter + address.slice(at + 1))
    }),
  )
  // Alice under Polkadot's prefix 0 and Kusama's 2.
  refused('15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5')
  refused('HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F')
  for (const text of ['', '5', address.slice(1), `${address}1`, ` ${address}`, 'ä']) refused(text)
})
