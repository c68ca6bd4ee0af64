/** Whether a training run left what the reference's would have left: numbers of the verifier against the contract's tolerances. */
import type { Tolerances } from './contract.ts'

/** What the verifier found of one run; `…Ppb` in parts per billion. */
export type Found = {
  readonly finite: boolean
  readonly logitsPpb: number
  readonly lossPpb: number
  readonly updatePpb: number
  /** The worst tensor, and its number in the model's order. */
  readonly tensorPpb: number
  readonly tensor: number
  readonly memoryPpb: number
  /** Where the memory probe found most: the step, counted from 0, and the sequence in its batch. */
  readonly memoryStep: number
  readonly memorySequence: number
  /** The step whose update is missing most, by least squares: −10⁹ when all of it is, and the standard error. */
  readonly ledgerStep: number
  readonly ledgerPpb: number
  readonly ledgerErrorPpb: number
  readonly checkpointPpb: number
}

/** Why a run is refused; each is a row of the referee's table of faults. */
export type TrainingCode =
  | 'WEIGHTS_NOT_FINITE'
  | 'WRONG_LOGITS'
  | 'WRONG_LOSS'
  | 'WRONG_UPDATE'
  | 'WRONG_MEMORY'
  | 'RAN_AHEAD'

/** One check, for a report: what was found and what would still pass. */
export type Gate = {
  readonly name: keyof Tolerances
  readonly foundPpb: number
  readonly limitPpb: number
}

const GATES = [
  { name: 'memoryPpb', code: 'WRONG_MEMORY' },
  { name: 'logitsPpb', code: 'WRONG_LOGITS' },
  { name: 'lossPpb', code: 'WRONG_LOSS' },
  { name: 'updatePpb', code: 'WRONG_UPDATE' },
  { name: 'tensorPpb', code: 'WRONG_UPDATE' },
  { name: 'checkpointPpb', code: 'RAN_AHEAD' },
] as const satisfies readonly { name: keyof Tolerances; code: TrainingCode }[]

const PPB = 1_000_000_000

/** A part of one with its sign, cut to `digits` decimals. */
const decimals = (ppb: number, digits: number): string => {
  const unit = 10 ** (9 - digits)
  const whole = Math.floor(Math.abs(ppb) / unit)
  const sign = ppb < 0 && whole > 0 ? '−' : ''
  return `${sign}${Math.floor(whole / 10 ** digits)}.${String(whole % 10 ** digits).padStart(digits, '0')}`
}

/** A ledger's entry below this is a step that was left out in good part. */
const MISSING_PPB = -PPB / 4

/** The words that name what is missing: the step where the probe found most, or whose update the weights lack. */
const explain = (found: Found): string => {
  const { memoryStep, memorySequence, ledgerStep, ledgerPpb, ledgerErrorPpb } = found
  const isLeftOut = ledgerPpb < MISSING_PPB
  const coefficient = `coefficient ${decimals(ledgerPpb, 2)} ± ${decimals(ledgerErrorPpb, 3)}`
  if (isLeftOut && ledgerPpb < -0.9 * PPB) return `step ${ledgerStep} contributes nothing: ${coefficient}`
  if (isLeftOut) return `step ${ledgerStep} contributes too little: ${coefficient}`
  return `most at step ${memoryStep}, sequence ${memorySequence}`
}

export const gatesOf = (found: Found, tolerances: Tolerances): readonly Gate[] =>
  GATES.map(({ name }) => ({ name, foundPpb: found[name], limitPpb: tolerances[name] }))

/** weights are finite and every number of the verifier is within its tolerance; the first that is not, in this order, is the reason. */
export const checkTraining = (
  found: Found,
  tolerances: Tolerances,
): { readonly code: TrainingCode; readonly text: string } | null => {
  if (!found.finite) return { code: 'WEIGHTS_NOT_FINITE', text: 'a weight is NaN or infinite' }
  const failed = GATES.find(({ name }) => !(found[name] <= tolerances[name]))
  if (failed === undefined) return null
  const { name, code } = failed
  const numbers = `${decimals(found[name], 6)}, at most ${decimals(tolerances[name], 6)}`
  if (name === 'tensorPpb') return { code, text: `tensor ${found.tensor} went another way; ${numbers}` }
  return { code, text: code === 'WRONG_MEMORY' || code === 'WRONG_UPDATE' ? `${explain(found)}; ${numbers}` : numbers }
}
