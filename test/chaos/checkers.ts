/** Holds stopped validators' archives and their rows on chain against the simulator's own checkers. */
import type { Domains, Genesis, Metagraph } from '../../protocol/index.ts'
import { CHECKERS } from '../sim/checkers/index.ts'
import { replayOf } from '../sim/checkers/replay.ts'
import { type Checker, type Ended, Violation, type Watcher } from '../sim/watch.ts'
import { type Archive, feedArchives, simOf } from './archive.ts'
import type { Weighed } from './checks.ts'

/** What archives cannot show: how long something was held, how quickly it went, with how much memory, and how a liar is met; nobody lies here. */
const LIVE_ONLY: readonly string[] = ['accountability', 'inclusion', 'patience', 'bounded-memory', 'prompt', 'catch-up']

const OF_ARCHIVES: readonly Checker[] = CHECKERS.filter(({ name }) => !LIVE_ONLY.includes(name)).map((checker) =>
  // One run is worth a whole replay; the simulator draws among its many.
  checker.name === 'replay' ? replayOf({ isEvery: true }) : checker,
)

/** Those that need no order of what was signed. */
const OF_VOTES: readonly string[] = ['guarded', 'no-conviction']

/** Reports the first promise that a checker sees broken instead of throwing, and asks it no more. */
const observed = (name: string, watcher: Watcher, violated: (sentence: string) => void): Watcher => {
  let isBroken = false
  const look = (tell: () => void): void => {
    if (isBroken) return
    try {
      tell()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      isBroken = true
      violated(`${name}: ${error.message}`)
    }
  }
  const { persisted, signed, certified, decided, weighed, ended } = watcher
  return {
    ...(persisted && { persisted: (node, records) => look(() => persisted(node, records)) }),
    ...(signed && { signed: (node, message) => look(() => signed(node, message)) }),
    ...(certified && { certified: (certificate) => look(() => certified(certificate)) }),
    ...(decided && { decided: (node, one) => look(() => decided(node, one)) }),
    ...(weighed && { weighed: (node, weights) => look(() => weighed(node, weights)) }),
    ...(ended && { ended: (run) => look(() => ended(run)) }),
  }
}

export type Checked = {
  readonly violations: readonly string[]
  /** How often each checker compared something that could have been otherwise. */
  readonly times: ReadonlyMap<string, number>
}

/** Shows everything to every checker that can judge it. */
export const checkArchives = (o: {
  readonly genesis: Genesis
  readonly domains: Domains
  readonly archives: readonly Archive[]
  readonly weighed: readonly Weighed[]
  /** Of the blocks that vectors were set for. */
  readonly metagraphs: ReadonlyMap<number, Metagraph>
  readonly isDone: Ended['isDone']
}): Checked => {
  const sim = simOf(o)
  const violations: string[] = []
  const times = new Map(OF_ARCHIVES.map(({ name }) => [name, 0]))
  const watchers = OF_ARCHIVES.map(({ name, watch }) => {
    const watcher = watch(sim, () => times.set(name, (times.get(name) ?? 0) + 1))
    return { name, watcher: observed(name, watcher, (sentence) => violations.push(sentence)) }
  })
  feedArchives({
    sim,
    archives: o.archives,
    watchers: watchers.map(({ watcher }) => watcher),
    ofVotes: watchers.filter(({ name }) => OF_VOTES.includes(name)).map(({ watcher }) => watcher),
    isDone: o.isDone,
  })
  for (const { node, block, row } of o.weighed) {
    const vector = { uids: row.map(([uid]) => uid), values: row.map(([, value]) => value) }
    for (const { watcher } of watchers) watcher.weighed?.(node, { block, vector })
  }
  return { violations, times }
}
