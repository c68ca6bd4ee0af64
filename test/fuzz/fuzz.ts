/** The loop: mutates good inputs, keeps those that reach new code, and makes the one that breaks a promise as small as it can. */
import { createRandom } from '../sim/random.ts'
import { type Coverage, createSeen, type Reached, reaches } from './coverage.ts'
import { mutate } from './mutate.ts'
import type { Target } from './target.ts'

export type Failure = { readonly input: Uint8Array; readonly error: unknown }

export type Outcome = {
  readonly executions: number
  /** Characters of our own source that were reached; 0 without coverage. */
  readonly reached: number
  /** Inputs that reached something new, made small. */
  readonly kept: readonly Uint8Array[]
  readonly failure: Failure | null
}

/** Inputs between two looks at the coverage: a look costs as much as some hundred of them. */
const BATCH = 64
const SAMPLES = 8
/** Runs spent on making one input smaller. */
const SHRINKS_MAX = 200
/** The same for one that joins the corpus: there are many of those. */
const KEEP_RUNS_MAX = 24

/** What the target throws about an input, null when it keeps its promises. */
export const tryInput = async (target: Target, input: Uint8Array): Promise<Failure | null> => {
  try {
    await target.run(input)
    return null
  } catch (error) {
    return { input, error }
  }
}

/** The shortest input found for which `holds` is still true: ever smaller pieces are left out. */
export const shrink = async (
  input: Uint8Array,
  holds: (shorter: Uint8Array) => Promise<boolean>,
  runsMax: number = SHRINKS_MAX,
): Promise<Uint8Array> => {
  let best = input
  let runs = 0
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= best.length && runs < runsMax; runs++) {
      const shorter = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + size)])
      if (await holds(shorter)) best = shorter
      else at += size
    }
  }
  return best
}

/** What tells one broken promise from another: numbers and digests differ from input to input. */
const nameOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.constructor.name} ${error.message.replace(/[0-9a-f]{2,}|\d+/g, '').slice(0, 80)}`
    : `${error}`

/** Runs until `isOver`, a failure, or for ever. The same seed, corpus and count of executions give the same inputs. */
export const fuzz = async (
  target: Target,
  o: {
    readonly seed: number
    readonly corpus: readonly Uint8Array[]
    readonly coverage: Coverage | null
    readonly isOver: (executions: number) => boolean
  },
): Promise<Outcome> => {
  const random = createRandom(o.seed)
  const pool = [...o.corpus, ...Array.from({ length: SAMPLES }, () => target.sample(random))]
  const pick = (): Uint8Array => pool[random.below(pool.length)] ?? new Uint8Array()
  const next = (): Uint8Array => {
    if (random.chance(50)) return target.sample(random)
    return mutate(pick(), { random, grammar: target.grammar, other: pick() })
  }
  const seen = createSeen()
  const kept: Uint8Array[] = []
  let executions = 0

  /** Every look forgets what it saw: this is what these inputs alone reach. */
  const reachedBy = async (batch: readonly Uint8Array[]): Promise<Reached> => {
    for (const input of batch) await tryInput(target, input)
    return (await o.coverage?.take()) ?? new Map()
  }
  /** Finds which inputs reached what nobody did, by halves, and keeps a small one for each. */
  const learn = async (batch: readonly Uint8Array[]): Promise<void> => {
    const reached = await reachedBy(batch)
    const fresh = seen.fresh(reached)
    const [input] = batch
    if (fresh.length === 0 || input === undefined) return
    if (batch.length > 1) {
      const half = batch.length >> 1
      await learn(batch.slice(0, half))
      return learn(batch.slice(half))
    }
    seen.add(reached)
    const small = await shrink(input, async (shorter) => reaches(await reachedBy([shorter]), fresh), KEEP_RUNS_MAX)
    kept.push(small)
    pool.push(small)
  }
  const shrunk = async ({ input, error }: Failure): Promise<Failure> => {
    const small = await shrink(input, async (shorter) => {
      const found = await tryInput(target, shorter)
      return found !== null && nameOf(found.error) === nameOf(error)
    })
    return (await tryInput(target, small)) ?? { input, error }
  }
  /** `isNew`: what reaches something new is kept; the corpus is kept already. */
  const runBatch = async (batch: readonly Uint8Array[], isNew: boolean): Promise<Failure | null> => {
    await o.coverage?.take()
    for (const input of batch) {
      executions++
      const failure = await tryInput(target, input)
      if (failure !== null) return shrunk(failure)
    }
    const reached = (await o.coverage?.take()) ?? new Map()
    if (!isNew) seen.add(reached)
    else if (seen.fresh(reached).length > 0) await learn(batch)
    return null
  }

  const known = await runBatch(o.corpus, false)
  if (known !== null) return { executions, reached: seen.size(), kept, failure: known }
  for (let batch: readonly Uint8Array[] = pool.slice(-SAMPLES); ; batch = Array.from({ length: BATCH }, next)) {
    const failure = await runBatch(batch, true)
    if (failure !== null || o.isOver(executions)) return { executions, reached: seen.size(), kept, failure }
  }
}
