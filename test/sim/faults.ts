/** The menu of what can go wrong: how often each fault is part of a seed, and how it is drawn. Every parameter is a number, so that a plan can be read and written. */
import type { Random } from './random.ts'

export type Params = Readonly<Record<string, number>>

/** What a fault may know when it is drawn. */
export type Setting = {
  readonly random: Random
  readonly nodes: number
  readonly healAtMs: number
  /** Places of those that may lie. */
  readonly liars: readonly number[]
}

export type Fault = {
  /** Of a thousand seeds in which it can be. */
  readonly perMille: number
  /** Null when it cannot be in this seed. */
  readonly draw: (setting: Setting) => Params | null
}

/** A time before healing, and an end that may lie beyond. */
const during = ({ random, healAtMs }: Setting, forMs: number): { fromMs: number; toMs: number } => {
  const fromMs = random.below(healAtMs)
  return { fromMs, toMs: fromMs + 500 + random.below(forMs) }
}

const honest = ({ random, nodes, liars }: Setting): number => {
  const places = Array.from({ length: nodes }, (_, place) => place).filter((place) => !liars.includes(place))
  return places[random.below(places.length)] ?? 0
}

/** A set of places as bits. */
const someOf = (random: Random, nodes: number): number => random.below(2 ** nodes)

const always = (perMille: number, draw: (setting: Setting) => Params): Fault => ({ perMille, draw })

/** A strategy of liars: `nodes` are the places, as bits, of those that follow it. */
const lie = (perMille: number, draw: (random: Random) => Params = () => ({})): Fault => ({
  perMille,
  draw: ({ random, liars }) => {
    if (liars.length === 0) return null
    const chosen = liars.filter(() => random.chance(700))
    const [first] = liars
    const places = chosen.length > 0 || first === undefined ? chosen : [first]
    return { nodes: places.reduce((bits, place) => bits | (1 << place), 0), ...draw(random) }
  },
})

export const FAULTS = {
  // The net.
  drop: always(600, ({ random }) => ({ perMille: 1 + random.below(200) })),
  duplicate: always(300, ({ random }) => ({ perMille: 1 + random.below(100) })),
  /** Without it messages between two nodes keep their order. */
  reorder: always(600, () => ({})),
  /** Some messages take up to 100Δ. */
  delay: always(250, ({ random }) => ({ perMille: 1 + random.below(60), msMax: 2_000 + random.below(98_000) })),
  /** What nodes of `from` send to those of `to` is lost for a while; the other way it is not. */
  oneWay: always(150, (s) => ({ from: someOf(s.random, s.nodes), to: someOf(s.random, s.nodes), ...during(s, 8_000) })),
  staticPartition: always(200, (s) => ({ side: someOf(s.random, s.nodes), ...during(s, 12_000) })),
  /** The sides change every so often. */
  movingPartition: always(120, (s) => ({ everyMs: 300 + s.random.below(4_000), ...during(s, 15_000) })),
  /** Two halves that only one node reaches both of. */
  bridgePartition: always(120, (s) => ({
    side: someOf(s.random, s.nodes),
    node: s.random.below(s.nodes),
    ...during(s, 12_000),
  })),
  /** What would finish a height is lost more often for all but one node: it decides, the others must propose its value again. */
  finalizeLoss: always(350, ({ random, nodes }) => ({ perMille: 500 + random.below(450), node: random.below(nodes) })),
  /** The first honest node to decide this height is cut off from all but liars in that moment: nobody else may learn of it for a while. */
  lonely: always(300, ({ random }) => ({ height: 1 + random.below(4), forMs: 4_000 + random.below(16_000) })),
  /** A node that hears but is not heard. */
  silence: always(200, (s) => ({ node: honest(s), ...during(s, 15_000) })),

  // The process.
  crash: always(300, (s) => ({ node: honest(s), perMille: 2 + s.random.below(30) })),
  crashAfterSync: always(150, (s) => ({ node: honest(s), perMille: 20 + s.random.below(200) })),
  /** Stopped in order, for longer. */
  restart: always(200, (s) => ({ node: honest(s), ...during(s, 15_000) })),
  /** Frozen: it works off later what came meanwhile. */
  pause: always(150, (s) => ({ node: honest(s), ...during(s, 8_000) })),

  // The disk.
  failedWrite: always(120, (s) => ({ node: honest(s), perMille: 5 + s.random.below(60) })),
  /** A part of what was to be written together is there after the crash. */
  tornWrite: always(120, (s) => ({ node: honest(s), perMille: 5 + s.random.below(60) })),
  /** What was acknowledged is lost in a crash: the identity counts as a liar. */
  rolledBack: lie(200, (random) => ({ perMille: 3 + random.below(20), records: 1 + random.below(40) })),
  /** The disk is copied, and both copies run. */
  clonedKey: lie(200, (random) => ({ atMs: random.below(15_000) })),

  // The clock.
  clockJump: always(150, (s) => ({
    node: honest(s),
    atMs: s.random.below(s.healAtMs),
    byMs: 500 + s.random.below(60_000),
  })),
  /** Runs faster or slower by up to a tenth. */
  clockDrift: always(200, (s) => ({ node: honest(s), perMille: 900 + s.random.below(201) })),

  // The chain.
  stakeSwing: always(250, ({ random }) => ({ perMille: 100 + random.below(301) })),
  chainStall: always(120, (s) => {
    const { fromMs, toMs } = during(s, 12_000)
    return { fromMs, forMs: toMs - fromMs }
  }),

  // Liars.
  equivocatingLeader: lie(400, (random) => ({ perMille: random.chance(500) ? 1000 : 500 })),
  doubleVote: lie(400, (random) => ({ perMille: random.chance(500) ? 1000 : 300 })),
  /** Proposes in views that others lead. */
  usurper: lie(150, (random) => ({ perMille: 200 + random.below(800) })),
  /** Two copies of one identity from the start. */
  twins: lie(200),
  lateVotes: lie(150, (random) => ({ byMs: 1_000 + random.below(15_000) })),
  certificateToOne: lie(200, (random) => ({ to: random.below(16) })),
  omission: lie(250, (random) => ({ victim: random.below(16), perMille: 300 + random.below(700) })),
  invalidProposal: lie(150, (random) => ({ perMille: 100 + random.below(600) })),
  copiedCommit: lie(150),
  withheldReveal: lie(200, (random) => ({ to: random.below(16) })),
  changedReveal: lie(150),
  /** Two of them can leave each honest node with what no other takes. */
  splitReveal: lie(150),
  splitReceipt: lie(150),
  /** It takes the place of what the log names. */
  decoy: lie(150, (random) => ({
    victim: random.below(16),
    afterMs: random.below(1_000),
    perMille: 300 + random.below(700),
  })),
  absurdMetric: lie(250, (random) => ({ ppm: random.chance(500) ? 0 : 4_000_000_000 })),
  duplicateIds: lie(120),
  forgery: lie(250, (random) => ({ perMille: 20 + random.below(100) })),
  forgedEvidence: lie(200, (random) => ({ perMille: 20 + random.below(200) })),
  farViews: lie(200, (random) => ({ ahead: 1 + random.below(1_000_000), perMille: 100 + random.below(400) })),
} as const satisfies Record<string, Fault>

/**
 * Of a thousand seeds in which it can be, where only the agreement is played: what brings a mesh to the edge of its votes comes more often,
 * and together.
 */
export const SHARPER: Readonly<Partial<Record<FaultName, number>>> = {
  lonely: 500,
  finalizeLoss: 600,
  staticPartition: 350,
  equivocatingLeader: 700,
  doubleVote: 700,
  usurper: 300,
}

export type FaultName = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[]

/** Whether a set of places as bits holds this one. */
export const isIn = (bits: number | undefined, place: number): boolean => (((bits ?? 0) >> place) & 1) === 1
