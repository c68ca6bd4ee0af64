/** What a validator tells about parameters: in force, decided for a later height, and signed but not decided. */
import {
  type CompetitionParams,
  encodeSs58,
  type Machine,
  type MeshParams,
  type ParamsChange,
  type RoundState,
  targetOf,
} from '../../protocol/index.ts'

/** A change on its way: what will be in force from `activationHeight` on. */
export type ChangeView = {
  readonly counter: number
  readonly activationHeight: number
  readonly params: Readonly<Record<string, unknown>>
}

export type TargetView = {
  /** Null for the mesh's own. */
  readonly competition: string | null
  readonly params: MeshParams | CompetitionParams
  /** The next change must have a higher one. */
  readonly counter: number
  /** Decided, its height is to come. */
  readonly pending: ChangeView | null
  /** Signed by the owner, not decided. */
  readonly proposed: ChangeView | null
}

export type ParamsView = {
  /** The height being decided. */
  readonly height: number
  /** Who may change them. */
  readonly owner: string
  readonly targets: readonly TargetView[]
}

const changeView = (change: ParamsChange | undefined): ChangeView | null => {
  if (change === undefined) return null
  const { counter, activationHeight } = change
  const { kind: _, ...params } = change.change
  return { counter, activationHeight, params }
}

export const paramsView = ({ rounds, consensus }: Machine<RoundState>): ParamsView => {
  const { owner, mesh, counters, pending, proposed } = rounds.params
  const targetView = (
    o: Pick<TargetView, 'competition' | 'params'> & { readonly change: Parameters<typeof targetOf>[0]['change'] },
  ): TargetView => {
    const target = targetOf(o)
    return {
      competition: o.competition,
      params: o.params,
      counter: counters.get(target) ?? 0,
      pending: changeView(pending.get(target)),
      proposed: changeView(proposed.get(target)?.message.body),
    }
  }
  return {
    height: consensus.current.height,
    owner: encodeSs58(owner),
    targets: [
      targetView({ competition: null, params: mesh, change: { kind: 'mesh', ...mesh } }),
      ...[...rounds.competitions.values()].map(({ params }) =>
        targetView({ competition: params.id, params, change: { kind: 'competition', ...params } }),
      ),
    ],
  }
}
