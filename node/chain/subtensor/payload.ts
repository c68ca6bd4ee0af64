/** The bytes inside hidden weights: what a hash commits to, and what a timelock hides. */

import { blake2b } from '@noble/hashes/blake2.js'
import { compactToU8a } from '@polkadot/util'

/** A row as a call carries it. */
export type Row = { readonly uids: readonly number[]; readonly values: readonly number[]; readonly versionKey: bigint }

const u16s = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, 2 * index)
  return bytes
}

const vec = (values: readonly number[]): Buffer => Buffer.concat([compactToU8a(values.length), u16s(values)])

const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

/** Subtensor keeps the mechanisms of a subnet under one number. */
export const storageIndex = (netuid: number, mechanism: number): number => netuid + 4096 * mechanism

/** The hash that commit_weights takes, and that reveal_weights must open; `hotkey` is 64 hex digits. */
export const commitHash = (o: Row & { hotkey: string; index: number; salt: readonly number[] }): Uint8Array =>
  blake2b(
    Buffer.concat([
      Buffer.from(o.hotkey, 'hex'),
      u16s([o.index]),
      vec(o.uids),
      vec(o.values),
      vec(o.salt),
      u64(o.versionKey),
    ]),
    { dkLen: 32 },
  )

/** What commit version 4 encrypts: the chain takes it from this hotkey only. */
export const timelockPayload = (o: Row & { readonly hotkey: string }): Uint8Array =>
  Buffer.concat([compactToU8a(32), Buffer.from(o.hotkey, 'hex'), vec(o.uids), vec(o.values), u64(o.versionKey)])
