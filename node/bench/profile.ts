/** Where a submission's time goes: its functions under cProfile, in the sandbox, on one matrix. */
import { formOf } from '../../sandbox/index.ts'

/** Functions told of each role. */
const ROWS_MAX = 8
const MARK = 'EVALMESH-PROFILE '

export type ProfileRow = {
  /** File, line and name; the submission's own file is solution.py. */
  readonly function: string
  readonly calls: number
  /** Without the functions it calls, and with them. */
  readonly ownMs: number
  readonly totalMs: number
}
export type Profile = { readonly compress: readonly ProfileRow[]; readonly decompress: readonly ProfileRow[] }

/** Runs one source as the module solution and reports each call's profile as one line; what the source prints is dropped. */
const WRAPPER = `import cProfile, io, json, os, pstats, sys

SPACE = {"__name__": "solution", "__file__": "solution.py"}
exec(compile(SOURCE, "solution.py", "exec", dont_inherit=True), SPACE)


def call(role, data):
    profile = cProfile.Profile()
    out, err = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        return profile.runcall(SPACE[role], data)
    finally:
        sys.stdout, sys.stderr = out, err
        rows = []
        for (file, line, name), (_, calls, own, total, _) in pstats.Stats(profile).stats.items():
            rows.append((f"{os.path.basename(file)}:{line} {name}"[:60], calls, own * 1e3, total * 1e3))
        rows.sort(key=lambda row: -row[2])
        os.write(2, ("${MARK}" + json.dumps([role, rows[:${ROWS_MAX}]]) + "\\n").encode())


def compress(data):
    return call("compress", data)


def decompress(data):
    return call("decompress", data)
`

/** What the harness takes of a source; one full of control characters grows sixfold. */
const WATCHED_BYTES_MAX = 60_000

/** The source with its two functions watched: what they return is the same, and they are slower. Null for one that cannot be. */
export const watched = (source: string): string | null => {
  const text = WRAPPER.replace('SOURCE', () => JSON.stringify(source))
  return formOf(source) === 'functions' && Buffer.byteLength(text) <= WATCHED_BYTES_MAX ? text : null
}

type Row = readonly [name: string, calls: number, ownMs: number, totalMs: number]

const isRow = (value: unknown): value is Row =>
  Array.isArray(value) && typeof value[0] === 'string' && [1, 2, 3].every((index) => typeof value[index] === 'number')

/** Of whatever the submission printed, the first profile of each role. It is a stranger's text: anything else is passed over. */
export const readProfile = (printed: string): Profile => {
  const found: Record<keyof Profile, readonly ProfileRow[]> = { compress: [], decompress: [] }
  for (const line of printed.split('\n')) {
    const at = line.indexOf(MARK)
    if (at < 0) continue
    const [role, rows] = parse(line.slice(at + MARK.length))
    if ((role !== 'compress' && role !== 'decompress') || !Array.isArray(rows) || found[role].length > 0) continue
    found[role] = rows.filter(isRow).map(([name, calls, ownMs, totalMs]) => {
      return { function: name.slice(0, 60), calls, ownMs, totalMs }
    })
  }
  return found
}

/** Cut off in the middle, or forged, it is nothing. */
const parse = (text: string): readonly unknown[] => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
