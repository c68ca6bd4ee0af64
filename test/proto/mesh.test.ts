/** Tests that the wire's documentation, its generated code and the codecs say the same. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import protobuf from 'protobufjs'
import { GOSSIP_BYTES_MAX } from '../../node/mesh/limits.ts'
import { type Shape, signature } from '../../protocol/canonical.ts'
import { MESSAGE_BYTES_MAX } from '../../protocol/limits.ts'
import { MESSAGES } from '../../protocol/message/message.ts'
import { catchUp, certificate, decided, status } from '../../protocol/message/vote.ts'

const root = protobuf.loadSync('proto/mesh.proto').resolveAll()
const v1 = root.lookup('evalmesh.v1')
assert.ok(v1 instanceof protobuf.Namespace)

const signed: Shape = {
  kind: 'struct',
  parts: Object.fromEntries([
    ['signature', signature.shape],
    ...Object.entries(MESSAGES).map(([kind, codec]): [string, Shape] => [
      kind,
      { kind: 'option', item: codec.shape as Shape },
    ]),
  ]),
}
const envelope: Shape = {
  kind: 'union',
  parts: {
    message: signed,
    certificate: certificate.shape,
    decided: catchUp.shape,
    status: status.shape,
    evidence: { kind: 'struct', parts: { delegation: signed, messages: { kind: 'list', item: signed, countMax: 2 } } },
  },
}

/** Every message type below a namespace, itself left out. */
const typesOf = (space: protobuf.NamespaceBase): readonly string[] =>
  space.nestedArray.flatMap((item) =>
    item instanceof protobuf.Type
      ? [item.fullName, ...typesOf(item)]
      : item instanceof protobuf.Namespace
        ? typesOf(item)
        : [],
  )

const SCALARS = { hex: 'bytes', bytes: 'bytes', text: 'string' } as const

/** Compares one field, then what it holds. */
const checkField = (field: protobuf.Field, shape: Shape, seen: Set<string>): void => {
  const place = field.fullName
  assert.equal(field.repeated, shape.kind === 'list', `${place}: repeated`)
  if (shape.kind === 'option') assert.ok(field.partOf !== null, `${place} is optional`)
  checkValue(field, shape.kind === 'list' || shape.kind === 'option' ? shape.item : shape, seen)
}

const checkValue = (field: protobuf.Field, shape: Shape, seen: Set<string>): void => {
  const place = field.fullName
  switch (shape.kind) {
    case 'uint':
      assert.equal(field.type, shape.bits > 32 ? 'uint64' : 'uint32', place)
      break
    case 'hex':
    case 'bytes':
    case 'text':
      assert.equal(field.type, SCALARS[shape.kind], place)
      break
    case 'word': {
      assert.ok(field.resolvedType instanceof protobuf.Enum, place)
      const words = Object.fromEntries(shape.words.map((word, index) => [word, index]))
      assert.deepEqual({ ...field.resolvedType.values }, words, place)
      break
    }
    case 'struct':
    case 'union':
      assert.ok(field.resolvedType instanceof protobuf.Type, place)
      checkType(field.resolvedType, shape, seen)
      break
    case 'list':
    case 'option':
    case 'record':
      assert.fail(`${place}: protobuf holds no ${shape.kind} inside another`)
  }
}

const checkType = (type: protobuf.Type, shape: Shape & { kind: 'struct' | 'union' }, seen: Set<string>): void => {
  seen.add(type.fullName)
  const fields = type.fieldsArray.toSorted((a, b) => a.id - b.id)
  assert.deepEqual(
    fields.map((field) => field.name),
    Object.keys(shape.parts),
    type.fullName,
  )
  assert.deepEqual(
    fields.map((field) => field.id),
    fields.map((_, index) => index + 1),
    `${type.fullName}: numbers`,
  )
  if (shape.kind === 'union') assert.equal(type.oneofsArray[0]?.fieldsArray.length, fields.length, type.fullName)
  for (const field of fields) checkField(field, shape.parts[field.name] as Shape, seen)
}

test('every field of every codec is a field of mesh.proto, and there is none besides', () => {
  const seen = new Set<string>()
  checkType(root.lookupType('evalmesh.v1.Envelope'), envelope, seen)
  assert.deepEqual([...seen].toSorted(), [...typesOf(v1)].toSorted())
})

test('the generated code is what mesh.proto generates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-test-'))
  try {
    execFileSync(process.execPath, ['proto/generate.mjs', folder])
    for (const name of ['generated.js', 'generated.d.ts']) {
      assert.equal(
        readFileSync(join('proto', name), 'utf8'),
        readFileSync(join(folder, name), 'utf8'),
        `${name}: npm run proto`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Bytes of a length or tag, then the most that the shape takes on the wire. */
const wireBytesMax = (shape: Shape): number => {
  const framed = (size: number) => size + (size < 128 ? 1 : size < 16384 ? 2 : size < 2097152 ? 3 : 4)
  switch (shape.kind) {
    case 'uint':
      return Math.ceil(shape.bits / 7)
    case 'hex':
      return framed(shape.sizeBytes)
    case 'bytes':
    case 'text':
      return framed(shape.sizeBytesMax)
    case 'word':
      return 1
    case 'list':
      return shape.countMax * (1 + wireBytesMax(shape.item))
    case 'record':
      throw new Error('no message on the wire has one')
    case 'option':
      return wireBytesMax(shape.item)
    case 'struct':
      return framed(Object.values(shape.parts).reduce((sum, part) => sum + 1 + wireBytesMax(part), 0))
    case 'union':
      return framed(Math.max(...Object.values(shape.parts).map((part) => 1 + wireBytesMax(part))))
  }
}

test('the largest message that the limits of its parts allow is within the limit of a message', () => {
  const around = 16 + 66
  for (const [kind, codec] of Object.entries(MESSAGES)) {
    const limit = kind === 'proposal' ? MESSAGE_BYTES_MAX : GOSSIP_BYTES_MAX
    const size = wireBytesMax(codec.shape as Shape) + around
    assert.ok(size <= limit, `${kind}: ${size} of ${limit} bytes`)
  }
  const alone = wireBytesMax(decided.shape as Shape) + around
  assert.ok(alone <= MESSAGE_BYTES_MAX, `a decided height: ${alone} bytes`)
})
