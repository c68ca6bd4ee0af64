/** What decided results say of each validator: its tally in every competition, beside its seat. */
import { type Committee, encodeSs58, type Key, memberOf, type RoundState, type Tally } from '../../protocol/index.ts'
import { ppmOf } from './ppm.ts'

export type ValidatorsView = {
  readonly validators: readonly {
    readonly hotkey: string
    /** Part of the committee's weight in this epoch; 0 without a seat. */
    readonly weightPpm: number
    /** Decided rounds by how its reveals went. */
    readonly competitions: readonly (Tally & { readonly competition: string })[]
  }[]
}

const weightPpm = (committee: Committee, hotkey: Key): number =>
  ppmOf(memberOf(committee, hotkey)?.weight ?? 0n, committee.total)

/** Whoever has a seat now, or had one in a decided round; heaviest first. */
export const validatorsView = ({ committee, competitions }: RoundState): ValidatorsView => {
  const standings = [...competitions.values()].map(({ params, standing }) => ({ id: params.id, ...standing }))
  const hotkeys = new Set([
    ...committee.members.map(({ hotkey }) => hotkey),
    ...standings.flatMap(({ tallies }) => [...tallies.keys()]),
  ])
  const validators = [...hotkeys].map((hotkey) => ({
    hotkey: encodeSs58(hotkey),
    weightPpm: weightPpm(committee, hotkey),
    competitions: standings.flatMap(({ id, tallies }) => {
      const tally = tallies.get(hotkey)
      return tally === undefined ? [] : [{ competition: id, ...tally }]
    }),
  }))
  return { validators: validators.sort((a, b) => b.weightPpm - a.weightPpm || (a.hotkey < b.hotkey ? -1 : 1)) }
}
