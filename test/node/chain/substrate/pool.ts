/** What the test chain's pool takes: extrinsics whose signature, nonce and era hold, and that pass Subtensor's own checks before inclusion. */
import { createPublicKey, verify as verifyEd25519 } from 'node:crypto'
import type { Extrinsic } from '@polkadot/types/interfaces'
import { blake2AsU8a } from '@polkadot/util-crypto'
import { verify as verifySr25519 } from '@scure/sr25519'
import { accountOf, stakeOf, uidOf } from '../../../../node/chain/local/state.ts'
import type { Types } from './types.ts'
import type { World } from './world.ts'

/** `bytes` is 0x-hex, as it was sent. */
export type Pooled = {
  readonly hash: string
  readonly bytes: string
  readonly signer: string
  readonly nonce: number
  readonly extrinsic: Extrinsic
}

export type PoolError = { readonly code: number; readonly message: string; readonly data: string }

const invalid = (data: string): PoolError => ({ code: 1010, message: 'Invalid Transaction', data })

export const readExtrinsic = (extrinsic: Extrinsic, bytes: string): Pooled => ({
  hash: extrinsic.hash.toHex(),
  bytes,
  signer: extrinsic.isSigned ? extrinsic.signer.toHex().slice(-64) : '',
  nonce: extrinsic.nonce.toNumber(),
  extrinsic,
})

type Check = {
  readonly types: Types
  readonly pooled: Pooled
  readonly pool: ReadonlyMap<string, Pooled>
  readonly best: { readonly number: number; readonly world: World }
  readonly specVersion: number
  readonly genesisHash: string
  readonly hashAt: (number: number) => string
}

/** Null: it may wait for a block. */
export const refusalOf = (o: Check): PoolError | null => {
  const { pooled, pool, best } = o
  if (pool.has(pooled.hash)) return { code: 1013, message: 'Transaction is already imported', data: pooled.hash }
  if (!pooled.extrinsic.isSigned) return invalid('Transaction call is not expected')
  const { nonce } = accountOf(best.world.local, pooled.signer)
  if (pooled.nonce < nonce) return invalid('Transaction is outdated')
  const era = pooled.extrinsic.era
  const birth = era.isMortalEra ? era.asMortalEra.birth(best.number) : 0
  if (era.isMortalEra && best.number >= era.asMortalEra.death(best.number))
    return invalid('Transaction has an ancient birth block')
  if (!hasValidSignature(o, o.hashAt(birth))) return invalid('Transaction has a bad signature')
  const rival = [...pool.values()].some(
    ({ signer, nonce: taken }) => signer === pooled.signer && taken === pooled.nonce,
  )
  if (rival)
    return {
      code: 1014,
      message: 'Priority is too low',
      data: 'The transaction has too low priority to replace another',
    }
  return subtensorRefusal(best, pooled)
}

/** What the signer has signed: the call, era, nonce and tip, and of this chain the runtime's versions, genesis and the era's first block. */
const hasValidSignature = ({ types, pooled, specVersion, genesisHash }: Check, blockHash: string): boolean => {
  const { extrinsic } = pooled
  const payload = types.registry.createType(
    'ExtrinsicPayload',
    {
      method: extrinsic.method.toHex(),
      era: extrinsic.era.toHex(),
      nonce: extrinsic.nonce,
      tip: extrinsic.tip,
      mode: 0,
      metadataHash: null,
      specVersion,
      transactionVersion: types.version.transactionVersion,
      genesisHash,
      blockHash,
    },
    { version: 4 },
  )
  const encoded = payload.toU8a({ method: true })
  const message = encoded.length > 256 ? blake2AsU8a(encoded) : encoded
  const signature = extrinsic.signature.toU8a()
  const publicKey = Buffer.from(pooled.signer, 'hex')
  const scheme = (extrinsic as unknown as { inner: { signature: { multiSignature: { type: string } } } }).inner
    .signature.multiSignature.type
  try {
    if (scheme === 'Sr25519') return verifySr25519(message, signature, publicKey)
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
    return (
      scheme === 'Ed25519' &&
      verifyEd25519(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
    )
  } catch {
    return false // malformed points make the libraries throw: a stranger's bytes
  }
}

const custom = (code: number): PoolError => invalid(`Custom error: ${code}`)

/** Stake and rate limits are looked at before inclusion already; a timelocked commit's limit only afterwards. */
const subtensorRefusal = ({ number, world }: Check['best'], { signer, extrinsic }: Pooled): PoolError | null => {
  const { section, method } = extrinsic.method
  if (section !== 'subtensorModule' || !/^(set|commit).*[wW]eights$/.test(method)) return null
  const { local } = world
  if (extrinsic.method.args[0]?.toString() !== String(local.subnet.netuid)) return null
  const neuron = local.neurons[uidOf(local, signer)]
  if (neuron === undefined) return null
  const isOwner = signer === local.subnet.ownerHotkey
  if (!isOwner && stakeOf(local, signer) < local.subnet.stakeThresholdRao) return custom(1)
  const isTooFast = neuron.lastUpdate !== 0 && number + 1 - neuron.lastUpdate < local.subnet.weightsRateLimit
  return isTooFast && !method.includes('Timelocked') ? custom(6) : null
}
