/** How long a submission's code is for the committee alone. */
import type { Digest } from '../crypto.ts'
import type { ManifestEntry } from '../message/entry.ts'
import { type CompetitionState, heldOf, type RoundState } from './state.ts'

/** Opens at no block that is known yet: nobody has receipted it. */
const UNKNOWN_BLOCK = Number.MAX_SAFE_INTEGER

/** A day after the first receipt: what nobody has taken into a manifest yet opens as if one had. */
const waitingUntil = (competition: CompetitionState, bundle: Digest): readonly number[] =>
  [...competition.candidates.values()]
    .filter(({ held }) => held.message.body.bundle === bundle)
    .map(({ receipts }) => {
      const blocks = [...receipts.values()].map(({ message }) => message.body.block)
      return blocks.length === 0 ? UNKNOWN_BLOCK : Math.min(...blocks) + competition.params.blocksPerDay
    })

const opensIn = (competition: CompetitionState, bundle: Digest): readonly number[] => {
  const certified = competition.sealedUntil.get(bundle)
  return certified === undefined ? waitingUntil(competition, bundle) : [certified]
}

/**
 * a submission's code is the committee's alone until a day of blocks after its receipt block in the first manifest that names it; of
 * several submissions of one code the first to open opens it.
 * @returns the block from which on anyone may have it; null when it is no submission's code here, or open.
 */
export const sealedUntil = (state: RoundState, bundle: Digest): number | null => {
  const blocks = [...state.competitions.values()].flatMap((competition) => opensIn(competition, bundle))
  if (blocks.length === 0) return null
  const opens = Math.min(...blocks)
  return opens > (state.head?.number ?? state.logBlock) ? opens : null
}

/** notes when what this manifest names opens. What another has named before stays open, whoever names it again. */
export const sealNamed = (state: RoundState, competition: CompetitionState, entry: ManifestEntry): void => {
  const { sealedUntil: sealed, params } = competition
  for (const { id, receiptBlock } of entry.submissions) {
    const bundle = heldOf(state, 'submission', id)?.message.body.bundle
    if (bundle !== undefined && !sealed.has(bundle)) sealed.set(bundle, receiptBlock + params.blocksPerDay)
  }
}
