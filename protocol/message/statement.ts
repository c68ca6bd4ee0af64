/** Statements that tools outside the mesh read too: in-toto JSON as canonical bytes, signed under DSSE. */
import { concatBytes, utf8ToBytes } from '../crypto.ts'
import { ProtocolError } from '../errors.ts'

/** What canonical JSON holds: no floats; integers above 2^53 are decimal strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

/** DSSE's pre-authentication encoding: what is signed for a statement. */
export const preAuthEncoding = (payload: Uint8Array): Uint8Array =>
  concatBytes(utf8ToBytes(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload)

const print = (value: Json): string => {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new ProtocolError('BAD_STATEMENT', { value })
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`
  const entries = Object.entries(value as Record<string, Json>).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${print(item)}`).join(',')}}`
}

/** R-6: the one printer: names sorted by UTF-16 code unit, no spaces, safe integers only. */
export const printJson = (value: Json): Uint8Array => utf8ToBytes(print(value))

/** @throws ProtocolError BAD_STATEMENT unless the bytes are exactly what `printJson` would print. */
export const parseJson = (bytes: Uint8Array): Json => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value = JSON.parse(text) as Json
    if (print(value) === text) return value
  } catch (error) {
    throw new ProtocolError('BAD_STATEMENT', { error: error instanceof Error ? error.message : 'unreadable' })
  }
  throw new ProtocolError('BAD_STATEMENT', { error: 'not canonical' })
}
