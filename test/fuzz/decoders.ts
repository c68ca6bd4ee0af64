/** The decoders of the protocol: what any peer, miner or file may hand to a node. */
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { type Codec, decode, encode } from '../../protocol/canonical.ts'
import { hash, utf8ToBytes } from '../../protocol/crypto.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { domainsOf, genesis, parseGenesis, printGenesis } from '../../protocol/genesis.ts'
import { packBundle, unpackBundle } from '../../protocol/message/bundle.ts'
import { header } from '../../protocol/message/entry.ts'
import { MESSAGES } from '../../protocol/message/message.ts'
import { parseJson, printJson } from '../../protocol/message/statement.ts'
import { certificate, decided, status } from '../../protocol/message/vote.ts'
import { buildStatement, parseStatement } from '../../protocol/round/statement.ts'
import { decodeSs58, encodeSs58 } from '../../protocol/ss58.ts'
import { claims, decodeEnvelope, encodeEnvelopes, type Received } from '../../protocol/wire.ts'
import { arbitrary, signed } from '../protocol/arbitrary.ts'
import type { Random } from '../sim/random.ts'
import { roundsScene } from '../sim/rounds-scene.ts'
import { checkDecoder, drawn, type Target } from './target.ts'

const isRefusal = (error: unknown): boolean => error instanceof ProtocolError
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

const scene = roundsScene(4)
const statementOf = (random: Random): Uint8Array => {
  const node = scene.keys[random.below(4)] ?? ''
  const named = (name: string) => hash(utf8ToBytes(`${name} ${random.below(9)}`))
  const submissions = Array.from({ length: random.below(4) }, () => ({ id: named('id'), hotkey: node, bundle: node }))
  const entry = {
    competition: 'c',
    round: random.below(9),
    paramsHash: named('params'),
    image: named('image'),
    thetaPpm: 50_000,
    submissions,
  }
  const effect = {
    kind: 'evaluate',
    competition: 'c',
    round: 1,
    manifest: named('manifest'),
    seed: named('seed'),
    entry,
  }
  return scene.evaluate(node, effect as never, 0)?.statement ?? new Uint8Array()
}

type Content = Parameters<typeof encodeEnvelopes>[0]

const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 8, arbitrary: signed().map((message): Content => ({ kind: 'message', message })) },
  arbitrary(certificate).map((value): Content => ({ kind: 'certificate', certificate: value })),
  fc.array(arbitrary(decided), { maxLength: 3 }).map((batch): Content => ({ kind: 'decided', decided: batch })),
  fc
    .tuple(signed(['delegation']), fc.array(signed(['notarize', 'nullify', 'commit']), { maxLength: 3 }))
    .map(([delegation, messages]) => ({ kind: 'evidence', evidence: { delegation, messages } }) as Content),
  arbitrary(status).map((value): Content => ({ kind: 'status', status: value })),
)

const encodeReceived = (items: readonly Received[]): Uint8Array => {
  const [first] = items
  const batch = items.flatMap((item) => (item.kind === 'decided' ? [item.decided] : []))
  const what: Content = first === undefined || first.kind === 'decided' ? { kind: 'decided', decided: batch } : first
  return encodeEnvelopes(what)[0] ?? new Uint8Array()
}

const key = '11'.repeat(32)
const context = { domains: { chain: key, mesh: key }, sessionKeysOf: () => [key], certificateClaims: () => [] }

/** What is done with every envelope before a signature is looked at. */
const readEnvelope = (input: Uint8Array): readonly Received[] => {
  const items = decodeEnvelope(input)
  for (const item of items) if (item.kind !== 'status') claimed(item)
  return items
}
const claimed = (item: Exclude<Received, { kind: 'status' }>): void => {
  try {
    claims(item, context)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}

/** Everything with a canonical encoding; the first byte of an input says which. */
const CODECS = [...Object.values(MESSAGES), certificate, decided, status, header, genesis] as readonly Codec<unknown>[]
const samplers = CODECS.map((codec) => arbitrary(codec))

const runCodec = (input: Uint8Array): void => {
  const codec = CODECS[(input[0] ?? 0) % CODECS.length] ?? status
  const decodeOne = (bytes: Uint8Array): unknown => decode(codec as Codec<unknown>, bytes)
  const encodeOne = (value: unknown): Uint8Array => encode(codec as Codec<unknown>, value)
  checkDecoder({ decode: decodeOne, encode: encodeOne, isRefusal, strict: true }, input.subarray(1))
}

const bundleFile = fc.record({
  path: fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,8}(\/[a-z0-9_][a-z0-9_.-]{0,4}){0,2}$/),
  content: fc.uint8Array({ maxLength: 40 }),
})
const bundle = fc.uniqueArray(bundleFile, { minLength: 1, maxLength: 4, selector: ({ path }) => path })

export const protocolTargets: readonly Target[] = [
  {
    name: 'envelope',
    grammar: 'protobuf',
    sample: (random) => encodeEnvelopes(drawn(content, random))[0] ?? new Uint8Array(),
    run: (input) => checkDecoder({ decode: readEnvelope, encode: encodeReceived, isRefusal, strict: false }, input),
  },
  {
    name: 'canonical',
    grammar: 'bytes',
    sample: (random) => {
      const place = random.below(CODECS.length)
      const value = drawn(samplers[place] ?? fc.constant(null), random)
      return Uint8Array.of(place, ...encode(CODECS[place] as Codec<unknown>, value))
    },
    run: runCodec,
  },
  {
    name: 'statement',
    grammar: 'json',
    sample: statementOf,
    run: (input) => checkDecoder({ decode: parseStatement, encode: buildStatement, isRefusal, strict: true }, input),
  },
  {
    name: 'json',
    grammar: 'json',
    sample: statementOf,
    run: (input) => checkDecoder({ decode: parseJson, encode: printJson, isRefusal, strict: true }, input),
  },
  {
    name: 'genesis',
    grammar: 'json',
    sample: (random) => printGenesis({ ...scene.genesis, deltaMs: random.below(5000) }),
    run: (input) => {
      checkDecoder({ decode: parseGenesis, encode: printGenesis, isRefusal, strict: false }, input)
      try {
        deepEqual(domainsOf(parseGenesis(input)), domainsOf(parseGenesis(printGenesis(parseGenesis(input)))))
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
    },
  },
  {
    name: 'bundle',
    grammar: 'bytes',
    sample: (random) => packBundle(drawn(bundle, random)),
    run: (input) => checkDecoder({ decode: unpackBundle, encode: packBundle, isRefusal, strict: true }, input),
  },
  {
    name: 'ss58',
    grammar: 'json',
    sample: (random) => utf8ToBytes(encodeSs58(scene.keys[random.below(4)] ?? key)),
    run: (input) =>
      checkDecoder(
        {
          decode: (bytes) => decodeSs58(text(bytes)),
          encode: (account) => utf8ToBytes(encodeSs58(account)),
          isRefusal,
          strict: true,
        },
        input,
      ),
  },
]
