/** How many submissions of known verdict get it, on each engine: the whole list, by the command that judges it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Judged } from '../verdicts/judge.ts'
import type { Row } from './harness.ts'
import type { EngineName } from './sandbox-setup.ts'

type Answer = { readonly cases: readonly Judged[]; readonly leftovers: readonly string[] }

const judgeAll = async (args: readonly string[]): Promise<Answer | string> => {
  const child = spawn(process.execPath, ['test/verdicts/main.ts', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const last = stdout.trim().split('\n').at(-1) ?? ''
  return last.startsWith('{') ? (JSON.parse(last) as Answer) : `ended with ${code}`
}

/** What is there to be refused wrongly: honest code that looks suspicious. */
const isHonest = ({ name }: Judged): boolean => name.startsWith('honest-')

export const measureVerdicts = async (
  engine: EngineName,
  o: { readonly competition: string; readonly only?: string },
): Promise<readonly Row[]> => {
  const only = o.only === undefined ? [] : ['--only', o.only]
  const answer = await judgeAll(['--engine', engine, '--competition', o.competition, ...only])
  const row = (name: string, cases: readonly Judged[], enough: number, target: string): Row => {
    const right = cases.filter(({ ok }) => ok).length
    const what = `${name} on ${engine}, ${o.competition}`
    const figures = { value: right, unit: 'right', beside: cases.length, besideName: 'of' }
    // A few cases alone show that it runs; the target is for all of them.
    const met = right === cases.length && (o.only !== undefined || cases.length >= enough)
    return { name: what, ...figures, ratio: cases.length === 0 ? null : right / cases.length, target, met }
  }
  if (typeof answer === 'string') {
    const none = { value: null, unit: 'right', beside: null, besideName: 'of', ratio: null, met: null, why: answer }
    return [{ name: `submissions on ${engine}, ${o.competition}`, target: '100 % of ≥ 60', ...none }]
  }
  const { cases, leftovers } = answer
  const left = leftovers.length
  return [
    row(
      'hostile and wrong submissions',
      cases.filter((one) => !isHonest(one)),
      60,
      '100 % of ≥ 60',
    ),
    row('honest look-alikes', cases.filter(isHonest), 12, '100 % of ≥ 12'),
    {
      ...{
        name: `left over on the host after ${cases.length} cases on ${engine}, ${o.competition}`,
        value: left,
        unit: 'things',
      },
      ...{ beside: null, besideName: '', ratio: null, target: '0', met: left === 0 },
    },
  ]
}
