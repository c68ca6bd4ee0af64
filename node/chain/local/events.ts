/** What a call may leave behind: events under its extrinsic's index, or a refusal under the chain's name. */
import { type Codec, hex32, struct, u16, u64, union } from './codec.ts'
import type { State } from './state.ts'

export type ChainEvent =
  | { readonly kind: 'Transfer'; readonly from: string; readonly to: string; readonly amountRao: bigint }
  | { readonly kind: 'NeuronRegistered'; readonly netuid: number; readonly uid: number; readonly hotkey: string }
  | { readonly kind: 'StakeAdded'; readonly coldkey: string; readonly hotkey: string; readonly amountRao: bigint }
  | { readonly kind: 'WeightsSet'; readonly netuid: number; readonly uid: number }

/** What a call knows besides the state: who signed it and the number of the block that includes it. */
export type DispatchContext = { readonly signer: string; readonly block: number }

/** `error` is the chain's own name. */
export type CallResult = { readonly state: State; readonly events: readonly ChainEvent[] } | { readonly error: string }

type EventOf<K extends ChainEvent['kind']> = Omit<Extract<ChainEvent, { kind: K }>, 'kind'>

export const eventCodec: Codec<ChainEvent> = union<ChainEvent>({
  Transfer: struct<EventOf<'Transfer'>>({ from: hex32, to: hex32, amountRao: u64 }),
  NeuronRegistered: struct<EventOf<'NeuronRegistered'>>({ netuid: u16, uid: u16, hotkey: hex32 }),
  StakeAdded: struct<EventOf<'StakeAdded'>>({ coldkey: hex32, hotkey: hex32, amountRao: u64 }),
  WeightsSet: struct<EventOf<'WeightsSet'>>({ netuid: u16, uid: u16 }),
})
