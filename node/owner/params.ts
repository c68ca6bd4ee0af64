/** The subnet owner's side: a change of parameters, made from what is in force, checked and signed. */
import {
  type CompetitionParams,
  competitionParams,
  competitionParamsFault,
  type Digest,
  type Domains,
  decodeSs58,
  type MeshParams,
  meshParams,
  meshParamsFault,
  messageId,
  type ParamsChange,
  ProtocolError,
  type Signed,
} from '../../protocol/index.ts'
import type { TargetView } from '../api/params-view.ts'
import type { Hotkey } from '../home/keys.ts'
import { signWithHotkey } from '../machine/signer.ts'

/**
 * Counters end at 2³² − 1, and a validator's word alone says where they are: who lies could have the owner sign its last one. No owner changes
 * anything so often, and it takes thousands of lies to come to the end by steps of this.
 */
const COUNTER_MAX = 1_000_000

export type PreparedChange = {
  readonly id: Digest
  readonly message: Signed<'params'>
  /** What differs from the parameters in force. */
  readonly changes: readonly Change[]
  /** What is signed along because the validator says that it is in force, and differs from the genesis document (`from`). */
  readonly along: readonly Change[]
}

type Change = { readonly name: string; readonly from: string; readonly to: string }
type Values = Readonly<Record<string, unknown>>

/** By name, those of `after` that differ. */
const differences = (before: Values, after: Values): readonly Change[] =>
  Object.keys(after)
    .map((name) => ({ name, from: `${before[name]}`, to: `${after[name]}` }))
    .filter(({ from, to }) => from !== to)

/** An account as people write it; `owner` stands for whoever owns the subnet. */
export const recipientOf = (value: string): string | null =>
  value === 'owner' ? null : /^[0-9a-f]{64}$/.test(value) ? value : decodeSs58(value)

/** Values by name, over those in force. @throws ProtocolError BAD_SHAPE for a name that is none, or a value of another type. */
const withValues = (target: TargetView, set: readonly string[]): Readonly<Record<string, unknown>> => {
  const values: Record<string, unknown> = { ...target.params }
  for (const one of set) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(one) ?? []
    if (!Object.hasOwn(target.params, name) || name === 'id') {
      const names = Object.keys(target.params).filter((known) => known !== 'id')
      throw new ProtocolError('BAD_SHAPE', { set: one, want: `NAME=VALUE with a name of ${names.join(', ')}` })
    }
    values[name] = name === 'feeRecipient' ? recipientOf(value) : value
  }
  return values
}

const changeOf = (target: TargetView, set: readonly string[]): ParamsChange['change'] => {
  const values = withValues(target, set)
  return target.competition === null
    ? { kind: 'mesh', ...meshParams.fromWire(values, 'mesh') }
    : { kind: 'competition', ...competitionParams.fromWire(values, target.competition) }
}

/** The counter of the owner's next change, or null where the validator's word for the last one is no such number. */
export const nextCounter = ({ counter, proposed }: TargetView): number | null => {
  const next = Math.max(counter, proposed?.counter ?? 0) + 1
  return Number.isSafeInteger(next) && next >= 1 && next <= COUNTER_MAX ? next : null
}

/**
 * A change of one target, ready to be sent. `target`: what a validator says is in force.
 * @throws ProtocolError BAD_SHAPE for values that no validator would take
 */
export const prepareChange = (o: {
  readonly target: TargetView
  /** The same parameters as the genesis document has them. */
  readonly founded: MeshParams | CompetitionParams
  /** `name=value` each. */
  readonly set: readonly string[]
  /** From `nextCounter`. */
  readonly counter: number
  readonly activationHeight: number
  readonly hotkey: Hotkey
  readonly domains: Domains
}): PreparedChange => {
  const { target, counter, activationHeight, hotkey } = o
  const change = changeOf(target, o.set)
  const fault = change.kind === 'mesh' ? meshParamsFault(change) : competitionParamsFault(change)
  if (fault !== null) throw new ProtocolError('BAD_SHAPE', { params: fault, want: 'a value in its range' })
  const body = { hotkey: hotkey.publicKey, scheme: hotkey.scheme, counter, activationHeight, change }
  const message = signWithHotkey({ kind: 'params', body }, o)
  const { kind: _, ...after } = change
  const changes = differences({ ...target.params }, after)
  const isSet = (name: string): boolean => o.set.some((one) => one.startsWith(`${name}=`))
  const along = differences({ ...o.founded }, after).filter(({ name }) => !isSet(name))
  return { id: messageId(message, o.domains), message, changes, along }
}
