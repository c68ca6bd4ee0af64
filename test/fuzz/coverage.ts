/** Which of our own code an input ran through, asked of V8 itself. */
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..', '..')
const OWN = ['protocol', 'proto', 'sandbox', 'node', 'test/fuzz/planted'].map(
  (path) => pathToFileURL(join(root, path)).href,
)

/** By script a byte for each character of its source: 1 where it ran. */
export type Reached = ReadonlyMap<string, Uint8Array>

export type Coverage = {
  /** What ran since the last call. */
  readonly take: () => Promise<Reached>
  readonly stop: () => Promise<void>
}

type Range = { readonly startOffset: number; readonly endOffset: number; readonly count: number }

/** Inner ranges come after those around them, and say otherwise. */
const paint = (ranges: readonly Range[]): Uint8Array => {
  const painted = new Uint8Array(Math.max(0, ...ranges.map(({ endOffset }) => endOffset)))
  for (const { startOffset, endOffset, count } of ranges) painted.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  return painted
}

export const startCoverage = async (): Promise<Coverage> => {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return {
    take: async () => {
      const { result } = await session.post('Profiler.takePreciseCoverage')
      const own = result.filter(({ url }) => OWN.some((path) => url.startsWith(path)))
      return new Map(own.map(({ url, functions }) => [url, paint(functions.flatMap(({ ranges }) => ranges))]))
    },
    stop: async () => {
      await session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}

/** Where a stretch of code begins. */
type Place = { readonly script: string; readonly offset: number }

/** Everything that was reached so far. */
export const createSeen = () => {
  const seen = new Map<string, Uint8Array>()
  const has = (script: string, offset: number): boolean => seen.get(script)?.[offset] === 1
  return {
    /** Beginnings of the stretches that nobody reached before. */
    fresh: (reached: Reached): readonly Place[] =>
      [...reached].flatMap(([script, painted]) => {
        const isNew = (offset: number): boolean => painted[offset] === 1 && !has(script, offset)
        const places: Place[] = []
        for (let offset = 0; offset < painted.length; offset++) {
          if (isNew(offset) && !(offset > 0 && isNew(offset - 1))) places.push({ script, offset })
        }
        return places
      }),
    add: (reached: Reached): void => {
      for (const [script, painted] of reached) {
        const before = seen.get(script) ?? new Uint8Array()
        const both = new Uint8Array(Math.max(before.length, painted.length))
        both.set(before)
        for (let offset = 0; offset < painted.length; offset++) if (painted[offset] === 1) both[offset] = 1
        seen.set(script, both)
      }
    },
    /** Characters of source. */
    size: (): number => [...seen.values()].reduce((sum, painted) => sum + painted.reduce((a, b) => a + b, 0), 0),
  }
}

export const reaches = (reached: Reached, places: readonly Place[]): boolean =>
  places.every(({ script, offset }) => reached.get(script)?.[offset] === 1)
