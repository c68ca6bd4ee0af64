/** The genesis of a local chain: a JSON document of accounts, one subnet and its neurons, checked field by field. */
import { LocalChainError } from './errors.ts'
import { type Account, type Slot, type State, type Subnet, uidsMax } from './state.ts'

/** Amounts in rao are decimal strings (JSON numbers end at 2^53); keys are 64 hex digits. Fields with a `?` have defaults. */
export type GenesisSpec = {
  /** Part of the genesis hash: give each devnet its own. */
  readonly name?: string
  readonly accounts?: readonly { readonly key: string; readonly freeRao: string }[]
  readonly subnet: {
    readonly netuid: number
    readonly tempo: number
    readonly ownerHotkey: string
    /** Default 100 blocks, as on the chain. */
    readonly weightsRateLimit?: number
    /** Default 0: any. */
    readonly versionKey?: number
    /** Default 1. */
    readonly minAllowedWeights?: number
    /** Default 64, as for a new subnet. */
    readonly maxAllowedValidators?: number
    /** Default 256. */
    readonly maxAllowedUids?: number
    /** Default 0. */
    readonly stakeThresholdRao?: string
    /** Default 500000 rao, the chain's least price of a registration. */
    readonly burnRao?: string
  }
  /** In the order of their uids. */
  readonly neurons: readonly {
    readonly hotkey: string
    readonly coldkey: string
    readonly stakeRao: string
    readonly permit: boolean
  }[]
}

/** 21 million TAO of 10^9 rao: all there will ever be, and so no sum of balances leaves a u64. */
const supplyRaoMax = 21_000_000n * 1_000_000_000n

export type Genesis = { readonly name: string; readonly state: State }

/** Throws LocalChainError BAD_GENESIS, which names the field. */
export function parseGenesis(json: unknown): Genesis {
  const spec = record(json, 'genesis')
  const name = spec['name'] ?? 'devnet'
  if (typeof name !== 'string' || name.length > 64) bad('name')
  const neurons = list(spec['neurons'], 'neurons').map((each, uid) => parseNeuron(each, `neurons[${uid}]`))
  if (new Set(neurons.map(({ slot }) => slot.hotkey)).size !== neurons.length) bad('neurons', 'a hotkey occurs twice')
  const subnet = parseSubnet(record(spec['subnet'], 'subnet'))
  if (neurons.length > subnet.maxAllowedUids) bad('neurons', 'more than maxAllowedUids')
  const accounts = list(spec['accounts'] ?? [], 'accounts').map((each, index) =>
    parseAccount(each, `accounts[${index}]`),
  )
  if (new Map(accounts).size !== accounts.length) bad('accounts', 'a key occurs twice')
  const supplyRao = [...accounts.map(([, account]) => account.freeRao), ...neurons.map(({ stakeRao }) => stakeRao)]
  if (supplyRao.reduce((sum, each) => sum + each, 0n) > supplyRaoMax) bad('accounts', 'more rao than there can be')
  const staked = neurons.filter(({ stakeRao }) => stakeRao > 0n)
  const state: State = {
    accounts: new Map(accounts),
    stakes: new Map(staked.map(({ slot, stakeRao }) => [slot.hotkey, new Map([[slot.coldkey, stakeRao]])])),
    subnet,
    neurons: neurons.map(({ slot }) => slot),
    weights: new Map(),
  }
  return { name, state }
}

function parseSubnet(json: Readonly<Record<string, unknown>>): Subnet {
  const int = (field: string, range: { min: number; max: number; fallback?: number }): number =>
    integer(json[field] ?? range.fallback, `subnet.${field}`, range)
  return {
    netuid: int('netuid', { min: 1, max: 65_535 }),
    tempo: int('tempo', { min: 1, max: 50_400 }),
    ownerHotkey: key(json['ownerHotkey'], 'subnet.ownerHotkey'),
    weightsRateLimit: int('weightsRateLimit', { min: 0, max: 1_000_000, fallback: 100 }),
    versionKey: BigInt(int('versionKey', { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 })),
    minAllowedWeights: int('minAllowedWeights', { min: 0, max: uidsMax, fallback: 1 }),
    maxAllowedValidators: int('maxAllowedValidators', { min: 1, max: uidsMax, fallback: 64 }),
    maxAllowedUids: int('maxAllowedUids', { min: 1, max: uidsMax, fallback: 256 }),
    stakeThresholdRao: raoOf(json['stakeThresholdRao'] ?? '0', 'subnet.stakeThresholdRao'),
    burnRao: raoOf(json['burnRao'] ?? '500000', 'subnet.burnRao'),
  }
}

function parseNeuron(json: unknown, field: string): { readonly slot: Slot; readonly stakeRao: bigint } {
  const { hotkey, coldkey, stakeRao, permit } = record(json, field)
  if (typeof permit !== 'boolean') bad(`${field}.permit`)
  return {
    slot: { hotkey: key(hotkey, `${field}.hotkey`), coldkey: key(coldkey, `${field}.coldkey`), permit, lastUpdate: 0 },
    stakeRao: raoOf(stakeRao, `${field}.stakeRao`),
  }
}

function parseAccount(json: unknown, field: string): readonly [string, Account] {
  const account = record(json, field)
  return [key(account['key'], `${field}.key`), { freeRao: raoOf(account['freeRao'], `${field}.freeRao`), nonce: 0 }]
}

function bad(field: string, why = 'missing or out of range'): never {
  throw new LocalChainError('BAD_GENESIS', { field, why })
}

function record(json: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) bad(field)
  return json as Readonly<Record<string, unknown>>
}

function list(json: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(json) || json.length > uidsMax) bad(field)
  return json
}

function key(json: unknown, field: string): string {
  if (typeof json !== 'string' || !/^[0-9a-f]{64}$/.test(json)) bad(field)
  return json
}

function raoOf(json: unknown, field: string): bigint {
  if (typeof json !== 'string' || !/^\d{1,17}$/.test(json)) bad(field)
  return BigInt(json)
}

function integer(json: unknown, field: string, { min, max }: { min: number; max: number }): number {
  if (!Number.isInteger(json) || (json as number) < min || (json as number) > max) bad(field)
  return json as number
}
