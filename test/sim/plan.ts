/** What goes wrong in one seed: drawn before the run, so that a seed can be described. */
import type { Random } from './random.ts'

export type Plan = {
  /** Per mille of what is sent. */
  readonly lossPerMille: number
  /** More of what would finish a height, for all but one node: so that one decides and the others must propose its value again. */
  readonly finalizeLossPerMille: number
  /** Place of that node; beyond the last one there is none. */
  readonly favourite: number
  readonly duplicatePerMille: number
  /** Each delivery takes from 1 ms to this, so messages overtake each other. */
  readonly delayMsMax: number
  /** From then on nothing is lost, everyone runs, and deliveries take at most Δ/4. */
  readonly healAtMs: number
  /** Place of the node that lies, null when all are honest. */
  readonly liar: number | null
  /** Place of the node that says nothing until healing. */
  readonly silent: number | null
  /** Place of the node that crashes, with this chance per mille of each effect. */
  readonly crashing: number | null
  readonly crashPerMille: number
  /** A cut between these times: each node's side is its bit; the liar reaches both. Null when the net is whole. */
  readonly cut: { readonly side: number; readonly fromMs: number; readonly toMs: number } | null
  /** The first honest node to decide this height is cut off from all but the liar in that moment: nobody else may learn of it for a while. */
  readonly lonely: { readonly height: number; readonly forMs: number } | null
}

/** At most one liar, below a third; silence and crashes may come on top, since everyone else's are mended at healing. */
export const drawPlan = (random: Random, nodes: number): Plan => {
  const healAtMs = 8_000 + random.below(25_000)
  const liar = random.chance(500) ? random.below(nodes) : null
  const other = (): number | null => {
    const place = random.below(nodes)
    return place === liar ? null : place
  }
  const silent = random.chance(300) ? other() : null
  const crashing = random.chance(500) ? other() : null
  const fromMs = random.below(healAtMs)
  const cut = random.chance(300)
    ? { side: random.below(1 << nodes), fromMs, toMs: fromMs + random.below(12_000) }
    : null
  return {
    lossPerMille: random.below(201),
    finalizeLossPerMille: random.chance(500) ? 500 + random.below(450) : 0,
    favourite: random.below(2 * nodes),
    duplicatePerMille: random.below(101),
    // Most seeds stay within Δ, some go far beyond the views' timers.
    delayMsMax: 1 + random.below(random.chance(250) ? 8_000 : 400),
    healAtMs,
    liar,
    silent,
    crashing,
    crashPerMille: 2 + random.below(30),
    cut,
    lonely: random.chance(400) ? { height: 1 + random.below(4), forMs: 4_000 + random.below(16_000) } : null,
  }
}
