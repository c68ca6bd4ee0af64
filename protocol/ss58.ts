/** SS58: how wallets and explorers write a 32-byte account, here with Bittensor's prefix 42. */
import { blake2b } from '@noble/hashes/blake2.js'
import { base58 } from '@scure/base'
import { bytesToHex, concatBytes, hexToBytes, type Key, utf8ToBytes } from './crypto.ts'
import { ProtocolError } from './errors.ts'

const PREFIX = Uint8Array.of(42)
const CHECKSUM_BYTES = 2

const checksum = (payload: Uint8Array): Uint8Array =>
  blake2b(concatBytes(utf8ToBytes('SS58PRE'), payload), { dkLen: 64 }).subarray(0, CHECKSUM_BYTES)

export const encodeSs58 = (account: Key): string => {
  const payload = concatBytes(PREFIX, hexToBytes(account))
  return base58.encode(concatBytes(payload, checksum(payload)))
}

/** @throws ProtocolError BAD_SHAPE for another prefix, length or checksum. */
export const decodeSs58 = (text: string): Key => {
  try {
    const bytes = base58.decode(text)
    const account = bytesToHex(bytes.subarray(1, 33))
    if (encodeSs58(account) === text) return account
  } catch {
    // Not base58, or too short: told below.
  }
  throw new ProtocolError('BAD_SHAPE', { path: 'ss58', want: 'an address with prefix 42' })
}
