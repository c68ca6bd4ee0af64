/** Scenarios: plans as text that a person can read, one fact a line, kept for what they once broke. */
import { FAULT_NAMES, type FaultName, type Params } from './faults.ts'
import type { Plan } from './plan.ts'
import type { SceneName } from './range.ts'

export type Scenario = {
  /** What it is about, in a sentence or a few. */
  readonly about: string
  readonly n: number
  readonly scene: SceneName
  readonly plan: Plan
  /** A promise that it still breaks: written down before it is mended. */
  readonly known: string | null
  /** With this fault planted in the protocol the scenario sees this promise broken; without it nothing is. */
  readonly sees: { readonly mutant: string; readonly promise: string } | null
}

const faultLine = (name: FaultName, params: Params, only: readonly number[] | undefined): string => {
  const facts = Object.entries(params).map(([key, value]) => `${key}=${value}`)
  return ['fault', name, ...facts, ...(only === undefined ? [] : [`only=${only.join(',')}`])].join(' ')
}

export const printScenario = ({ about, n, scene, plan, known, sees }: Scenario): string => {
  const lines = [
    ...about.split('\n').map((line) => `# ${line}`),
    `n ${n}`,
    `scene ${scene}`,
    `seed ${plan.seed}`,
    `healAtMs ${plan.healAtMs}`,
    `rounds ${plan.rounds}`,
    `delayMsMax ${plan.delayMsMax}`,
    ...(plan.liars.length > 0 ? [`liars ${plan.liars.join(',')}`] : []),
    ...(plan.isOverBudget ? ['overBudget'] : []),
    ...FAULT_NAMES.flatMap((name) => {
      const params = plan.faults[name]
      return params === undefined ? [] : [faultLine(name, params, plan.only[name])]
    }),
    ...plan.script.map(({ untilMs, side }) => `script untilMs=${untilMs} side=${side}`),
    ...(known === null ? [] : [`known ${known}`]),
    ...(sees === null ? [] : [`mutant ${sees.mutant}`, `sees ${sees.promise}`]),
  ]
  return `${lines.join('\n')}\n`
}

const numbers = (list: string): readonly number[] => (list === '' ? [] : list.split(',').map(toNumber))

const toNumber = (word: string): number => {
  const value = Number(word)
  if (word === '' || !Number.isSafeInteger(value))
    throw new Error(`a scenario says ${word} where a whole number stands`)
  return value
}

const toParams = (words: readonly string[]): { params: Params; only: readonly number[] | null } => {
  const facts = words.map((word) => word.split('=') as [string, string | undefined])
  const only = facts.find(([key]) => key === 'only')?.[1] ?? null
  const params = facts.filter(([key]) => key !== 'only').map(([key, value]) => [key, toNumber(value ?? '')] as const)
  return { params: Object.fromEntries(params), only: only === null ? null : numbers(only) }
}

/** @throws Error at the first line that is none. */
export const parseScenario = (text: string): Scenario => {
  const lines = text.split('\n').filter((line) => line !== '')
  const about = lines.filter((line) => line.startsWith('# ')).map((line) => line.slice(2))
  const faults: Partial<Record<FaultName, Params>> = {}
  const only: Partial<Record<FaultName, readonly number[]>> = {}
  const script: { untilMs: number; side: number }[] = []
  const single = new Map<string, string>()
  for (const line of lines.filter((one) => !one.startsWith('#'))) {
    const [word = '', ...rest] = line.split(' ')
    if (word === 'fault') {
      const name = FAULT_NAMES.find((known) => known === rest[0])
      if (name === undefined) throw new Error(`no fault is called ${rest[0]}`)
      const { params, only: strikes } = toParams(rest.slice(1))
      faults[name] = params
      if (strikes !== null) only[name] = strikes
    } else if (word === 'script') {
      const { params } = toParams(rest)
      script.push({ untilMs: params['untilMs'] ?? 0, side: params['side'] ?? 0 })
    } else single.set(word, rest.join(' '))
  }
  const number = (word: string): number => toNumber(single.get(word) ?? '')
  const mutant = single.get('mutant')
  return {
    about: about.join('\n'),
    n: number('n'),
    scene: (single.get('scene') ?? 'rounds') as SceneName,
    plan: {
      seed: number('seed'),
      healAtMs: number('healAtMs'),
      rounds: number('rounds'),
      delayMsMax: number('delayMsMax'),
      liars: numbers(single.get('liars') ?? ''),
      isOverBudget: single.has('overBudget'),
      faults,
      only,
      script,
    },
    known: single.get('known') ?? null,
    sees: mutant === undefined ? null : { mutant, promise: single.get('sees') ?? '' },
  }
}
