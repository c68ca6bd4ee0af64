/** A development mesh of real processes: the local chain and its validators, started, killed and started again at will. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type CompetitionParams, domainsOf, type Genesis } from '../../protocol/index.ts'
import type { RecipeName } from '../../sandbox/index.ts'
import { openChain } from '../chain/open.ts'
import type { Chain, Weight } from '../chain/port.ts'
import { type ChainKind, type ChainProcess, startChain } from './chain.ts'
import { DEMO_SITE, type Devnet, type DevnetMember, foundMesh, layOutDevnet, type Site } from './devnet.ts'
import { type Child, startProcess } from './process.ts'
import { poll, statusOf } from './watch.ts'

export const BLOCK_MS = 500
/** Longest wait until all are connected with all; a cold machine with busy cores stays well below. */
const JOIN_MS = 60_000
/** Longest wait for a window to open: ten times what one of the demo takes. */
const WINDOW_MS = 60_000

export type MeshOptions = {
  readonly dir: string
  /** Names of registered miners. */
  readonly miners: readonly string[]
  readonly poolDir: string | null
  readonly image?: RecipeName
  readonly competitions: readonly CompetitionParams[]
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** The demo's when it is not given. */
  readonly site?: Site
  /** The local one when it is not given. */
  readonly chainKind?: ChainKind
}

export type DevMesh = {
  readonly devnet: Devnet
  readonly genesis: Genesis
  readonly genesisPath: string
  readonly chain: Chain
  readonly chainEndpoint: string
  /** Ends the chain's process as a power cut would, and starts it again after so many ms. */
  restartChain(downMs: number): Promise<void>
  /** Multiaddrs of the validators, in the order of the members. */
  readonly peers: readonly string[]
  /** Resolves when it listens; it appends to its log. */
  start(member: DevnetMember): Promise<void>
  /** Resolves when its process is gone. SIGKILL is what a power cut would be. */
  kill(member: DevnetMember, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Of the process that was started last. */
  pidOf(member: DevnetMember): number
  /** The member's weights as the chain has them; `setAt` is null for none. */
  rowOf(member: DevnetMember): Promise<{ readonly row: readonly Weight[]; readonly setAt: number | null }>
  /** Ends every process. */
  stop(): Promise<void>
}

type Running = { readonly children: Map<DevnetMember, Child>; readonly chainProcess: ChainProcess }

const startValidator = async (member: DevnetMember, children: Map<DevnetMember, Child>): Promise<void> => {
  const args = ['validator', '--home', member.home, '--lifeline']
  const { under, env } = member
  const child = startProcess({ entry: 'node/main.ts', args, logFile: join(member.home, 'log'), under, env })
  children.set(member, child)
  await child.ready
}

const foundAndStart = async (
  o: MeshOptions & { readonly site: Site },
  devnet: Devnet,
  { children, chainProcess }: Running,
): Promise<DevMesh> => {
  const { endpoint: chainEndpoint } = chainProcess
  const chain = await openChain(chainEndpoint)
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map((child) => child.kill('SIGTERM')))
    await chain.close()
  }
  try {
    const founded = await foundMesh({ ...o, devnet, chain, chainEndpoint })
    const { genesis } = founded
    o.say(
      `${o.chainKind ?? 'local'} chain at ${chainEndpoint}; mesh ${domainsOf(genesis).mesh.slice(0, 16)} founded at block ${genesis.block}`,
    )
    await Promise.all(
      devnet.members.map(async (member) => {
        await startValidator(member, children)
        o.say(`validator ${member.name} is up (${member.stakeRao / 1_000_000_000_000n} % of the stake)`)
      }),
    )
    await poll({
      what: 'a joined mesh',
      withinMs: JOIN_MS,
      signal: o.signal,
      look: async () => {
        const all = await Promise.all(devnet.members.map(statusOf))
        return all.every((status) => status?.members.every((member) => member.connected)) ? true : null
      },
    })
    return {
      devnet,
      ...founded,
      chain,
      chainEndpoint,
      restartChain: async (downMs) => {
        await chainProcess.kill()
        await delay(downMs)
        await chainProcess.start()
      },
      start: (member) => startValidator(member, children),
      kill: async (member, signal) => children.get(member)?.kill(signal),
      pidOf: (member) => children.get(member)?.pid ?? 0,
      rowOf: async (member) => {
        const hotkey = member.keys.hotkey.publicKey
        const { weights, setAt } = await chain.weightsOf({ netuid: genesis.netuid, hotkey })
        return { row: weights, setAt }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Resolves when every validator is connected with every other; leaves no process when it fails. */
export const startMesh = async (o: MeshOptions): Promise<DevMesh> => {
  const { site = DEMO_SITE } = o
  const devnet = await layOutDevnet({ ...o, site })
  const where = { dir: join(o.dir, 'chain'), host: site.chainHost, blockMs: BLOCK_MS }
  const chainProcess = await startChain(o.chainKind ?? 'local', where)
  try {
    const mesh = await foundAndStart({ ...o, site }, devnet, { children: new Map(), chainProcess })
    return {
      ...mesh,
      stop: async () => {
        await mesh.stop()
        await chainProcess.stop()
      },
    }
  } catch (error) {
    await chainProcess.stop()
    throw error
  }
}

/** The block that the validator furthest behind sees as final, of those that answer: receipts name it. */
const leastHeadOf = async ({ devnet }: Pick<DevMesh, 'devnet'>): Promise<number> => {
  const all = await Promise.all(devnet.members.map(statusOf))
  const heads = all.flatMap((status) => status?.block ?? [])
  return heads.length === 0 ? 0 : Math.min(...heads)
}

/**
 * Submissions of one round must land in one window: waits for the next one when a quarter of this one is over, for a slow machine needs seconds,
 * and until every validator is in it, for one that is a block behind would have the first of them in the round before.
 */
export const waitForWindow = async (
  mesh: Pick<DevMesh, 'chain' | 'genesis' | 'devnet'>,
  signal: AbortSignal,
): Promise<void> => {
  const { chain, genesis } = mesh
  // The shortest period of all competitions is the one that a submission could miss.
  const roundBlocks = Math.min(...genesis.competitions.map((params) => params.roundBlocks))
  const head = (await chain.finalizedHead()).number
  const opened = genesis.block + Math.floor((head - genesis.block) / roundBlocks) * roundBlocks
  const opens = 4 * (head - opened) < roundBlocks ? opened : opened + roundBlocks
  await poll({
    what: `block ${opens} at every validator`,
    withinMs: WINDOW_MS,
    signal,
    look: async () => ((await leastHeadOf(mesh)) > opens ? true : null),
  })
}
