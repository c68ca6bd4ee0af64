/** Checks that an observer fed with nothing but the archive, decided heights, messages and evidence, reaches the state of the live nodes (16). */
import { isDeepStrictEqual } from 'node:util'
import type { Key } from '../../../protocol/crypto.ts'
import { restoreMachine } from '../../../protocol/machine.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { createRounds, type RoundState } from '../../../protocol/round/state.ts'
import { type Checker, type Ended, type Sim, Violation } from '../watch.ts'

/** A replay costs as much as the run's rounds: one run in so many is replayed, by its last header. */
const ONE_RUN_IN = 32

const stateOf = (state: RoundState) => ({
  committee: state.committee,
  convicted: state.convicted,
  logBlock: state.logBlock,
  competitions: [...state.competitions.values()].map(({ standing, results, lastRound, lastCloseBlock, open }) => ({
    standing,
    results,
    lastRound,
    lastCloseBlock,
    open: open?.manifest ?? null,
  })),
})

const replayed = (sim: Sim, run: Ended, node: Key) =>
  restoreMachine({
    genesis: sim.genesis,
    self: null,
    application: rounds,
    rounds: createRounds({ genesis: sim.genesis, self: null }),
    records: run.diskOf(node).filter(({ kind }) => kind === 'decided' || kind === 'message' || kind === 'evidence'),
  })

const isDrawn = (run: Ended, node: Key): boolean => {
  const last = run.logs.get(node)?.at(-1)
  return last !== undefined && Number.parseInt(headerDigest(last).slice(-8), 16) % ONE_RUN_IN === 0
}

/** The honest node with the longest log whose rounds have folded all of it. */
const archivist = (sim: Sim, run: Ended): Key | null => {
  const nodes = [...run.logs].filter(([node]) => sim.roundsOf(node)?.backlog.length === 0)
  return nodes.sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? null
}

export const replayOf = (o: { readonly isEvery: boolean }): Checker => ({
  name: 'replay',
  watch: (sim, checked) => ({
    ended: (run) => {
      const source = archivist(sim, run)
      if (source === null || !(o.isEvery || isDrawn(run, source))) return
      const { rounds: state, consensus } = replayed(sim, run, source)
      const want = stateOf(state)
      for (const [node, log] of run.logs) {
        const live = sim.roundsOf(node)
        const root = sim.consensusOf(node)?.log.root
        if (live === null || live.backlog.length > 0 || log.length !== consensus.log.frontier.size) continue
        checked()
        if (root !== consensus.log.root || !isDeepStrictEqual(stateOf(live), want)) {
          throw new Violation('a replay of the archive reaches the same state', { source, node, height: log.length })
        }
      }
    },
  }),
})

export const replay = replayOf({ isEvery: false })
