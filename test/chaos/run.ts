/** One run: a mesh in namespaces, miners, faults after a plan, healing, and every check over what the validators have on disk. */
import { join } from 'node:path'
import type { DevnetMember, Site } from '../../node/demo/devnet.ts'
import { type DevMesh, startMesh } from '../../node/demo/mesh.ts'
import { statusOf } from '../../node/demo/watch.ts'
import { createLog } from '../../node/log.ts'
import type { CompetitionParams } from '../../protocol/index.ts'
import { createRandom } from '../sim/random.ts'
import { createFaults, type Faults, type Suffered } from './faults.ts'
import { type Load, MINERS, startLoad } from './load.ts'
import { type ChaosNetwork, HUB_HOST, hostOf, openNetwork } from './network.ts'
import { drawPlan, type FaultKind } from './plan.ts'

const NAMES = ['anna', 'bela', 'cora', 'dino', 'emil', 'fina', 'gero', 'hugo', 'iris', 'jana'] as const
export const VALIDATORS_MAX = NAMES.length

/** Two minutes: an epoch changes several times in a run, faults or not. */
const TEMPO_BLOCKS = 240
/** The longest from the last fault to one log and a round that began after it: half a minute on two cores; TCP may wait as long as a partition lasted. */
const HEAL_MS = 300_000
const LOOK_MS = 500

/** Rounds of seconds on a host with a core for three validators: few matrices, and a θ that its noise stays below. */
export const chaosParams = (params: CompetitionParams): CompetitionParams => ({
  ...params,
  roundBlocks: 8,
  commitBlocks: 40,
  revealBlocks: 20,
  extendBlocks: 80,
  submissionsMax: 2,
  dailySubmissionsMax: 1_000,
  thetaPpm: 200_000,
  confirmRounds: 1,
  // The fewest of which a host can say that one code is better.
  matrixCount: 6,
})

export type ChaosOptions = {
  readonly dir: string
  readonly poolDir: string
  readonly params: CompetitionParams
  readonly validators: number
  readonly ms: number
  readonly seed: number
  readonly kinds: readonly FaultKind[]
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What the checks need of a run whose validators have stopped; its chain still answers. */
export type Ran = {
  readonly mesh: DevMesh
  readonly suffered: readonly Suffered[]
  readonly load: Load
  /** When a block was first seen final. */
  readonly blockMs: ReadonlyMap<number, number>
  /** The block that was final when the last fault was over. */
  readonly healedBlock: number
  readonly violations: readonly string[]
}

/** Stakes as even as whole hundredths are, each below a third. */
const siteOf = ({ dir, validators }: ChaosOptions, network: ChaosNetwork): Site => ({
  seats: NAMES.slice(0, validators).map((name, place) => ({
    name,
    stake: BigInt(Math.floor(100 / validators) + (place < 100 % validators ? 1 : 0)),
    host: hostOf(place),
    under: network.under(place),
    // Each is a host of its own: nobody waits for another's turn to measure.
    env: { TMPDIR: join(dir, name) },
  })),
  keepers: validators,
  chainHost: HUB_HOST,
  tempo: TEMPO_BLOCKS,
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Sees blocks come and processes go, until the signal. */
const watch = (o: {
  readonly mesh: DevMesh
  readonly faults: Faults
  readonly now: () => number
  readonly signal: AbortSignal
}) => {
  const blockMs = new Map<number, number>()
  const gone = new Set<string>()
  const isThere = (member: DevnetMember): boolean => {
    try {
      return process.kill(o.mesh.pidOf(member), 0)
    } catch {
      return false
    }
  }
  const look = async (): Promise<void> => {
    while (!o.signal.aborted) {
      const head = await o.mesh.chain.finalizedHead()
      if (!blockMs.has(head.number)) blockMs.set(head.number, o.now())
      for (const [place, member] of o.mesh.devnet.members.entries()) {
        if (!o.faults.down().has(place) && !isThere(member)) gone.add(`${member.name} ended by itself`)
      }
      await pause(LOOK_MS)
    }
  }
  return { blockMs, gone, ended: look() }
}

/** Heights after healing: what was open ends, an epoch may change, and two rounds more are decided. */
const HEIGHTS_AFTER = 9

/** Null in time: one log everywhere, with rounds that began after everything was healed. */
const waitForHealing = async (mesh: DevMesh, signal: AbortSignal): Promise<string | null> => {
  const look = () => Promise.all(mesh.devnet.members.map(statusOf))
  const due = Math.max(...(await look()).map((status) => status?.height ?? 0)) + HEIGHTS_AFTER
  const end = performance.now() + HEAL_MS
  for (; performance.now() < end && !signal.aborted; await pause(LOOK_MS)) {
    const [one, ...others] = await look()
    const isSame = one?.logRoot !== undefined && others.every((status) => status?.logRoot === one.logRoot)
    if (isSame && one.height >= due) return null
  }
  const where = (await look()).map(
    (status) => `${status?.name ?? 'none'} at height ${status?.height} view ${status?.view}`,
  )
  return `not one log at height ${due} ${HEAL_MS / 1000} s after healing: ${where.join(', ')}`
}

const liveThrough = async (o: ChaosOptions, mesh: DevMesh, network: ChaosNetwork): Promise<Ran> => {
  const now = (): number => performance.now()
  const over = new AbortController()
  const signal = AbortSignal.any([o.signal, over.signal])
  const faults = createFaults({ ...o, mesh, network, now, signal })
  const watching = watch({ mesh, faults, now, signal })
  const load = await startLoad({
    mesh,
    random: createRandom(o.seed + 1),
    log: createLog({ name: 'miner', level: 'silent' }),
  })
  try {
    await faults.carryOut(drawPlan(o))
    o.say('everything is healed')
    const healedBlock = (await mesh.chain.finalizedHead()).number
    const stuck = await waitForHealing(mesh, o.signal)
    o.signal.throwIfAborted()
    await load.stop()
    over.abort()
    await watching.ended
    const violations = [...watching.gone, ...(stuck === null ? [] : [stuck])]
    for (const member of mesh.devnet.members) await mesh.kill(member, 'SIGTERM')
    return { mesh, suffered: faults.suffered(), load, blockMs: watching.blockMs, healedBlock, violations }
  } finally {
    over.abort()
    faults.release()
    await load.stop()
  }
}

/** Runs, has `check` look at what is left, and leaves no process and no namespace. */
export const runChaos = async <T>(o: ChaosOptions, check: (ran: Ran) => Promise<T>): Promise<T> => {
  const network = await openNetwork(o.validators)
  try {
    const { dir, poolDir, say, signal } = o
    const competitions = [chaosParams(o.params)]
    const site = siteOf(o, network)
    const mesh = await startMesh({
      dir,
      miners: MINERS,
      poolDir,
      competitions,
      engine: 'bubblewrap',
      say,
      signal,
      site,
    })
    try {
      return await check(await liveThrough(o, mesh, network))
    } finally {
      await mesh.stop()
    }
  } finally {
    await network.close()
  }
}
