/** Subtensor's real types for the test chain: metadata from a file, and from it storage keys, values, events and errors. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types'
import type { Codec } from '@polkadot/types/types'
import { compactToU8a, u8aToHex } from '@polkadot/util'
import { xxhashAsHex } from '@polkadot/util-crypto'

const cache =
  process.env['EVALMESH_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'evalmesh')

/** Where `npm run metadata` leaves what it has fetched. */
export const METADATA_CACHE = join(cache, 'subtensor.metadata.scale')

/** A file with a Subtensor runtime's metadata; null when there is none, with what to do about it in `METADATA_HINT`. */
export const metadataPath = (): string | null =>
  [
    process.env['EVALMESH_SUBTENSOR_METADATA'] ?? '',
    new URL('../../../../../shared/data/subtensor-spec424.metadata.scale', import.meta.url).pathname,
    METADATA_CACHE,
  ].find((path) => path !== '' && existsSync(path)) ?? null

/** The sentence of a skipped test. */
export const METADATA_HINT =
  'no Subtensor metadata here: `npm run metadata -- wss://ENDPOINT` fetches it, or set EVALMESH_SUBTENSOR_METADATA to a file'

/** The extensions that carry no bytes, named so that the library does not warn about them. */
const EXTENSIONS = Object.fromEntries(
  ['SudoTransactionExtension', 'CheckShieldedTxValidity', 'SubtensorTransactionExtension', 'DrandPriority'].map(
    (name) => [name, { extrinsic: {}, payload: {} }],
  ),
)

export type Types = ReturnType<typeof loadTypes>

/** An event by the chain's names with plain values for its fields. */
export type PlainEvent = { readonly pallet: string; readonly name: string; readonly data: readonly unknown[] }

/** Finds what a pallet has by the names of the metadata. */
const createLookup = (registry: TypeRegistry, metadata: Metadata) => {
  const { pallets, apis } = metadata.asLatest
  const palletOf = (name: string) => {
    const found = pallets.find((pallet) => pallet.name.toString() === name)
    if (found === undefined) throw new Error(`the metadata has no pallet ${name}`)
    return found
  }
  const variantsOf = (pallet: string, kind: 'events' | 'errors') =>
    registry.lookup.getSiType(palletOf(pallet)[kind].unwrap().type).def.asVariant.variants
  return {
    palletOf,
    variantsOf,
    variantOf: (pallet: string, kind: 'events' | 'errors', name: string) =>
      variantsOf(pallet, kind).find((variant) => variant.name.toString() === name),
    entryOf(pallet: string, item: string) {
      const { items } = palletOf(pallet).storage.unwrap()
      const entry = items.find(({ name }) => name.toString() === item)
      if (entry === undefined) throw new Error(`the metadata has no storage ${pallet}.${item}`)
      return entry
    },
    apiOf(name: string, method: string) {
      const api = apis.find((each) => each.name.toString() === name)
      const found = api?.methods.find((one) => one.name.toString() === method)
      if (found === undefined) throw new Error(`the metadata has no ${name}.${method}`)
      return found
    },
  }
}

export const loadTypes = (path: string) => {
  const bytes = readFileSync(path)
  const registry = new TypeRegistry()
  const metadata = new Metadata(registry, bytes)
  registry.setMetadata(metadata, undefined, EXTENSIONS)
  const decorated = expandMetadata(registry, metadata)
  const typeOf = (id: Parameters<typeof registry.createLookupType>[0]): string => registry.createLookupType(id)
  const create = (type: string, value?: unknown): Codec => registry.createType(type, value)
  const { palletOf, variantsOf, variantOf, entryOf, apiOf } = createLookup(registry, metadata)

  return {
    registry,
    create,
    /** Option<OpaqueMetadata>, as the node's runtime answers. */
    opaque: u8aToHex(Buffer.concat([Buffer.from([1]), compactToU8a(bytes.length), bytes])),
    version: decorated.consts['system']?.['version']?.toJSON() as Readonly<Record<string, unknown>> & {
      readonly specVersion: number
      readonly transactionVersion: number
    },
    prefixOf: (pallet: string, item: string): string => `${xxhashAsHex(pallet, 128)}${xxhashAsHex(item, 128).slice(2)}`,
    /** The arguments of a full storage key, decoded by the entry's own types; [] for a plain one. */
    argsOf(pallet: string, item: string, key: string): readonly Codec[] {
      const { type } = entryOf(pallet, item)
      if (type.isPlain) return []
      const storageKey = registry.createType('StorageKey', key)
      storageKey.setMeta(entryOf(pallet, item), pallet, item)
      return [...storageKey.args]
    },
    encodeStored(pallet: string, item: string, value: unknown): string {
      const { type } = entryOf(pallet, item)
      return u8aToHex(create(typeOf(type.isPlain ? type.asPlain : type.asMap.value), value).toU8a())
    },
    encodeApi: (api: string, method: string, value: unknown): string =>
      u8aToHex(create(typeOf(apiOf(api, method).output), value).toU8a()),
    /** Phase (an extrinsic's index, or the block's own work), event, no topics. */
    encodeEvent(phase: number | null, { pallet, name, data }: PlainEvent): Uint8Array {
      const variant = variantOf(pallet, 'events', name)
      if (variant === undefined) throw new Error(`the metadata has no event ${pallet}.${name}`)
      const phaseBytes = Buffer.alloc(phase === null ? 1 : 5, phase === null ? 2 : 0)
      if (phase !== null) phaseBytes.writeUInt32LE(phase, 1)
      const fields = variant.fields.map((field, at) => create(typeOf(field.type), data[at]).toU8a())
      return Buffer.concat([
        phaseBytes,
        Buffer.from([palletOf(pallet).index.toNumber(), variant.index.toNumber()]),
        ...fields,
        Buffer.from([0]),
      ])
    },
    /** A dispatch error by name: of the Subtensor pallet, of a token, else `Other`. */
    dispatchError(name: string): unknown {
      const variant = variantOf('SubtensorModule', 'errors', name)
      if (variant === undefined) return TOKEN_ERRORS.has(name) ? { Token: name } : { Other: null }
      return {
        Module: {
          index: palletOf('SubtensorModule').index.toNumber(),
          error: Uint8Array.from([variant.index.toNumber(), 0, 0, 0]),
        },
      }
    },
    errorNames: (): readonly string[] => variantsOf('SubtensorModule', 'errors').map(({ name }) => name.toString()),
  }
}

const TOKEN_ERRORS: ReadonlySet<string> = new Set(['FundsUnavailable', 'NotExpendable', 'BelowMinimum'])
