/** Arbitrary values of any codec, drawn from what the codec says of itself. */
import fc from 'fast-check'
import type { Codec, Shape } from '../../protocol/canonical.ts'
import { bytesToHex } from '../../protocol/crypto.ts'
import { MESSAGES, type MessageKind, type Signed, type Unsigned } from '../../protocol/message/message.ts'

const ofUint = (bits: number): fc.Arbitrary<unknown> => {
  if (bits === 64) return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  return bits === 53 ? fc.maxSafeNat() : fc.integer({ min: 0, max: 2 ** bits - 1 })
}

const ofShape = (shape: Shape): fc.Arbitrary<unknown> => {
  switch (shape.kind) {
    case 'uint':
      return ofUint(shape.bits)
    case 'hex':
      return fc.uint8Array({ minLength: shape.sizeBytes, maxLength: shape.sizeBytes }).map((raw) => bytesToHex(raw))
    case 'bytes':
      return fc.uint8Array({ maxLength: Math.min(shape.sizeBytesMax, 40) })
    case 'text':
      return fc.string({ unit: 'binary', maxLength: shape.sizeBytesMax >> 2 })
    case 'word':
      return fc.constantFrom(...shape.words)
    case 'list':
      return fc.array(ofShape(shape.item), { maxLength: Math.min(shape.countMax, 3) })
    case 'option':
      return fc.option(ofShape(shape.item))
    case 'record':
      return fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z0-9]{0,31}$/), ofShape(shape.item), {
        maxKeys: Math.min(shape.countMax, 3),
        noNullPrototype: true,
      })
    case 'struct':
      return fc.record(Object.fromEntries(Object.entries(shape.parts).map(([name, part]) => [name, ofShape(part)])))
    case 'union':
      return fc.oneof(
        ...Object.entries(shape.parts).map(([kind, part]) =>
          ofShape(part).map((value) => ({ kind, ...(value as object) })),
        ),
      )
  }
}

/** Any value of the codec; lists and byte strings are kept short. */
export const arbitrary = <T>(codec: Codec<T>): fc.Arbitrary<T> =>
  ofShape(codec.shape).map((value) => withoutNullPrototype(value) as T)

/** `fc.record` may give objects without a prototype, which deepEqual tells apart. */
const withoutNullPrototype = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNullPrototype)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutNullPrototype(item)]))
}

export const kinds = Object.keys(MESSAGES) as readonly MessageKind[]

/** Any body of any kind, or of the given ones. */
export const unsigned = (of: readonly MessageKind[] = kinds): fc.Arbitrary<Unsigned> =>
  fc.oneof(...of.map((kind) => arbitrary(MESSAGES[kind] as Codec<unknown>).map((body) => ({ kind, body }) as Unsigned)))

const someSignature = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((raw) => bytesToHex(raw))

/** Any message, its signature of the right size only. */
export const signed = (of: readonly MessageKind[] = kinds): fc.Arbitrary<Signed> =>
  fc.tuple(unsigned(of), someSignature).map(([message, signature]) => ({ ...message, signature }) as Signed)
