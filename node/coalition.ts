/** Who could stop a committee, and who could certify alone: in numbers, and in a sentence for people. */
import {
  type Committee,
  encodeSs58,
  isQuorum,
  type Key,
  smallestBlockingCoalition,
  smallestCertifyingCoalition,
  weightOf,
} from '../protocol/index.ts'

export type CoalitionView = {
  readonly hotkeys: readonly string[]
  readonly weightPpm: number
  readonly sentence: string
}

type Kind = { readonly verb: string; readonly members: readonly { readonly hotkey: Key }[] }

const viewOf = (committee: Committee, o: Kind & { readonly isEnough: (weight: bigint) => boolean }): CoalitionView => {
  const { members, total } = committee
  const hotkeys = o.members.map(({ hotkey }) => hotkey)
  const weight = weightOf(committee, hotkeys)
  const names = hotkeys.map(encodeSs58)
  const weights = members.map((member) => member.weight).sort((a, b) => Number(a > b) - Number(a < b))
  const lightest = weights.slice(0, names.length).reduce((sum, one) => sum + one, 0n)
  // When even the lightest of that number are enough, it does not matter which they are.
  const which = o.isEnough(lightest) ? `any ${names.length}` : `${names.length}`
  return {
    hotkeys: names,
    weightPpm: total === 0n ? 0 : Number((weight * 1_000_000n) / total),
    sentence: `${which} of ${members.length} can ${o.verb}: ${names.map((name) => name.slice(0, 8)).join(', ')}`,
  }
}

/** The smallest coalitions of this committee; equally small ones may exist beside those that are named, the heaviest is. */
export const coalitionsOf = (
  committee: Committee,
): { readonly blocking: CoalitionView; readonly certifying: CoalitionView } => ({
  blocking: viewOf(committee, {
    verb: 'stop it',
    members: smallestBlockingCoalition(committee),
    isEnough: (weight) => !isQuorum(committee.total - weight, committee.total),
  }),
  certifying: viewOf(committee, {
    verb: 'certify alone',
    members: smallestCertifyingCoalition(committee),
    isEnough: (weight) => isQuorum(weight, committee.total),
  }),
})
