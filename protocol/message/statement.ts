/** Statements that tools outside the mesh read too: in-toto JSON as canonical bytes, signed under DSSE. */
import { utf8ToBytes } from '../crypto.ts'
import { ProtocolError } from '../errors.ts'

/** What canonical JSON holds: no floats; integers above 2^53 are decimal strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'

/** What a message's statement is about: the kind that DSSE signs over. */
export const PREDICATE_TYPES = {
  reveal: 'https://evalmesh.dev/evaluation/v1',
  roundAttestation: 'https://evalmesh.dev/round-result/v1',
} as const

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

/** DSSE's pre-authentication encoding: what is signed for a statement. */
export const preAuthEncoding = (payload: Uint8Array): Uint8Array => {
  const head = utf8ToBytes(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `)
  const out = new Uint8Array(head.length + payload.length)
  out.set(head)
  out.set(payload, head.length)
  return out
}

/** Nothing in it is escaped: the engine's printer would only put quotes around it. */
const PLAIN = /^[ !#-[\]-~]*$/

const printText = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

const print = (value: Json): string => {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new ProtocolError('BAD_STATEMENT', { value })
  if (typeof value === 'string') return printText(value)
  if (value === null || typeof value !== 'object') return `${value}`
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`
  const named = value as Record<string, Json>
  const names = Object.keys(named).sort((a, b) => (a < b ? -1 : 1))
  return `{${names.map((name) => `${printText(name)}:${print(named[name] ?? null)}`).join(',')}}`
}

/** R-6: the one printer: names sorted by UTF-16 code unit, no spaces, safe integers only. */
export const printJson = (value: Json): Uint8Array => utf8ToBytes(print(value))

/** True where the printer would change neither the order of a name nor a number. */
const isInOrder = (value: Json): boolean => {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (value === null || typeof value !== 'object') return true
  if (Array.isArray(value)) return value.every(isInOrder)
  let before: string | null = null
  for (const name of Object.keys(value)) {
    if (before !== null && before >= name) return false
    if (!isInOrder((value as Record<string, Json>)[name] ?? null)) return false
    before = name
  }
  return true
}

/**
 * What `print(value) === text` says, by the engine's own printer, which keeps the order it read: several times as fast. Only names that are
 * whole numbers come in another order out of an object; for those the slow way decides.
 */
const isCanonical = (value: Json, text: string): boolean =>
  (JSON.stringify(value) === text && isInOrder(value)) || print(value) === text

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws ProtocolError BAD_STATEMENT unless the bytes are exactly what `printJson` would print. */
export const parseJson = (bytes: Uint8Array): Json => {
  try {
    const text = decoder.decode(bytes)
    const value = JSON.parse(text) as Json
    if (isCanonical(value, text)) return value
  } catch (error) {
    throw new ProtocolError('BAD_STATEMENT', { error: error instanceof Error ? error.message : 'unreadable' })
  }
  throw new ProtocolError('BAD_STATEMENT', { error: 'not canonical' })
}

const isRecord = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Checks that a statement is of the given type and that its predicate has these values under these names; it may say more.
 * @throws ProtocolError BAD_STATEMENT.
 */
export const checkStatement = (
  statement: Uint8Array,
  expected: { readonly predicateType: string; readonly predicate: Readonly<Record<string, string | number>> },
): void => {
  const value = parseJson(statement)
  const predicate = isRecord(value) ? value['predicate'] : undefined
  if (!isRecord(value) || !isRecord(predicate)) throw new ProtocolError('BAD_STATEMENT', { want: 'a predicate' })
  const type = { _type: value['_type'], predicateType: value['predicateType'] }
  if (type._type !== STATEMENT_TYPE || type.predicateType !== expected.predicateType) {
    throw new ProtocolError('BAD_STATEMENT', { ...type, want: expected.predicateType })
  }
  for (const [field, want] of Object.entries(expected.predicate)) {
    if (predicate[field] !== want) throw new ProtocolError('BAD_STATEMENT', { field, want })
  }
}
