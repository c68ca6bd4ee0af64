/** SHA-256 by OpenSSL: what `#sha256` names where the protocol runs under Node. */
import { hash } from 'node:crypto'

/** 64 lower-case hex characters, the very same as those of `protocol/sha256.ts`. */
export const sha256Hex = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')
