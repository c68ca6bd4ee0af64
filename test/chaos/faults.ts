/** Carries out a plan of faults on a running mesh, and keeps a log of what was wrong with whom and when. */
import { rename, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { DevMesh } from '../../node/demo/mesh.ts'
import { exportHome, importHome } from '../../node/home/move.ts'
import type { ChaosNetwork } from './network.ts'
import { type Fault, isProcessKind } from './plan.ts'

/** What really happened; times as of `now()`. */
export type Suffered = { readonly fault: Fault; readonly fromMs: number; readonly toMs: number }

type Surroundings = {
  readonly mesh: DevMesh
  readonly network: ChaosNetwork
  readonly now: () => number
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

const nameOf = ({ mesh }: Surroundings, place: number): string => mesh.devnet.members[place]?.name ?? `${place}`

const describe = (o: Surroundings, fault: Fault): string => {
  const who = fault.hit.map((place) => nameOf(o, place)).join(', ')
  switch (fault.kind) {
    case 'kill':
      return `kill -9 ${who}`
    case 'stop':
      return `SIGSTOP ${who}`
    case 'move':
      return `move ${who}`
    case 'partition':
      return `partition, ${fault.shape}: ${who}`
    case 'loss':
      return `${fault.perMille / 10} % of packets are lost`
  }
}

/** Exported, and imported under the name that the mesh knows it by; the folder that was left is gone, as on another host. */
const moveHome = async (home: string): Promise<void> => {
  const out = `${home}.pack`
  await exportHome({ home, out, isAgain: false })
  const left = `${home}.left`
  await rename(home, left)
  await importHome({ file: out, home })
  await rm(left, { recursive: true })
}

export type Faults = {
  /** Lives through the whole plan; resolves when every fault of it is over. */
  carryOut(plan: readonly Fault[]): Promise<void>
  /** Those that are over. */
  suffered(): readonly Suffered[]
  /** Places whose process is meant to be gone now. */
  down(): ReadonlySet<number>
  /** Lets a process go on that a fault has stopped. */
  release(): void
}

export const createFaults = (o: Surroundings): Faults => {
  const past: Suffered[] = []
  const active = new Set<Fault>()
  const down = new Set<number>()
  const stopped = new Set<number>()
  let applied: Promise<void> = Promise.resolve()

  /** Rules are made from all that is wrong now, one change after the other. */
  const apply = (): Promise<void> => {
    applied = applied.then(() => {
      const now = [...active]
      const cuts = now.flatMap((fault) => (fault.kind === 'partition' ? fault.cuts : []))
      const perMille = Math.max(0, ...now.map((fault) => (fault.kind === 'loss' ? fault.perMille : 0)))
      return o.network.apply({ cuts, perMille })
    })
    return applied
  }
  const signal = (place: number, name: 'SIGSTOP' | 'SIGCONT'): void => {
    const member = o.mesh.devnet.members[place]
    if (member !== undefined) process.kill(o.mesh.pidOf(member), name)
    if (name === 'SIGSTOP') stopped.add(place)
    else stopped.delete(place)
  }
  const begin = async (fault: Fault): Promise<void> => {
    const [place = 0] = fault.hit
    const member = o.mesh.devnet.members[place]
    if (fault.kind === 'stop') signal(place, 'SIGSTOP')
    else if (isProcessKind(fault.kind) && member !== undefined) {
      down.add(place)
      await o.mesh.kill(member, fault.kind === 'kill' ? 'SIGKILL' : 'SIGTERM')
      if (fault.kind === 'move') await moveHome(member.home)
    } else await apply()
  }
  const end = async (fault: Fault): Promise<void> => {
    const [place = 0] = fault.hit
    const member = o.mesh.devnet.members[place]
    if (fault.kind === 'stop') signal(place, 'SIGCONT')
    else if (isProcessKind(fault.kind) && member !== undefined) {
      await o.mesh.start(member)
      down.delete(place)
    } else await apply()
  }
  /** A process that is still starting again must not be killed: what follows it on the same place waits. */
  const turns = new Map<number, Promise<void>>()
  const inTurn = (fault: Fault, work: () => Promise<void>): Promise<void> => {
    if (!isProcessKind(fault.kind)) return work()
    const [place = 0] = fault.hit
    const turn = (turns.get(place) ?? Promise.resolve()).then(work)
    turns.set(place, turn)
    return turn
  }
  const suffer = async (fault: Fault): Promise<void> => {
    active.add(fault)
    const fromMs = o.now()
    await begin(fault)
    o.say(`+ ${describe(o, fault)}, for ${(fault.forMs / 1000).toFixed(1)} s`)
    await delay(fault.forMs, undefined, { signal: o.signal })
    active.delete(fault)
    await end(fault)
    past.push({ fault, fromMs, toMs: o.now() })
    o.say(`- ${describe(o, fault)}`)
  }
  return {
    carryOut: async (plan) => {
      const startedMs = o.now()
      await Promise.all(
        plan.map(async (fault) => {
          await delay(Math.max(0, startedMs + fault.atMs - o.now()), undefined, { signal: o.signal })
          await inTurn(fault, () => suffer(fault))
        }),
      )
    },
    suffered: () => past,
    down: () => down,
    release: () => {
      for (const place of stopped) signal(place, 'SIGCONT')
    },
  }
}
