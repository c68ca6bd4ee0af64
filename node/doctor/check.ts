/** One look of the doctor: what was found, and what mends it. */

/** `warn`: it runs, but not as it should; `fail`: mend this first; `skip`: could not be looked at, because of another row. */
export type CheckState = 'ok' | 'warn' | 'fail' | 'skip'

export type Check = {
  readonly name: string
  readonly state: CheckState
  /** What was found, in a few words. */
  readonly found: string
  /** What to do; empty where nothing is. */
  readonly mend: string
}

export type Verdict = Omit<Check, 'name'>

export const ok = (found: string): Verdict => ({ state: 'ok', found, mend: '' })
export const warn = (found: string, mend: string): Verdict => ({ state: 'warn', found, mend })
export const fail = (found: string, mend: string): Verdict => ({ state: 'fail', found, mend })
export const skip = (found: string): Verdict => ({ state: 'skip', found, mend: '' })

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
