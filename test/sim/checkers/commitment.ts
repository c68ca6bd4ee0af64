/** What a commitment hides, computed a second time from the words of R-50 alone. */
import { hash } from 'node:crypto'
import type { Digest } from '../../../protocol/crypto.ts'
import type { BodyOf } from '../../../protocol/message/message.ts'

/** SHA-256 of the parts one after another. By way of hex, which costs a third of what Node's own buffer does. */
export const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  Buffer.from(hash('sha256', Buffer.concat(parts), 'hex'), 'hex')

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const TAG = Buffer.from('commit')

/** Statements are large, immutable, and in sealed records and reveals alike. */
const statements = new WeakMap<Uint8Array, Buffer>()

const statementHash = (statement: Uint8Array): Buffer => {
  const known = statements.get(statement)
  if (known !== undefined) return known
  const made = hash('sha256', statement, 'buffer')
  statements.set(statement, made)
  return made
}

/** Bodies are immutable, and each is looked at by several checkers. */
const commitments = new WeakMap<BodyOf<'reveal'>, { readonly domain: Digest; readonly commitment: Digest }>()

/** Hash of "commit", domain, competition, round, manifest, hotkey, nonce and the statement's hash. */
export const commitmentOf = (domain: Digest, reveal: BodyOf<'reveal'>): Digest => {
  const known = commitments.get(reveal)
  if (known?.domain === domain) return known.commitment
  const name = Buffer.from(reveal.competition)
  const hex = (text: string): Buffer => Buffer.from(text, 'hex')
  const place = [hex(domain), uint32(name.length), name, uint32(reveal.round), hex(reveal.manifest)]
  const secret = [hex(reveal.hotkey), hex(reveal.nonce), statementHash(reveal.statement)]
  const commitment = sha256(TAG, ...place, ...secret).toString('hex')
  commitments.set(reveal, { domain, commitment })
  return commitment
}

/** What a validator says of one submission. */
export type Said = { readonly id: Digest; readonly verdict: string; readonly centrePpm: number }
export type Opened = { readonly hostNoisePpm: number; readonly submissions: readonly Said[] }

const opened = new WeakMap<Uint8Array, Opened>()

/** The measurements in a statement, read as plain JSON. */
export const openedOf = (statement: Uint8Array): Opened => {
  const known = opened.get(statement)
  if (known !== undefined) return known
  const { predicate } = JSON.parse(Buffer.from(statement).toString('utf8')) as { readonly predicate: Opened }
  opened.set(statement, predicate)
  return predicate
}
