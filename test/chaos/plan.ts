/** Draws a run's faults from its seed: episodes in which a few validators suffer, now and then too many, and quiet between. */
import { createRandom, type Random } from '../sim/random.ts'

export const FAULT_KINDS = ['kill', 'stop', 'move', 'partition', 'loss'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]
/** What happens to one validator's process. `move`: stopped, exported, and imported into a new folder. */
type ProcessKind = 'kill' | 'stop' | 'move'

/** Nothing that the first sends reaches the second; places of validators. */
export type Cut = readonly [from: number, to: number]

export type Fault = {
  readonly atMs: number
  readonly forMs: number
  /** Places of those who cannot do their part because of it. */
  readonly hit: readonly number[]
} & (
  | { readonly kind: ProcessKind }
  | { readonly kind: 'partition'; readonly shape: string; readonly cuts: readonly Cut[] }
  | { readonly kind: 'loss'; readonly perMille: number }
)

const EPISODE_MS = 30_000
/** Within this long after an episode began its first faults come; they end this long before it does. */
const QUIET_MS = 5_000
/** One episode in so many has more faulty than the mesh promises to bear: nothing may be decided wrongly then either. */
const STORM_EVERY = 6
const LOSS_PER_MILLE = 50

type Span = Pick<Fault, 'atMs' | 'forMs'>

type Episode = {
  readonly random: Random
  readonly startMs: number
  readonly all: readonly number[]
  /** Who suffers; the others only lose packets. */
  readonly victims: readonly number[]
  readonly isStorm: boolean
}

const shuffled = (random: Random, items: readonly number[]): readonly number[] => {
  const left = [...items]
  return items.flatMap(() => left.splice(random.below(left.length), 1))
}

/** A span of the episode, within the bounds. */
const span = ({ random, startMs }: Episode, o: { min: number; max: number }): Span => {
  const room = EPISODE_MS - 2 * QUIET_MS
  const forMs = Math.min(room, o.min + random.below(o.max - o.min))
  return { atMs: startMs + QUIET_MS + random.below(room - forMs + 1), forMs }
}

const between = (some: readonly number[], others: readonly number[]): readonly Cut[] =>
  some.flatMap((a) =>
    others
      .filter((b) => b !== a)
      .flatMap((b): Cut[] => [
        [a, b],
        [b, a],
      ]),
  )

const toward = (from: readonly number[], to: readonly number[]): readonly Cut[] =>
  from.flatMap((a) => to.filter((b) => b !== a).map((b): Cut => [a, b]))

type Shape = { readonly shape: string; readonly hit: readonly number[]; readonly cuts: readonly Cut[] }

/** Cuts that leave a quorum connected. */
const minorShapes = ({ all, victims }: Episode): readonly Shape[] => {
  const rest = all.filter((place) => !victims.includes(place))
  const [alone = 0] = victims
  const others = all.filter((place) => place !== alone)
  return [
    { shape: 'minority', hit: victims, cuts: between(victims, rest) },
    { shape: 'alone', hit: [alone], cuts: between([alone], others) },
    { shape: 'heard by nobody', hit: [alone], cuts: toward([alone], others) },
    { shape: 'hears nobody', hit: [alone], cuts: toward(others, [alone]) },
  ]
}

/** Cuts that leave no quorum connected, or one only through a single member. */
const stormShapes = ({ random, all }: Episode): readonly Shape[] => {
  const mixed = shuffled(random, all)
  const half = Math.floor(all.length / 2)
  const [bridge = 0, ...sides] = mixed
  return [
    { shape: 'halves', hit: all, cuts: between(mixed.slice(0, half), mixed.slice(half)) },
    { shape: `bridge ${bridge}`, hit: all, cuts: between(sides.slice(0, half), sides.slice(half)) },
    { shape: 'one way between halves', hit: all, cuts: toward(mixed.slice(0, half), mixed.slice(half)) },
  ]
}

const drawPartition = (episode: Episode): readonly Fault[] => {
  const shapes = episode.isStorm ? stormShapes(episode) : minorShapes(episode)
  const shape = shapes[episode.random.below(shapes.length)]
  return shape === undefined ? [] : [{ kind: 'partition', ...shape, ...span(episode, { min: 5_000, max: 20_000 }) }]
}

/** One process fault a victim: a killed process cannot be stopped too. */
const drawProcesses = (episode: Episode, kinds: readonly ProcessKind[]): readonly Fault[] =>
  episode.victims.flatMap((victim): readonly Fault[] => {
    const kind = kinds[episode.random.below(kinds.length)]
    if (kind === undefined || episode.random.chance(250)) return []
    return [{ kind, hit: [victim], ...span(episode, { min: 2_000, max: kind === 'stop' ? 20_000 : 15_000 }) }]
  })

export const isProcessKind = (kind: FaultKind): kind is ProcessKind => kind !== 'partition' && kind !== 'loss'

/**
 * The faults of a run in the order of their starts; `kinds` are those that may be drawn.
 * In each episode every kind is on or off by chance, so that each combination comes up.
 */
export const drawPlan = (o: {
  readonly seed: number
  readonly validators: number
  readonly ms: number
  readonly kinds: readonly FaultKind[]
}): readonly Fault[] => {
  const random = createRandom(o.seed)
  const all = Array.from({ length: o.validators }, (_, place) => place)
  const bearable = Math.floor((o.validators - 1) / 3)
  const faults: Fault[] = []
  for (let index = 0; (index + 1) * EPISODE_MS <= o.ms; index++) {
    const startMs = index * EPISODE_MS
    const isStorm = index % STORM_EVERY === STORM_EVERY - 1
    const count = isStorm ? bearable + 1 + random.below(o.validators - bearable) : 1 + random.below(bearable)
    const victims = shuffled(random, all).slice(0, count)
    const episode: Episode = { random, startMs, all, victims, isStorm }
    const on = o.kinds.filter(() => random.chance(600))
    faults.push(...drawProcesses(episode, on.filter(isProcessKind)))
    if (on.includes('partition')) faults.push(...drawPartition(episode))
    if (on.includes('loss')) {
      faults.push({ kind: 'loss', hit: [], perMille: LOSS_PER_MILLE, atMs: startMs, forMs: EPISODE_MS })
    }
  }
  return faults.sort((a, b) => a.atMs - b.atMs)
}
