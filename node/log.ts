/** The log: one JSON line an event on stderr; secrets never reach it because key objects print redacted. */
import { type Logger, pino } from 'pino'

export type Log = Logger

/** How many lines there were, by level. */
export type LineCounts = ReadonlyMap<string, number>

const LEVELS: Readonly<Record<number, string>> = { 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }

/**
 * error = someone must act, warn = may become so, info = a life sign, debug = everything. `count` hears the level of each line that monitoring
 * is told of.
 */
export const createLog = (o: {
  readonly name: string
  readonly level: string
  readonly count?: (level: string) => void
}): Log =>
  pino(
    {
      name: o.name,
      level: o.level,
      base: { name: o.name },
      hooks: {
        logMethod(args, method, level) {
          const name = LEVELS[level]
          if (name !== undefined) o.count?.(name)
          method.apply(this, args)
        },
      },
    },
    pino.destination({ dest: 2, sync: true }),
  )

/** Counts lines; every level is there from the start, so that a rate is known from the first line on. */
export const createLineCounter = () => {
  const counts = new Map(Object.values(LEVELS).map((level) => [level, 0]))
  return {
    counts: counts as LineCounts,
    count: (level: string): void => {
      counts.set(level, (counts.get(level) ?? 0) + 1)
    },
  }
}
