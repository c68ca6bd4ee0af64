/** SHA-256 in plain JavaScript: what `#sha256` names wherever no host has a faster one. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** 64 lower-case hex characters. */
export const sha256Hex = (bytes: Uint8Array): string => bytesToHex(sha256(bytes))
