/** A validator's rounds, counted by how its reveals went: what outliers are held against. */
import type { Key } from '../crypto.ts'
import type { Mark, RoundMark } from '../round/result.ts'

/** Rounds by mark. */
export type Tally = Readonly<Record<Mark, number>>

const NONE: Tally = { counted: 0, flagged: 0, noisy: 0, missing: 0 }

/** a validator's tally counts, for each mark, the decided results of a competition that gave it that mark; nothing else enters it. */
export const foldMarks = (tallies: Map<Key, Tally>, marks: readonly RoundMark[]): void => {
  for (const { hotkey, mark } of marks) {
    const before = tallies.get(hotkey) ?? NONE
    tallies.set(hotkey, { ...before, [mark]: before[mark] + 1 })
  }
}
