/** Makes a plan that breaks a promise smaller: first without whole faults, then without single strikes of those that are left. */
import { FAULT_NAMES, type FaultName } from './faults.ts'
import type { Plan } from './plan.ts'

/** What a plan does: whether it still breaks the same promise, and how often each fault struck. */
export type Trial = { readonly breaks: boolean; readonly strikes: ReadonlyMap<FaultName, number> }
type Try = (plan: Plan) => Trial

const without = (plan: Plan, name: FaultName): Plan => {
  const { [name]: _, ...faults } = plan.faults
  const { [name]: __, ...only } = plan.only
  return { ...plan, faults, only }
}

/** Plans a little smaller than this one, the largest steps first. */
const smaller = (plan: Plan): readonly Plan[] => [
  ...FAULT_NAMES.filter((name) => plan.faults[name] !== undefined).map((name) => without(plan, name)),
  ...plan.liars.map((liar) => ({ ...plan, liars: plan.liars.filter((place) => place !== liar) })),
  ...(plan.rounds > 1 ? [{ ...plan, rounds: 1 }] : []),
  ...(plan.healAtMs > 2_000 ? [{ ...plan, healAtMs: Math.floor(plan.healAtMs * 0.7) }] : []),
  ...(plan.delayMsMax > 20 ? [{ ...plan, delayMsMax: Math.floor(plan.delayMsMax / 2) }] : []),
]

const dropWhole = (plan: Plan, attempt: Try): Plan => {
  const next = smaller(plan).find((candidate) => attempt(candidate).breaks)
  return next === undefined ? plan : dropWhole(next, attempt)
}

/** Delta debugging over one fault's strikes: leaves out halves, quarters, and so on down to single ones. */
const dropStrikes = (plan: Plan, name: FaultName, attempt: Try): Plan => {
  const count = attempt(plan).strikes.get(name) ?? 0
  let kept: readonly number[] = plan.only[name] ?? Array.from({ length: count }, (_, index) => index + 1)
  if (kept.length === 0 || kept.length > STRIKES_MAX) return plan
  const withOnly = (only: readonly number[]): Plan => ({ ...plan, only: { ...plan.only, [name]: only } })
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (attempt(withOnly(fewer)).breaks) kept = fewer
      else from += size
    }
  }
  const shrunk = withOnly(kept)
  return attempt(shrunk).breaks ? shrunk : plan
}

/** More strikes than that are left as they are: each costs a run. */
const STRIKES_MAX = 400

/** `attempt(plan).breaks` must hold for the plan given. The answer breaks the same promise. */
export const shrink = (plan: Plan, attempt: Try, progress: (plan: Plan) => void = () => {}): Plan => {
  let best = dropWhole(plan, attempt)
  progress(best)
  for (const name of FAULT_NAMES) {
    if (best.faults[name] === undefined) continue
    best = dropStrikes(best, name, attempt)
    progress(best)
  }
  return dropWhole(best, attempt)
}
