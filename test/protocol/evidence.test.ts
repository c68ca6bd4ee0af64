/** Tests of evidence: each offence is shown by real signatures alone, and nothing that an honest validator signs shows any. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import type { Codec } from '../../protocol/canonical.ts'
import { bytesToHex, hash, type Key, utf8ToBytes, verifySignature } from '../../protocol/crypto.ts'
import { ProtocolError, type ProtocolErrorCode } from '../../protocol/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../protocol/limits.ts'
import { commitmentOf } from '../../protocol/message/commitment.ts'
import type { Header } from '../../protocol/message/entry.ts'
import { type Evidence, evidenceId, evidenceOf, examine, OFFENCES } from '../../protocol/message/evidence.ts'
import {
  type BodyOf,
  bytesToSign,
  type Domains,
  MESSAGES,
  type MessageKind,
  messageId,
  type Signed,
  type Unsigned,
} from '../../protocol/message/message.ts'
import { PREDICATE_TYPES, printJson, STATEMENT_TYPE } from '../../protocol/message/statement.ts'
import { admit, claims, decodeEnvelope, encodeEnvelopes } from '../../protocol/wire.ts'
import { signed as anySigned, arbitrary, kinds } from './arbitrary.ts'

const named = (name: string) => hash(utf8ToBytes(name))
const domains: Domains = { chain: named('chain'), mesh: named('mesh') }
const context = { domains, sessionKeysOf: () => [], certificateClaims: () => [] }

const secretOf = (name: string): Uint8Array => Buffer.from(named(name), 'hex')
const publicOf = (name: string): Key => bytesToHex(ed25519.getPublicKey(secretOf(name)))
const HOTKEY = publicOf('hotkey')

const signAs = <K extends MessageKind>(
  name: string,
  message: Extract<Unsigned, { kind: K }>,
): Extract<Signed, { kind: K }> =>
  ({ ...message, signature: bytesToHex(ed25519.sign(bytesToSign(message, domains), secretOf(name))) }) as never

const delegate = (o: { counter?: number; session?: string; netuid?: number; hotkey?: string; peerId?: string } = {}) =>
  signAs<'delegation'>(o.hotkey ?? 'hotkey', {
    kind: 'delegation',
    body: {
      netuid: o.netuid ?? 7,
      hotkey: publicOf(o.hotkey ?? 'hotkey'),
      scheme: 'ed25519',
      sessionKey: publicOf(o.session ?? 'session'),
      sealingKey: named('sealing'),
      peerId: o.peerId ?? 'peer',
      fromBlock: 0,
      toBlock: 1000,
      counter: o.counter ?? 1,
    },
  })

const say = <K extends MessageKind>(kind: K, body: BodyOf<K>, session = 'session') =>
  signAs<K>(session, { kind, body } as Extract<Unsigned, { kind: K }>)

const vote = (kind: 'notarize' | 'nullify' | 'finalize', o: Partial<BodyOf<'notarize'>> = {}, session?: string) =>
  say(
    kind,
    { height: 5, view: 2, value: kind === 'nullify' ? '00'.repeat(32) : named('value'), hotkey: HOTKEY, ...o },
    session,
  )

const header = (o: Partial<Header> = {}): Header => ({
  height: 5,
  previous: named('previous'),
  logRoot: named('root'),
  block: 9,
  epoch: 1,
  entry: { kind: 'commits', competition: 'c', round: 1, manifest: named('manifest'), commits: [] },
  evidence: [],
  ...o,
})
const proposal = (o: Partial<BodyOf<'proposal'>> = {}) =>
  say('proposal', { height: 5, view: 2, hotkey: HOTKEY, parentView: null, header: header(), ...o })

const ROUND = { competition: 'c', round: 1, manifest: named('manifest'), hotkey: HOTKEY }
const statementOf = (fields: object) =>
  printJson({
    _type: STATEMENT_TYPE,
    subject: [],
    predicateType: PREDICATE_TYPES.reveal,
    predicate: { ...fields, domain: domains.mesh },
  })
const opening = (o: { nonce?: string; manifest?: string } = {}) => {
  const fields = { ...ROUND, nonce: named('nonce'), ...o }
  return { ...fields, statement: statementOf(fields) }
}
const reveal = (o: Parameters<typeof opening>[0] = {}) => say('reveal', opening(o))
const commit = (o: Partial<BodyOf<'commit'>> = {}) =>
  say('commit', { ...ROUND, commitment: commitmentOf({ domain: domains.mesh, ...opening() }), ...o })

const made = (messages: readonly Signed[], delegation = delegate()): Evidence => {
  const evidence = evidenceOf({ delegation, messages }, domains)
  assert.ok(evidence)
  return evidence
}

/** One of each offence, by its name. */
const SAMPLES: Readonly<Record<(typeof OFFENCES)[number], Evidence>> = {
  delegations: made([delegate({ peerId: 'a' }), delegate({ peerId: 'b' })]),
  proposals: made([proposal(), proposal({ header: header({ block: 10 }) })]),
  notarizes: made([vote('notarize'), vote('notarize', { value: named('other') })]),
  finalizes: made([vote('finalize'), vote('finalize', { value: named('other') })]),
  'nullify and finalize': made([vote('nullify'), vote('finalize')]),
  commits: made([commit(), commit({ commitment: named('other') })]),
  unopened: made([commit(), reveal({ nonce: named('other') })]),
  'malformed proposal': made([proposal({ parentView: 2 })]),
  'invalid proposal': made([proposal()]),
}

const check = (evidence: Evidence): void => {
  const claimed = claims({ kind: 'evidence', evidence }, context)
  admit(claimed, claimed.claims.map(verifySignature))
}
const isRefused = (evidence: Evidence, code?: ProtocolErrorCode): void =>
  assert.throws(
    () => check(evidence),
    (error) => error instanceof ProtocolError && error.relay === 'reject' && (code ?? error.code) === error.code,
  )

test('R-81: every offence is shown by its evidence to anyone, over the wire too, and by no other mesh’s rules', () => {
  for (const offence of OFFENCES) {
    const evidence = SAMPLES[offence]
    const examined = examine(evidence, domains)
    assert.ok('offence' in examined)
    assert.deepEqual([examined.offence, examined.hotkey], [offence, HOTKEY])
    check(evidence)
    const [bytes, ...more] = encodeEnvelopes({ kind: 'evidence', evidence })
    assert.ok(bytes !== undefined && more.length === 0)
    assert.deepEqual(decodeEnvelope(bytes), [{ kind: 'evidence', evidence }])
    const claimed = claims({ kind: 'evidence', evidence }, context)
    const elsewhere = { ...context, domains: { chain: named('another chain'), mesh: named('another') } }
    let others: readonly boolean[] = []
    try {
      others = claims({ kind: 'evidence', evidence }, elsewhere).claims.map(verifySignature)
    } catch (error) {
      assert.ok(error instanceof ProtocolError)
    }
    assert.equal(claimed.claims.every(verifySignature), true)
    assert.equal(others.length > 0 && others.every(Boolean), false)
  }
})

test('a second proposal differs by its header or by its parent', () => {
  const examined = examine(made([proposal({ parentView: 1 }), proposal()]), domains)
  assert.equal('offence' in examined && examined.offence, 'proposals')
})

test('R-81: one pair is one piece of evidence, whoever signs it again and in whichever order it was noticed', () => {
  const [a, b] = [vote('notarize'), vote('notarize', { value: named('other') })]
  const [one, other] = [made([a, b]), made([b, a])]
  assert.deepEqual(one, other)
  const resigned = {
    ...one,
    messages: one.messages.map((message) => ({ ...message, signature: '11'.repeat(64) })) as Signed[],
  }
  assert.equal(evidenceId(resigned, domains), evidenceId(one, domains))
  // A newer delegation to the same key shows the same; one to another key would be another piece.
  assert.equal(evidenceId(made([a, b], delegate({ counter: 2 })), domains), evidenceId(one, domains))
  assert.notEqual(evidenceId(made([a, b], delegate({ session: 'newer' })), domains), evidenceId(one, domains))
  isRefused({ ...one, messages: one.messages.toReversed() }, 'BAD_EVIDENCE')
  assert.equal(new Set(OFFENCES.map((offence) => evidenceId(SAMPLES[offence], domains))).size, OFFENCES.length)
})

test('R-82: what honest validators sign, crash, sign again, move keys and lose receipts over shows nothing', () => {
  const honest: readonly (readonly Signed[])[] = [
    // The same body again, as after a crash between guard and send; sr25519 would even sign it differently.
    [vote('notarize'), vote('notarize')],
    [commit(), commit()],
    [delegate(), delegate()],
    // Nullify, then Notarize, and votes of other views and heights.
    [vote('nullify'), vote('notarize')],
    [vote('notarize'), vote('finalize')],
    [vote('notarize'), vote('notarize', { view: 3, value: named('other') })],
    [vote('finalize'), vote('finalize', { height: 6, value: named('other') })],
    [vote('nullify'), vote('finalize', { view: 3 })],
    [proposal(), proposal({ view: 3 })],
    [proposal({ height: 6, header: header({ height: 6 }) }), proposal()],
    // A re-proposal repeats what a quorum notarized, wrong or not.
    [proposal({ parentView: 1 })],
    // Its own commit, opened; and another round's.
    [commit(), reveal()],
    [commit(), commit({ manifest: named('next'), commitment: named('other') })],
    [commit(), reveal({ manifest: named('next') })],
    // Two receipts: who crashed before one was durable signs another.
    [
      say('receipt', { submission: named('s'), hotkey: HOTKEY, block: 1 }),
      say('receipt', { submission: named('s'), hotkey: HOTKEY, block: 2 }),
    ],
    // Delegations to newer keys, and to another subnet's node.
    [delegate(), delegate({ counter: 2, session: 'newer' })],
    [delegate(), delegate({ netuid: 8 })],
    // One vote shows nothing.
    [vote('notarize')],
  ]
  for (const messages of honest) {
    assert.equal(evidenceOf({ delegation: delegate(), messages }, domains), null)
    for (const order of [messages, messages.toReversed()])
      isRefused({ delegation: delegate(), messages: order }, 'BAD_EVIDENCE')
  }
})

test('R-82: a pair under two session keys of one hotkey is no evidence: it may have lost its disk and moved', () => {
  const delegations = [delegate(), delegate({ counter: 2, session: 'newer' })]
  const pair = [vote('notarize'), vote('notarize', { value: named('other') }, 'newer')]
  for (const delegation of delegations) isRefused(made(pair, delegation), 'FORGED')
})

test('R-82: the messages of two validators, and three messages, are no evidence', () => {
  const other = vote('notarize', { value: named('other'), hotkey: publicOf('another') })
  isRefused({ delegation: delegate(), messages: [vote('notarize'), other] }, 'BAD_EVIDENCE')
  isRefused({ delegation: delegate({ hotkey: 'another' }), messages: SAMPLES.notarizes.messages }, 'BAD_EVIDENCE')
  isRefused({ ...SAMPLES.notarizes, messages: [] }, 'BAD_EVIDENCE')
  isRefused({ ...SAMPLES.delegations, messages: [...SAMPLES.delegations.messages, vote('notarize')] }, 'BAD_EVIDENCE')
})

test('R-82: an honest statement in another reveal’s clothes convicts nobody', () => {
  const { kind, body, signature } = reveal()
  for (const change of [
    { nonce: named('other') },
    { round: 2 },
    { competition: 'd' },
    { statement: statementOf({}) },
  ]) {
    const forged = { kind, signature, body: { ...body, ...change } } as Signed
    const evidence = evidenceOf({ delegation: delegate(), messages: [commit(), forged] }, domains)
    if (evidence !== null) isRefused(evidence)
  }
})

test('R-81: a change to any field of any part of evidence breaks it', () => {
  for (const offence of OFFENCES) {
    const evidence = SAMPLES[offence]
    const parts = [evidence.delegation, ...evidence.messages]
    fc.assert(
      fc.property(fc.nat(parts.length - 1), fc.infiniteStream(fc.nat()), (place, picks) => {
        const part = parts[place] as Signed
        const codec = MESSAGES[part.kind] as Codec<unknown>
        const fields = Object.keys(part.body)
        const field = fields[(picks.next().value ?? 0) % fields.length] ?? ''
        const [other] = fc.sample(arbitrary(codec), { numRuns: 1, seed: picks.next().value ?? 0 })
        const body = { ...part.body, [field]: (other as Record<string, unknown>)[field] }
        const changed = { ...part, body } as Signed
        fc.pre(messageId(changed, domains) !== messageId(part, domains))
        const [delegation, ...messages] = parts.map((one, index) => (index === place ? changed : one))
        isRefused({ delegation: delegation as Signed<'delegation'>, messages })
      }),
      { numRuns: 15 },
    )
  }
})

test('R-81: a signature that is not the signer’s own breaks it', () => {
  for (const offence of OFFENCES) {
    const evidence = SAMPLES[offence]
    const stranger = <M extends Signed>({ kind, body }: M): M => signAs('stranger', { kind, body } as never) as M
    isRefused({ ...evidence, delegation: stranger(evidence.delegation) }, 'FORGED')
    for (const place of evidence.messages.keys()) {
      const messages = evidence.messages.map((message, index) => (index === place ? stranger(message) : message))
      isRefused({ ...evidence, messages }, 'FORGED')
    }
  }
})

test('no two messages of any kinds are evidence unless the table of offences names their pair', () => {
  const pairs = new Set(['delegation delegation', 'proposal proposal', 'notarize notarize', 'finalize finalize'])
  for (const pair of ['nullify finalize', 'finalize nullify', 'commit commit', 'commit reveal', 'reveal commit'])
    pairs.add(pair)
  const [kind] = [fc.constantFrom(...kinds)]
  fc.assert(
    fc.property(kind, kind, fc.nat(), (a, b, seed) => {
      const messages = [a, b].map((one, index) => {
        const [drawn] = fc.sample(anySigned([one]), { numRuns: 1, seed: seed + index })
        return { ...drawn, body: { ...drawn?.body, hotkey: HOTKEY } } as Signed
      })
      const evidence = evidenceOf({ delegation: delegate(), messages }, domains)
      assert.ok(evidence === null || pairs.has(`${a} ${b}`))
    }),
    { numRuns: 500 },
  )
})

test('evidence too large for one message is refused here, before others have to', () => {
  const refs = Array.from({ length: 220 }, (_, index) => ({
    id: named(`${index}`),
    receiptBlock: 1,
    receipts: Array.from({ length: 100 }, (_, receipt) => named(`${index} ${receipt}`)),
  }))
  const entry = {
    ...{ kind: 'manifest' as const, competition: 'c', round: 1, paramsHash: named('p'), image: named('i') },
    ...{ closeBlock: 1, beaconBlock: 2, incumbent: null, thetaPpm: 1, submissions: refs },
  }
  const large = made([proposal({ header: header({ entry }) }), proposal({ header: header({ entry, block: 10 }) })])
  assert.throws(
    () => check(large),
    (error) =>
      error instanceof ProtocolError && error.code === 'TOO_LARGE' && error.facts['sizeBytesMax'] === MESSAGE_BYTES_MAX,
  )
})
