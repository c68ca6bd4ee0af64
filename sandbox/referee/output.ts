/** Reads what a stranger's code could have written: every field is checked, nothing is believed. */
import { type FaultCode, RunFault, reportableCodes } from '../faults.ts'

/** Errors are a code, a line and at most 600 characters of text: four bytes each, escaped. */
export const ERROR_BYTES_MAX = 4_096

const TEXT_CHARACTERS_MAX = 600

/** Printable text on one line: control characters could redraw the terminal of whoever reads it. */
export function toPlainText(text: string, charactersMax: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, charactersMax)
}

/** A log keeps its lines. */
export function toPlainLog(text: string, charactersMax: number): string {
  return text
    .slice(-charactersMax)
    .split('\n')
    .map((line) => toPlainText(line, charactersMax))
    .join('\n')
}

/** The fault in an ERROR frame; `BAD_FRAME` when it is none. */
export function parseError(payload: Buffer): RunFault {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch {
    return new RunFault('BAD_FRAME', { text: 'an error that is not JSON' })
  }
  const { code, text, line } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const known = reportableCodes.find((reportable) => reportable === code) satisfies FaultCode | undefined
  if (known === undefined || typeof text !== 'string') return new RunFault('BAD_FRAME', { text: 'an unknown error' })
  const isLine = Number.isSafeInteger(line) && Number(line) > 0 && Number(line) < 1_000_000
  return new RunFault(known, { text: toPlainText(text, TEXT_CHARACTERS_MAX), ...(isLine ? { line } : {}) })
}
