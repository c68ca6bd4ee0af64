/** The log: one JSON line an event on stderr; secrets never reach it because key objects print redacted. */
import { type Logger, pino } from 'pino'

export type Log = Logger

/** error = someone must act, warn = may become so, info = a life sign, debug = everything. */
export const createLog = (o: { readonly name: string; readonly level: string }): Log =>
  pino({ name: o.name, level: o.level, base: { name: o.name } }, pino.destination({ dest: 2, sync: true }))
