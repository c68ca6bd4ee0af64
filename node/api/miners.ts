/** What a miner may still hand in here, and who has handed in a given code before. */
import {
  type CompetitionState,
  type Digest,
  encodeSs58,
  type Key,
  type RoundState,
  receiptsToday,
} from '../../protocol/index.ts'

export type MinerView = {
  readonly hotkey: string
  /** Whether the hotkey has a uid on the subnet; null while this node has not seen the metagraph. */
  readonly isRegistered: boolean | null
  readonly competitions: readonly {
    readonly competition: string
    /** Receipts that this validator gave the hotkey or its coldkey within the last day of blocks; those without a verdict do not count. */
    readonly usedToday: number
    readonly dailyMax: number
  }[]
}

/** A submission with the code that was asked for. */
export type SameCode = {
  readonly submission: string
  readonly competition: string
  readonly miner: string
  /** Null while it waits. */
  readonly verdict: string | null
}

export const minerView = (rounds: RoundState, hotkey: Key): MinerView => ({
  hotkey: encodeSs58(hotkey),
  isRegistered: rounds.latest?.neurons.some((neuron) => neuron.hotkey === hotkey) ?? null,
  competitions: [...rounds.competitions.values()].map((competition) => ({
    competition: competition.params.id,
    usedToday: receiptsToday(rounds, competition, { miner: hotkey, head: rounds.head?.number ?? 0 }),
    dailyMax: competition.params.dailySubmissionsMax,
  })),
})

type Candidate = CompetitionState['candidates'] extends ReadonlyMap<Digest, infer C> ? C : never

/** What pays for a submission that waits, as block explorers name it, and what this validator's chain shows of it: null while it has not looked. */
export const paymentView = ({ held, found }: Candidate) => {
  const { payment } = held.message.body
  return payment && { extrinsic: `${payment.blockNumber}-${payment.extrinsicIndex}`, found }
}

const sameIn = ({ params, candidates, results, standing }: CompetitionState, bundle: Digest): readonly SameCode[] => {
  const found = new Map<Digest, SameCode>()
  const note = (id: Digest, hotkey: Key, verdict: string | null): void => {
    found.set(id, { submission: id, competition: params.id, miner: encodeSs58(hotkey), verdict })
  }
  for (const { held } of candidates.values()) {
    if (held.message.body.bundle === bundle) note(held.id, held.message.body.hotkey, null)
  }
  for (const record of standing.records) if (record.bundle === bundle) note(record.submission, record.hotkey, 'pass')
  for (const one of results.flatMap(({ submissions }) => submissions)) {
    if (one.bundle === bundle) note(one.id, one.hotkey, one.verdict)
  }
  return [...found.values()]
}

/** Of those that wait, all records, and the newest 64 rounds. */
export const sameCodeView = (rounds: RoundState, bundle: Digest): { readonly submissions: readonly SameCode[] } => ({
  submissions: [...rounds.competitions.values()].flatMap((competition) => sameIn(competition, bundle)),
})
