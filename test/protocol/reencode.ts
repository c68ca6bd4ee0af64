/** Other protobuf encodings of the same message: fields in another order, twice, unknown ones between, numbers longer than need be. */
import protobuf from 'protobufjs'

type Field = { readonly id: number; readonly wireType: number; readonly payload: Uint8Array }

/** A varint with `padding` bytes more than it needs, at most the ten that protobuf allows. */
const varint = (value: bigint, padding: number): Uint8Array => {
  const groups: number[] = []
  for (let rest = value; rest > 0n || groups.length === 0; rest >>= 7n) groups.push(Number(rest & 127n))
  for (let more = 0; more < padding && groups.length < 10; more++) groups.push(0)
  return Uint8Array.from(groups, (group, index) => (index < groups.length - 1 ? group | 128 : group))
}

const fieldsOf = (bytes: Uint8Array): readonly Field[] => {
  const reader = protobuf.Reader.create(bytes)
  const fields: Field[] = []
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const wireType = tag & 7
    if (wireType !== 0 && wireType !== 2) throw new Error(`unexpected wire type ${wireType}`)
    const payload =
      wireType === 2
        ? Uint8Array.from(reader.bytes())
        : varint(BigInt.asUintN(64, BigInt(reader.uint64().toString())), 0)
    fields.push({ id: tag >>> 3, wireType, payload })
  }
  return fields
}

const numberOf = (payload: Uint8Array): bigint =>
  payload.reduceRight((sum, group) => (sum << 7n) | BigInt(group & 127), 0n)

const print = (field: Field): Uint8Array => {
  const tag = varint(BigInt((field.id << 3) | field.wireType), 1)
  if (field.wireType === 0) return Buffer.concat([tag, varint(numberOf(field.payload), 1)])
  return Buffer.concat([tag, varint(BigInt(field.payload.length), 1), field.payload])
}

const UNKNOWN: Field = { id: 1000, wireType: 2, payload: Uint8Array.of(1, 2, 3) }

/** Encodes `bytes`, a message of `type`, once more with everything that protobuf lets vary. */
export const reencode = (type: protobuf.Type, bytes: Uint8Array): Uint8Array => {
  const fields = fieldsOf(bytes).map((field): Field => {
    const inner = type.fieldsById[field.id]?.resolvedType
    return inner instanceof protobuf.Type ? { ...field, payload: reencode(inner, field.payload) } : field
  })
  const groups = Map.groupBy(fields, (field) => field.id)
  const reordered = [...groups].reverse().flatMap(([id, items]) => {
    const known = type.fieldsById[id]
    const [only] = items
    // A field that is not repeated may come twice: the last one counts.
    const twice = known?.repeated === false && !(known.resolvedType instanceof protobuf.Type) && only !== undefined
    return twice ? [UNKNOWN, { ...only, payload: Uint8Array.of(1) }, ...items] : [UNKNOWN, ...items]
  })
  return Buffer.concat(reordered.map(print))
}
