/** Changes to an input: some to bytes as such, some that know how the input is built and so get past its first checks. */
import protobuf from 'protobufjs'
import type { Random } from '../sim/random.ts'
import type { Grammar } from './target.ts'

/** Inputs stay small: what a large one does, a small one mostly does too, thousands of times a second. */
const SIZE_MAX = 4096

const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

/** A range of the input, mostly short. */
const range = (input: Uint8Array, random: Random): { from: number; to: number } => {
  const from = random.below(input.length + 1)
  const length = random.below(random.chance(800) ? 9 : input.length + 1)
  return { from, to: Math.min(input.length, from + length) }
}

type Change = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

const flip: Change = (input, random) => {
  const at = random.below(input.length || 1)
  return input.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte))
}

const set: Change = (input, random) => {
  const at = random.below(input.length || 1)
  const value = random.below(256)
  return input.map((byte, index) => (index === at ? value : byte))
}

const remove: Change = (input, random) => {
  const { from, to } = range(input, random)
  return concat(input.subarray(0, from), input.subarray(to))
}

const repeat: Change = (input, random) => {
  const { from, to } = range(input, random)
  const part = input.subarray(from, to)
  const times = random.chance(900) ? 1 : random.below(64)
  return concat(input.subarray(0, to), ...Array.from({ length: times }, () => part), input.subarray(to))
}

const insert: Change = (input, random) => {
  const { from } = range(input, random)
  const bytes = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256))
  return concat(input.subarray(0, from), bytes, input.subarray(from))
}

const splice: Change = (input, random, other) => {
  const { from, to } = range(input, random)
  const piece = range(other, random)
  return concat(input.subarray(0, from), other.subarray(piece.from, piece.to), input.subarray(to))
}

/** A length or count that lies: two or four bytes, either end first. */
const lie: Change = (input, random) => {
  const size = random.chance(700) ? 4 : 2
  if (input.length < size) return input
  const lied = Buffer.from(input)
  const at = random.below(input.length - size + 1)
  const near = input.length - at - size + random.below(5) - 2
  const number = random.chance(500) ? Math.max(0, near) : (NUMBERS[random.below(NUMBERS.length)] ?? 0)
  const value = number % 2 ** (8 * size)
  if (random.chance(700)) lied.writeUIntBE(value, at, size)
  else lied.writeUIntLE(value, at, size)
  return Uint8Array.from(lied)
}

/** Records of four bytes behind the first byte: left out, doubled, moved, or taken from another input. */
const record: Change = (input, random, other) => {
  const part = (of: Uint8Array): Uint8Array => {
    const from = 1 + 4 * random.below((of.length >> 2) + 1)
    return of.subarray(from, from + 4 * (1 + random.below(random.chance(700) ? 4 : 32)))
  }
  const at = 1 + 4 * random.below((input.length >> 2) + 1)
  const [before, after] = [input.subarray(0, at), input.subarray(at)]
  const edits = [
    () => concat(before, after.subarray(4 * (1 + random.below(4)))),
    () => concat(before, part(input), after),
    () => concat(before, part(other), after),
    () =>
      concat(
        before,
        Uint8Array.from({ length: 4 }, () => random.below(256)),
        after,
      ),
  ]
  return edits[random.below(edits.length)]?.() ?? input
}

const BYTE_CHANGES: readonly Change[] = [flip, set, remove, repeat, insert, splice, lie]

type Field = { readonly tag: number; readonly body: Uint8Array; readonly inner: Uint8Array | null }

/** The fields of a message, `inner` where the body has a length; null for what is no message. */
const fieldsOf = (input: Uint8Array): Field[] | null => {
  const reader = protobuf.Reader.create(input)
  const fields: Field[] = []
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32()
      const from = reader.pos
      const inner = (tag & 7) === 2 ? Uint8Array.from(reader.bytes()) : null
      if (inner === null) reader.skipType(tag & 7)
      fields.push({ tag, body: input.slice(from, reader.pos), inner })
    }
  } catch {
    return null
  }
  return fields
}

/** A number in more bytes than it needs, as protobuf allows. */
const varint = (value: number, padding: number): Uint8Array => {
  const groups: number[] = []
  for (let rest = value; rest > 0 || groups.length === 0; rest = Math.floor(rest / 128)) groups.push(rest % 128)
  for (let more = 0; more < padding; more++) groups.push(0)
  return Uint8Array.from(groups, (group, index) => (index < groups.length - 1 ? group | 128 : group))
}

const print = ({ tag, body }: Field): Uint8Array => concat(varint(tag, 0), body)

const withInner = (tag: number, inner: Uint8Array, padding = 0): Field => ({
  tag,
  inner,
  body: concat(varint(inner.length, padding), inner),
})

/** One field dropped, doubled, multiplied, moved, made another's, unknown, or changed inside; the lengths around it stay true. */
const field: Change = (input, random, other) => {
  const fields = fieldsOf(input)
  const at = random.below(fields?.length || 1)
  const chosen = fields?.[at]
  if (!fields || chosen === undefined) return bytes(input, random, other)
  const { tag, inner } = chosen
  if (inner !== null && inner.length > 0 && random.chance(600)) {
    const changed = random.chance(800) ? field(inner, random, other) : bytes(inner, random, other)
    return concat(...fields.with(at, withInner(tag, changed)).map(print))
  }
  const swap = fields[random.below(fields.length)] ?? chosen
  const edits: readonly (() => readonly Field[])[] = [
    () => fields.toSpliced(at, 1),
    () => fields.toSpliced(at, 0, chosen),
    () => fields.toSpliced(at, 0, ...Array.from({ length: random.below(300) }, () => chosen)),
    () => [...fields.toSpliced(at, 1), chosen],
    () => fields.with(at, { ...chosen, tag: swap.tag }),
    () => fields.with(at, { ...chosen, tag: (random.below(40) << 3) | random.below(8) }),
    () => fields.toSpliced(at, 0, withInner((1000 << 3) | 2, other.slice(0, 40))),
    () => fields.with(at, inner === null ? chosen : withInner(tag, inner, 1 + random.below(9))),
    () =>
      fields.with(at, {
        tag: (tag & ~7) | 0,
        inner: null,
        body: varint(NUMBERS[random.below(9)] ?? 0, random.below(9)),
      }),
  ]
  return concat(...(edits[random.below(edits.length)]?.() ?? fields).map(print))
}

const WORDS = [
  ...['0', '-0', '-1', '1.0', '1e3', '9007199254740993', '"18446744073709551616"', '"00"', 'null', 'true', '{}', '[]'],
  ...['""', '"\\u0041"', '"\\ud800"', '"__proto__"', '"constructor"', ' ', '\n', '\ufeff', ',', ':', '[[[[[[[[', '"é"'],
]

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\w+|\s+|./gs

/** One token of a text replaced, removed or doubled. */
const token: Change = (input, random) => {
  const tokens: readonly string[] = Buffer.from(input).toString('utf8').match(TOKEN) ?? []
  const at = random.below(tokens.length || 1)
  const other = tokens[random.below(tokens.length || 1)] ?? ''
  const word = random.chance(600) ? (WORDS[random.below(WORDS.length)] ?? '') : other
  const edits = [tokens.with(at, word), tokens.toSpliced(at, 1), tokens.toSpliced(at, 0, word)]
  return Uint8Array.from(Buffer.from((edits[random.below(3)] ?? tokens).join('')))
}

const bytes: Change = (input, random, other) => {
  const change = BYTE_CHANGES[random.below(BYTE_CHANGES.length)] ?? flip
  return change(input, random, other)
}

const BY_GRAMMAR: Readonly<Record<Grammar, Change>> = { bytes, protobuf: field, json: token, records: record }

/** One to four changes; `other` is another input of the same target, to take pieces from. */
export const mutate = (
  input: Uint8Array,
  o: { readonly random: Random; readonly grammar: Grammar; readonly other: Uint8Array },
): Uint8Array => {
  const { random, grammar, other } = o
  let changed = input
  for (let left = 1 + random.below(4); left > 0; left--) {
    const isPlain = changed.length === 0 || random.chance(250)
    changed = (isPlain ? bytes : BY_GRAMMAR[grammar])(changed, random, other)
  }
  return changed.slice(0, SIZE_MAX)
}
