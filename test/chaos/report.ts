/** Judges a run by the simulator's checkers and the run's own checks, and tells it as one object. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { domainsOf, type Key } from '../../protocol/index.ts'
import type { Header } from '../../protocol/message/entry.ts'
import { readArchive } from './archive.ts'
import { checkArchives } from './checkers.ts'
import { accusations, unjustified, weighAll } from './checks.ts'
import type { Suffered } from './faults.ts'
import type { Ran } from './run.ts'

export type ChaosReport = {
  readonly seconds: number
  readonly validators: number
  readonly seed: number
  readonly rounds: { readonly decided: number; readonly void: number }
  readonly heights: number
  readonly epochs: number
  readonly faults: {
    readonly kill: number
    readonly stop: number
    readonly move: number
    readonly partition: number
    readonly lossSeconds: number
  }
  readonly submissions: { readonly taken: number; readonly lost: number }
  readonly weights: number
  readonly violations: readonly string[]
  /** How often each checker looked. */
  readonly checkers: Readonly<Record<string, number>>
}

const count = (log: readonly Header[], kind: Header['entry']['kind']): number =>
  log.filter(({ entry }) => entry.kind === kind).length

const faultCounts = (suffered: readonly Suffered[]): ChaosReport['faults'] => {
  const of = (kind: string): readonly Suffered[] => suffered.filter(({ fault }) => fault.kind === kind)
  const lossMs = of('loss').reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  return {
    kill: of('kill').length,
    stop: of('stop').length,
    move: of('move').length,
    partition: of('partition').length,
    lossSeconds: Math.round(lossMs / 1000),
  }
}

/** A whole round whose manifest came after the block: the same as in the simulator. */
const hasRoundAfter = (log: readonly Header[], block: number): boolean => {
  const opened = log.findIndex(({ entry, block: at }) => entry.kind === 'manifest' && at > block)
  return opened >= 0 && log.slice(opened).some(({ entry }) => entry.kind === 'result' || entry.kind === 'void')
}

const audit = async (ran: Ran, home: string): Promise<string | null> => {
  const { genesisPath, chainEndpoint } = ran.mesh
  const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
  const flags = ['audit', 'verify', '--genesis', genesisPath, '--chain', chainEndpoint, '--archive', home, '--json']
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return child.exitCode === 0 ? null : `audit of ${home} ends with ${child.exitCode}: ${stderr.trim()} ${stdout.trim()}`
}

/** Reads everything that the stopped validators have on disk and on chain. */
export const judge = async (
  ran: Ran,
  o: { readonly seed: number; readonly seconds: () => number },
): Promise<ChaosReport> => {
  const { mesh } = ran
  const { genesis, devnet } = mesh
  const { members } = devnet
  const domains = domainsOf(genesis)
  const violations = [...ran.violations]
  const archives = await Promise.all(
    members.map(({ keys, home }) => readArchive({ node: keys.hotkey.publicKey, home, domains })),
  )
  const logs = archives.map(({ records }) =>
    records.flatMap((record) => (record.kind === 'decided' ? [record.decided.header] : [])),
  )
  const log = logs.reduce((longest, one) => (one.length > longest.length ? one : longest), [])
  const longest = members[logs.indexOf(log)]
  if (longest === undefined) throw new Error('a run has validators')

  const { weighed, metagraphs, faults } = await weighAll({ genesis, chain: mesh.chain, longest, archives })
  const isDone = (one: readonly Header[]): boolean => hasRoundAfter(one, ran.healedBlock)
  const checked = checkArchives({ genesis, domains, archives, weighed, metagraphs, isDone })
  violations.push(...faults, ...checked.violations)
  const placeOf = (hotkey: Key): number => members.findIndex(({ keys }) => keys.hotkey.publicKey === hotkey)
  const weights = new Map(genesis.members.map(({ hotkey, weight }) => [hotkey, weight]))
  const blocks = [...ran.blockMs]
  const msOf = (block: number): number => blocks.findLast(([seen]) => seen <= block)?.[1] ?? 0
  violations.push(...unjustified({ log, weights, placeOf, msOf, suffered: ran.suffered }))
  for (const member of members) {
    violations.push(...(await accusations(member)))
    const fault = await audit(ran, member.home)
    if (fault !== null) violations.push(fault)
  }
  return {
    seconds: Math.round(o.seconds()),
    validators: members.length,
    seed: o.seed,
    rounds: { decided: count(log, 'result'), void: count(log, 'void') },
    heights: log.length,
    epochs: count(log, 'epoch'),
    faults: faultCounts(ran.suffered),
    submissions: { taken: ran.load.sent(), lost: ran.load.failed() },
    weights: weighed.length,
    violations,
    checkers: {
      ...Object.fromEntries(checked.times),
      'justified-voids': count(log, 'void'),
      'rows-on-chain': weighed.length + faults.length,
      audits: members.length,
    },
  }
}
