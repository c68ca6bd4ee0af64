/** Everything the command line prints: results on stdout, progress and trouble on stderr; and the exit codes. */

/** Documented in `evalmesh --help`; scripts rely on them. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  notFound: 3,
  key: 4,
  rejected: 5,
  unavailable: 6,
  pending: 7,
  quota: 8,
  contradicted: 9,
  interrupted: 130,
} as const

export const EXIT_HELP = `Exit codes:
  0  done
  1  a bug of ours: please report it
  2  wrong usage
  3  not found
  4  key missing, malformed or not allowed
  5  refused by the rules, or the submission is at fault
  6  this machine or the network lacks something; the message says what to do, then try again
  7  not decided yet
  8  over a quota
  9  an audit contradicts the record
  130 interrupted
With --json an error is { "error": { exitCode, message, hint } } on stdout, too.`

/** A failure the user can act on: one sentence, and what to do. */
export class CliError extends Error {
  readonly exitCode: number
  readonly hint: string

  constructor(o: { readonly exitCode: number; readonly message: string; readonly hint?: string }) {
    super(o.message)
    this.name = 'CliError'
    this.exitCode = o.exitCode
    this.hint = o.hint ?? ''
  }
}

/** A name, a reason or a source may be a stranger's: what a terminal would obey is shown instead, as JSON escapes it. */
const inert = (text: string): string =>
  text.replace(/\r\n|\p{Cc}/gu, (found) =>
    ['\r\n', '\n', '\t'].includes(found) ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

export const print = (line: string): void => {
  process.stdout.write(`${inert(line)}\n`)
}

/** A file's content: as it is where a program reads it, and at a terminal as any other text. */
export const printContent = (content: string): void => {
  if (process.stdout.isTTY) print(content)
  else process.stdout.write(`${content}\n`)
}

let isAnswered = false

/** Whether a JSON answer was printed already: an error after it is told by the exit code alone. */
export const hasAnswered = (): boolean => isAnswered

/** One JSON document on one line: the last line of stdout is always the whole answer. */
export const printJson = (value: unknown): void => {
  isAnswered = true
  print(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)))
}

export const progress = (line: string): void => {
  process.stderr.write(`${inert(line)}\n`)
}

/** Columns padded to their widest cell, two spaces between, the first row as heading. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}
