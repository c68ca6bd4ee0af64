/** Who has signed what no honest validator signs, as this node's log and memory know it. */
import { encodeSs58, type RoundState } from '../../protocol/index.ts'

/** One hotkey and what it is held to account for. */
export type OffenceView = {
  readonly hotkey: string
  readonly offence: string
  /** Id of the evidence: any validator serves it. */
  readonly evidence: string
  /** Height that convicted it; null while the evidence waits for a header. */
  readonly height: number | null
  /** The last epoch without a seat for it; null while it waits, and once its hotkey was registered anew. */
  readonly untilEpoch: number | null
}

/** Convicts in the order of the log, then what waits. */
export const offencesOf = ({ convicted, evidence, params }: RoundState): readonly OffenceView[] => [
  ...[...convicted].map(([hotkey, one]) => ({
    hotkey: encodeSs58(hotkey),
    offence: one.offence,
    evidence: one.evidence,
    height: one.height,
    untilEpoch: one.isReleased ? null : one.epoch + params.mesh.evidenceEpochs,
  })),
  ...[...evidence.values()].map(({ id, hotkey, offence }) => ({
    hotkey: encodeSs58(hotkey),
    offence,
    evidence: id,
    height: null,
    untilEpoch: null,
  })),
]

/** One line for each; none when nobody has done anything. */
export const offenceLines = (offences: readonly OffenceView[]): readonly string[] =>
  offences.map(({ hotkey, offence, height, untilEpoch }) => {
    const since = height === null ? 'evidence waits for a header' : `convicted at height ${height}`
    return `${hotkey}  ${offence}: ${since}${untilEpoch === null ? '' : `, no seat up to epoch ${untilEpoch}`}`
  })
