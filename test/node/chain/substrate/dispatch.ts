/** Carries out a decoded call on the test chain: balances, weights, batches and proxies, with the events of the real ones. */
import type { Call } from '@polkadot/types/interfaces'
import type { Codec } from '@polkadot/types/types'
import { dispatch as localDispatch } from '../../../../node/chain/local/dispatch.ts'
import { accountOf } from '../../../../node/chain/local/state.ts'
import { storageIndex } from '../../../../node/chain/subtensor/payload.ts'
import type { PlainEvent, Types } from './types.ts'
import { commitToHash, commitToTime, type Result, revealHash, setRow } from './weights.ts'
import type { World } from './world.ts'

type Context = { readonly types: Types; readonly origin: string; readonly block: number }

/** The arguments of a call by the names of the metadata. */
type Args = Readonly<Record<string, Codec>>

type Handler = (world: World, args: Args, context: Context) => Result

const hex = (value: Codec | undefined): string => value?.toHex().slice(2) ?? ''
const number = (value: Codec | undefined): number => Number(value?.toString())
const numbers = (value: Codec | undefined): readonly number[] => [...(value as unknown as Iterable<Codec>)].map(number)
const bigint = (value: Codec | undefined): bigint => BigInt(value?.toString() ?? '0')
/** The account of a MultiAddress: its last 32 bytes, whatever stands before them. */
const account = (value: Codec | undefined): string => hex(value).slice(-64)
const index = (args: Args): number => storageIndex(number(args['netuid']), args['mecid'] ? number(args['mecid']) : 0)
const row = (args: Args) => ({
  uids: numbers(args['dests'] ?? args['uids']),
  values: numbers(args['weights'] ?? args['values']),
  versionKey: bigint(args['versionKey']),
})

const pay = (
  world: World,
  o: { readonly from: string; readonly to: string; readonly amountRao: bigint; readonly block: number },
): Result => {
  const call = { kind: 'transfer', to: o.to, amountRao: o.amountRao } as const
  const { state, events, error } = localDispatch(world.local, call, { signer: o.from, block: o.block })
  if (error !== null) return { error }
  const told = events.flatMap((event): readonly PlainEvent[] =>
    event.kind === 'Transfer'
      ? [{ pallet: 'Balances', name: 'Transfer', data: [`0x${event.from}`, `0x${event.to}`, event.amountRao] }]
      : [],
  )
  return { world: { ...world, local: state }, events: told }
}

const transfer: Handler = (world, args, { origin, block }) =>
  pay(world, { from: origin, to: account(args['dest']), amountRao: bigint(args['value']), block })

/** All but the deposit that keeps the account alive. */
const transferAll: Handler = (world, args, { origin, block }) =>
  pay(world, {
    from: origin,
    to: account(args['dest']),
    amountRao: accountOf(world.local, origin).freeRao - 500n,
    block,
  })

const calls = (args: Args): readonly Call[] => [...(args['calls'] as unknown as Iterable<Call>)]

const utility = (name: string): PlainEvent => ({ pallet: 'Utility', name, data: [] })

/** batch stops at the first failure and still succeeds; force_batch goes on; batch_all undoes everything and fails. */
const batch =
  (kind: 'batch' | 'batchAll' | 'forceBatch'): Handler =>
  (world, args, context) => {
    const events: PlainEvent[] = []
    let next = world
    let hasErrors = false
    for (const [at, call] of calls(args).entries()) {
      const result = carryOut(next, call, context)
      if (!('error' in result)) {
        next = result.world
        events.push(...result.events, utility('ItemCompleted'))
        continue
      }
      const error = context.types.dispatchError(result.error)
      if (kind === 'batchAll') return result
      if (kind === 'batch')
        return { world: next, events: [...events, { ...utility('BatchInterrupted'), data: [at, error] }] }
      hasErrors = true
      events.push({ ...utility('ItemFailed'), data: [error] })
    }
    return { world: next, events: [...events, utility(hasErrors ? 'BatchCompletedWithErrors' : 'BatchCompleted')] }
  }

/** Acts for another account; a failure inside is told by an event only. */
const proxy: Handler = (world, args, context) => {
  const real = account(args['real'])
  if (!world.proxies.has(`${real}/${context.origin}`)) return { error: 'NotProxy' }
  const result = carryOut(world, args['call'] as unknown as Call, { ...context, origin: real })
  const outcome = 'error' in result ? { Err: context.types.dispatchError(result.error) } : { Ok: null }
  const told: PlainEvent = { pallet: 'Proxy', name: 'ProxyExecuted', data: [outcome] }
  return 'error' in result ? { world, events: [told] } : { world: result.world, events: [...result.events, told] }
}

const set: Handler = (world, args, { origin, block }) =>
  setRow(world, { ...row(args), signer: origin, index: index(args), block })
const commit: Handler = (world, args, { origin, block }) =>
  commitToHash(world, { signer: origin, index: index(args), block, hash: hex(args['commitHash']) })
const reveal: Handler = (world, args, { origin, block }) =>
  revealHash(world, { ...row(args), salt: numbers(args['salt']), signer: origin, index: index(args), block })
const commitTimed: Handler = (world, args, { origin, block }) =>
  commitToTime(world, {
    signer: origin,
    index: index(args),
    block,
    wire: Buffer.from((args['commit'] as unknown as { toU8a(isBare: boolean): Uint8Array }).toU8a(true)).toString(
      'hex',
    ),
    round: bigint(args['revealRound']),
    version: number(args['commitRevealVersion']),
  })

const HANDLERS: Readonly<Record<string, Handler>> = {
  'balances.transferKeepAlive': transfer,
  'balances.transferAllowDeath': transfer,
  'balances.transferAll': transferAll,
  'system.remark': (world) => ({ world, events: [] }),
  'utility.batch': batch('batch'),
  'utility.batchAll': batch('batchAll'),
  'utility.forceBatch': batch('forceBatch'),
  'proxy.proxy': proxy,
  'subtensorModule.setWeights': set,
  'subtensorModule.setMechanismWeights': set,
  'subtensorModule.commitWeights': commit,
  'subtensorModule.commitMechanismWeights': commit,
  'subtensorModule.revealWeights': reveal,
  'subtensorModule.revealMechanismWeights': reveal,
  'subtensorModule.commitTimelockedWeights': commitTimed,
  'subtensorModule.commitTimelockedMechanismWeights': commitTimed,
}

/** A failed call leaves the world as it was; a call that this chain does not know fails as `CallFiltered`. */
export const carryOut: (world: World, call: Call, context: Context) => Result = (world, call, context) => {
  const handler = HANDLERS[`${call.section}.${call.method}`]
  if (handler === undefined) return { error: 'CallFiltered' }
  const names = call.meta.args.map(({ name }) => name.toString())
  const args = Object.fromEntries(
    names.map((name, at) => [name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()), call.args[at]]),
  )
  return handler(world, args as Args, context)
}
