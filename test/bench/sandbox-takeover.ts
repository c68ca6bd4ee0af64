/** How often the rule of takeover is wrong, in simulated rounds of hosts whose runs stray by 0.7 %. */
import { createStanding } from '../../protocol/ledger/fold.ts'
import { createNoise } from '../protocol/competition/noise.ts'
import { playRound, SIGMA, shareOf, takesOver } from '../protocol/ledger/takeovers.ts'
import type { Row } from './harness.ts'

const MEMBERS = 16

/** Mean of two runs each, better by more than 1 %: what a leaderboard without statistics does. */
const naiveShare = (tries: number): number => {
  const noise = createNoise(1)
  const run = (): number => Math.exp(SIGMA * noise.normal())
  return shareOf(tries, () => (run() + run()) / (run() + run()) > 1.01)
}

export const measureTakeover = (o: { readonly tries: number; readonly rounds: number }): readonly Row[] => {
  const noise = createNoise(100 + MEMBERS)
  const clones = 100 * shareOf(o.tries, () => takesOver({ members: MEMBERS }, noise, 0))
  const seen = createNoise(3)
  const isSeen = () =>
    playRound({ members: MEMBERS }, { standing: createStanding(), noise: seen, gain: 0.02 }) === 'provisional'
  const recognised = 100 * shareOf(o.rounds, isSeen)
  const naive = 100 * naiveShare(10 * o.tries)
  return [
    {
      ...{
        name: `clone of the leader takes over, ${o.tries} simulated tries, n = ${MEMBERS}`,
        value: clones,
        unit: '%',
      },
      ...{ beside: naive, besideName: 'naive rule, %', ratio: clones / naive, target: '< 1 %', met: clones < 1 },
    },
    {
      ...{
        name: `true gain of 2 % recognised, ${o.rounds} simulated rounds, n = ${MEMBERS}`,
        value: recognised,
        unit: '%',
      },
      ...{ beside: null, besideName: '', ratio: null, target: '≥ 95 %', met: recognised >= 95 },
    },
  ]
}
