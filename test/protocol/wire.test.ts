/** Tests of the wire: what a peer can send, what is made of it, and what is never made of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { InvariantError } from '../../protocol/assert.ts'
import { bytesToHex, concatBytes, type Digest, hash, utf8ToBytes, verifySignature } from '../../protocol/crypto.ts'
import { ProtocolError, type ProtocolErrorCode } from '../../protocol/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../protocol/limits.ts'
import { headerDigest } from '../../protocol/message/entry.ts'
import { bytesToSign, type Domains, messageId, type Signed, type Unsigned } from '../../protocol/message/message.ts'
import { PREDICATE_TYPES, printJson } from '../../protocol/message/statement.ts'
import { certificate, decided, status } from '../../protocol/message/vote.ts'
import {
  admit,
  type ClaimContext,
  claims,
  decodeEnvelope,
  encodeEnvelopes,
  joinDecided,
  type Unverified,
} from '../../protocol/wire.ts'
import { arbitrary, kinds, signed, unsigned } from './arbitrary.ts'
import { reencode } from './reencode.ts'

const domains: Domains = { chain: hash(utf8ToBytes('chain')), mesh: hash(utf8ToBytes('mesh')) }
const secret = new Uint8Array(32).fill(7)
const publicKey = bytesToHex(ed25519.getPublicKey(secret))
const context: ClaimContext = { domains, sessionKeysOf: () => [publicKey], certificateClaims: () => [] }
const stranger: ClaimContext = { ...context, sessionKeysOf: () => [] }

const throwsCode = (code: ProtocolErrorCode, run: () => unknown): void =>
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === code)

const only = <T>(items: readonly T[]): T => {
  assert.equal(items.length, 1)
  return items[0] as T
}

const sign = (message: Unsigned): Signed =>
  ({ ...message, signature: bytesToHex(ed25519.sign(bytesToSign(message, domains), secret)) }) as Signed

const check = (item: Unverified) => {
  const claimed = claims(item, context)
  return admit(claimed, claimed.claims.map(verifySignature))
}

type Content = Parameters<typeof encodeEnvelopes>[0]

const relayed: fc.Arbitrary<Content> = fc.oneof(
  { weight: 7, arbitrary: signed().map((message) => ({ kind: 'message' as const, message })) },
  arbitrary(certificate).map((value) => ({ kind: 'certificate' as const, certificate: value })),
  fc.array(arbitrary(decided), { maxLength: 3 }).map((batch) => ({ kind: 'decided' as const, decided: batch })),
  arbitrary(status).map((value) => ({ kind: 'status' as const, status: value })),
  fc.tuple(signed(['delegation']), fc.array(signed(), { maxLength: 2 })).map(([delegation, messages]) => ({
    kind: 'evidence' as const,
    evidence: { delegation: delegation as Signed<'delegation'>, messages },
  })),
)

const asReceived = (content: Content) =>
  content.kind === 'decided' ? content.decided.map((item) => ({ kind: 'decided', decided: item })) : [content]

test('everything that can be sent arrives as it was sent', () => {
  fc.assert(
    fc.property(relayed, (content) => {
      assert.deepEqual(decodeEnvelope(only(encodeEnvelopes(content))), asReceived(content))
    }),
    { numRuns: 1000 },
  )
})

test('what arrives keeps nothing of the buffer it arrived in', () => {
  fc.assert(
    fc.property(signed(['reveal']), (message) => {
      const buffer = Buffer.from(only(encodeEnvelopes({ kind: 'message', message })))
      const received = decodeEnvelope(buffer)
      buffer.fill(0)
      assert.deepEqual(received, [{ kind: 'message', message }])
    }),
  )
})

test('no bytes from a peer do more than throw a ProtocolError', () => {
  const edit = fc.tuple(fc.constantFrom('set', 'insert', 'remove', 'cut'), fc.nat(), fc.integer({ min: 0, max: 255 }))
  const mutated = fc
    .tuple(relayed, fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([content, edits]) => edits.reduce(mutate, only(encodeEnvelopes(content))))
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: mutated }, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        for (const item of decodeEnvelope(bytes)) if (item.kind !== 'status') claims(item, context)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, `${error}`)
      }
    }),
    { numRuns: 3000 },
  )
})

const mutate = (bytes: Uint8Array, [how, place, byte]: [string, number, number]): Uint8Array => {
  const at = place % (bytes.length + 1)
  const head = bytes.subarray(0, at)
  if (how === 'cut') return head
  const tail = bytes.subarray(how === 'insert' ? at : at + 1)
  return how === 'remove' ? concatBytes(head, tail) : concatBytes(head, Uint8Array.of(byte), tail)
}

const Envelope = protobuf.loadSync('proto/mesh.proto').lookupType('evalmesh.v1.Envelope')

test('another protobuf encoding of a message is the same message: same id, and its signature holds', () => {
  const bySession = kinds.filter(
    (kind) => !['delegation', 'submission', 'params', 'reveal', 'roundAttestation'].includes(kind),
  )
  fc.assert(
    fc.property(unsigned(bySession), (body) => {
      const message = sign(body)
      const plain = only(encodeEnvelopes({ kind: 'message', message }))
      const other = reencode(Envelope, plain)
      assert.notDeepEqual(Uint8Array.from(other), plain)
      const item = only(decodeEnvelope(other))
      assert.deepEqual(item, { kind: 'message', message })
      assert.ok(item.kind === 'message')
      assert.equal(messageId(item.message, domains), messageId(message, domains))
    }),
    { numRuns: 300 },
  )
  const message = sign({ kind: 'receipt', body: { submission: publicKey, hotkey: publicKey, block: 2 ** 40 } })
  const item = only(decodeEnvelope(reencode(Envelope, only(encodeEnvelopes({ kind: 'message', message })))))
  assert.ok(item.kind === 'message')
  assert.deepEqual(check(item), { kind: 'message', message })
})

test('two messages of different kind, mesh, height or anything else are never signed as the same bytes', () => {
  const meshes = fc.constantFrom('one', 'two').map((name): Domains => {
    return { chain: hash(utf8ToBytes(`${name} chain`)), mesh: hash(utf8ToBytes(name)) }
  })
  const byBody = kinds.filter((kind) => kind !== 'reveal' && kind !== 'roundAttestation')
  fc.assert(
    fc.property(unsigned(byBody), unsigned(byBody), meshes, meshes, (first, second, mesh, other) => {
      const same = mesh.mesh === other.mesh && isDeepStrictEqual(first, second)
      assert.equal(bytesToHex(bytesToSign(first, mesh)) === bytesToHex(bytesToSign(second, other)), same)
    }),
  )
  fc.assert(
    fc.property(unsigned(['notarize']), meshes, (message, mesh) => {
      assert.ok(message.kind === 'notarize')
      const { body } = message
      const others = [
        bytesToSign({ kind: 'nullify', body }, mesh),
        bytesToSign({ kind: 'finalize', body }, mesh),
        bytesToSign({ kind: 'notarize', body: { ...body, height: body.height === 0 ? 1 : body.height - 1 } }, mesh),
        bytesToSign({ kind: 'notarize', body: { ...body, view: body.view === 0 ? 1 : body.view - 1 } }, mesh),
        bytesToSign(message, { chain: mesh.chain, mesh: mesh.chain }),
      ]
      const own = bytesToSign(message, mesh)
      assert.equal(new Set([own, ...others].map(bytesToHex)).size, 6)
    }),
  )
})

test('a signature that was made for a vote holds for no other vote', () => {
  const body = { height: 9, view: 1, value: publicKey, hotkey: publicKey }
  const vote = sign({ kind: 'notarize', body })
  assert.deepEqual(check({ kind: 'message', message: vote }), { kind: 'message', message: vote })
  const others = [
    { kind: 'finalize', body },
    { kind: 'nullify', body },
    { kind: 'notarize', body: { ...body, height: 10 } },
    { kind: 'notarize', body: { ...body, view: 2 } },
  ] as const
  for (const other of others) {
    const message: Signed = { ...other, signature: vote.signature }
    throwsCode('BAD_SIGNATURE', () => check({ kind: 'message', message }))
  }
  const elsewhere = claims(
    { kind: 'message', message: vote },
    { ...context, domains: { ...domains, mesh: domains.chain } },
  )
  throwsCode('BAD_SIGNATURE', () => admit(elsewhere, elsewhere.claims.map(verifySignature)))
})

const revealOf = (changes: Readonly<Record<string, string | number>>, extra = {}): Signed => {
  const fields = { competition: 'c', round: 3, manifest: publicKey, hotkey: publicKey, nonce: domains.chain }
  const predicate = { ...fields, domain: domains.mesh, ...changes }
  const document = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: PREDICATE_TYPES.reveal,
    predicate,
    ...extra,
  }
  return sign({ kind: 'reveal', body: { ...fields, statement: printJson(document) } })
}

test('a reveal whose statement says anything else than the reveal is refused, however well it is signed', () => {
  const good = revealOf({ more: 'facts' })
  assert.deepEqual(check({ kind: 'message', message: good }), { kind: 'message', message: good })
  const wrong: Record<string, string | number> = {
    competition: 'd',
    round: 4,
    manifest: domains.mesh,
    hotkey: domains.mesh,
    nonce: domains.mesh,
    domain: domains.chain,
  }
  for (const [name, value] of Object.entries(wrong)) {
    throwsCode('BAD_STATEMENT', () => check({ kind: 'message', message: revealOf({ [name]: value }) }))
  }
  for (const extra of [{ predicateType: PREDICATE_TYPES.roundAttestation }, { predicate: [] }, { _type: 'other' }]) {
    throwsCode('BAD_STATEMENT', () => check({ kind: 'message', message: revealOf({}, extra) }))
  }
})

test('an unknown signer and a decided height under a certificate that is not its own are refused', () => {
  throwsCode('UNKNOWN_SIGNER', () => claims({ kind: 'message', message: revealOf({}) }, stranger))
  fc.assert(
    fc.property(arbitrary(decided), ({ header, certificate: other }) => {
      const own = { ...other, phase: 'finalize' as const, height: header.height, value: headerDigest(header) }
      assert.deepEqual(claims({ kind: 'decided', decided: { header, certificate: own } }, context).claims, [])
      const wrong = [{ phase: 'notarize' as const }, { height: header.height + 1 }, { value: domains.mesh }]
      for (const change of wrong) {
        const value = { header, certificate: { ...own, ...change } }
        throwsCode('BAD_CERTIFICATE', () => claims({ kind: 'decided', decided: value }, context))
      }
    }),
  )
})

test('nothing is admitted without a result for each of its claims, and all of them good', () => {
  const claimed = claims({ kind: 'message', message: revealOf({}) }, context)
  assert.throws(() => admit(claimed, []), InvariantError)
  assert.throws(() => admit({ ...claimed, claims: [] }, []), InvariantError)
  throwsCode('BAD_SIGNATURE', () => admit(claimed, [false]))
  const twice = { ...claimed, claims: [...claimed.claims, ...claimed.claims] }
  assert.throws(() => admit(twice, [true]), InvariantError)
  throwsCode('BAD_SIGNATURE', () => admit(twice, [false, false]))
})

test('R-101: a message holds under any one of the keys that it may stand under, a certificate only if all of its signers signed', () => {
  const message = revealOf({})
  const both: ClaimContext = { ...context, sessionKeysOf: () => [publicKey, hash(utf8ToBytes('1'))] }
  const claimed = claims({ kind: 'message', message }, both)
  assert.deepEqual(
    claimed.claims.map((claim) => claim.publicKey),
    [publicKey, hash(utf8ToBytes('1'))],
  )
  for (const results of [
    [true, false],
    [false, true],
  ])
    assert.deepEqual(admit(claimed, results), { kind: 'message', message })
  const certificate = { phase: 'finalize', height: 1, view: 0, value: hash(utf8ToBytes('2')), signatures: [] } as const
  const signed = { item: { kind: 'certificate', certificate } as const, claims: claimed.claims }
  throwsCode('BAD_SIGNATURE', () => admit(signed, [true, false]))
})

test('only a hotkey’s bad signature counts against its relay: which session key is in force differs between nodes', () => {
  const relayOf = (message: Signed): string => {
    const claimed = claims({ kind: 'message', message }, context)
    try {
      admit(claimed, [false])
    } catch (error) {
      if (error instanceof ProtocolError) return `${error.code} ${error.relay}`
    }
    return 'admitted'
  }
  const plain = kinds.filter((kind) => kind !== 'reveal' && kind !== 'roundAttestation')
  fc.assert(
    fc.property(signed(plain), (message) => {
      const byHotkey = ['submission', 'delegation', 'params'].includes(message.kind)
      assert.equal(relayOf(message), byHotkey ? 'FORGED reject' : 'BAD_SIGNATURE ignore')
    }),
  )
  assert.equal(relayOf(revealOf({})), 'BAD_SIGNATURE ignore')
  assert.equal(new ProtocolError('BAD_CERTIFICATE').relay, 'ignore')
})

test('decided heights that were encoded one by one are joined to what encoding them together gives, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(arbitrary(decided), { maxLength: 5 }), (batch) => {
      const one = batch.map((item) => encodeEnvelopes({ kind: 'decided', decided: [item] })[0] ?? new Uint8Array())
      const [together = new Uint8Array()] = encodeEnvelopes({ kind: 'decided', decided: batch })
      assert.deepEqual(joinDecided(one), Uint8Array.from(together))
    }),
  )
})

test('an envelope above the limit is refused unread, and a long batch of decided heights leaves in several', () => {
  throwsCode('TOO_LARGE', () => decodeEnvelope(new Uint8Array(MESSAGE_BYTES_MAX + 1)))
  const refs = Array.from({ length: 100 }, (_, index): { id: Digest; receiptBlock: number; receipts: Digest[] } => {
    return { id: hash(Uint8Array.of(index)), receiptBlock: index, receipts: Array(100).fill(publicKey) }
  })
  const [manifest] = fc.sample(
    arbitrary(decided).filter((item) => item.header.entry.kind === 'manifest'),
    { numRuns: 1, seed: 1 },
  )
  assert.ok(manifest?.header.entry.kind === 'manifest')
  const entry = { ...manifest.header.entry, submissions: refs }
  const batch = Array.from({ length: 7 }, (_, height) => {
    return { ...manifest, header: { ...manifest.header, height, entry } }
  })
  const envelopes = encodeEnvelopes({ kind: 'decided', decided: batch })
  assert.ok(envelopes.length > 1)
  for (const envelope of envelopes) assert.ok(envelope.length <= MESSAGE_BYTES_MAX)
  assert.deepEqual(envelopes.flatMap(decodeEnvelope), asReceived({ kind: 'decided', decided: batch }))
  const joined = joinDecided(batch.flatMap((item) => encodeEnvelopes({ kind: 'decided', decided: [item] })))
  assert.ok(joined.length <= MESSAGE_BYTES_MAX)
  // As many of the first as fit: one more would not.
  const fitting = decodeEnvelope(joined)
  assert.deepEqual(fitting, asReceived({ kind: 'decided', decided: batch.slice(0, fitting.length) }))
  const more = batch.slice(0, fitting.length + 1)
  assert.ok(encodeEnvelopes({ kind: 'decided', decided: more }).length > 1)
})
