/** A whole mesh for tests: real chain, validators and sandboxes, with hands to submit, look, ask and break. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { StatusView } from '../../node/api/views.ts'
import { DEMO_SITE, type DevnetMember } from '../../node/demo/devnet.ts'
import { type DevMesh, startMesh } from '../../node/demo/mesh.ts'
import { prepareMachine } from '../../node/demo/prepare.ts'
import { apiOf, poll, statusOf } from '../../node/demo/watch.ts'
import { createLog } from '../../node/log.ts'
import { prepareSubmission, sendSubmission } from '../../node/miner/submit.ts'
import { connectGuest, peerIdOf } from '../../node/peers/guest.ts'
import { leaderOrder } from '../../protocol/consensus/leader.ts'
import { type CompetitionParams, createRounds, type Digest, domainsOf, type Key } from '../../protocol/index.ts'

export const log = createLog({ name: 'e2e', level: 'error' })
const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))

/** Ended by the test that owns it; nothing here waits without a deadline. */
const never = new AbortController().signal

/** Looks again and again; fails by naming what did not happen. Two minutes are far more than any step takes. */
export const until = <T>(what: string, look: () => Promise<T | null>, withinMs = 120_000): Promise<T> =>
  poll({ what, withinMs, signal: never, look })

export type CliEnd = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs `evalmesh` as a user would. */
export const evalmesh = async (...args: readonly string[]): Promise<CliEnd> => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** The last line of stdout, which with --json is the whole answer. */
export const lastJson = <T>(stdout: string): T => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T

export type Answer<T> = { readonly status: number; readonly type: string; readonly body: T }

/** One GET of a validator's HTTP interface. */
export const get = async <T>(member: DevnetMember, path: string): Promise<Answer<T>> => {
  const response = await fetch(new URL(path, apiOf(member)), { signal: AbortSignal.timeout(10_000) })
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: (await response.json()) as T,
  }
}

export type TestMesh = DevMesh & {
  readonly dir: string
  readonly params: CompetitionParams
  member(name: string): DevnetMember
  miner(name: string): DevMesh['devnet']['miners'][number]
  peerOf(member: DevnetMember): string
  /** Hands a miner's solution to one validator, with the claims that these parameters ask for. */
  submit(o: {
    readonly miner: string
    readonly solution: Uint8Array
    readonly to: DevnetMember
    readonly params?: CompetitionParams
  }): Promise<Digest>
  status(member: DevnetMember): Promise<StatusView>
  /** Who leads the first view of a height. */
  leaderOf(height: number): DevnetMember
  logOf(member: DevnetMember): Promise<string>
  destroy(): Promise<void>
}

const toTestMesh = (mesh: DevMesh, dir: string, params: CompetitionParams): TestMesh => {
  const { devnet, genesis } = mesh
  const domains = domainsOf(genesis)
  const found = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
    const one = all.find((item) => item.name === name)
    if (one === undefined) throw new Error(`nobody is called ${name}`)
    return one
  }
  const byHotkey = (hotkey: Key | undefined): DevnetMember => {
    const member = devnet.members.find(({ keys }) => keys.hotkey.publicKey === hotkey)
    if (member === undefined) throw new Error(`no member has hotkey ${hotkey}`)
    return member
  }
  const { committee } = createRounds({ genesis, self: null })
  const test: TestMesh = {
    ...mesh,
    dir,
    params,
    member: (name) => found(devnet.members, name),
    miner: (name) => found(devnet.miners, name),
    peerOf: (member) => mesh.peers[devnet.members.indexOf(member)] ?? '',
    submit: async ({ miner, solution, to, params: claimed = params }) => {
      const peer = test.peerOf(to)
      const { hotkey } = test.miner(miner)
      const submission = prepareSubmission({ params: claimed, solution, hotkey, domains })
      const guest = await connectGuest({ peers: [peer], domains, log })
      try {
        const peers = [peerIdOf(peer)]
        return (await sendSubmission({ submission, mesh: guest, peers, signal: AbortSignal.timeout(30_000) })).id
      } finally {
        await guest.close()
      }
    },
    status: (member) => until(`an answer of ${member.name}`, () => statusOf(member)),
    leaderOf: (height) => byHotkey(leaderOrder(committee, height)[0]),
    logOf: (member) => readFile(join(member.home, 'log'), 'utf8'),
    destroy: async () => {
      // A stopped process takes no SIGTERM.
      for (const member of devnet.members) signalled(mesh.pidOf(member), 'SIGCONT')
      await mesh.stop()
      await rm(dir, { recursive: true })
    },
  }
  return test
}

/** False when there is no such process any more. */
export const signalled = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Four validators with the demo's stakes and parameters, `change` laid over them; resolves when all are connected. */
export const startTestMesh = async (o: {
  readonly miners: readonly string[]
  readonly change: Partial<CompetitionParams>
  /** Blocks of a chain epoch; the demo's if it is not given. */
  readonly tempo?: number
}): Promise<TestMesh> => {
  const say = (): void => {}
  const engine = 'bubblewrap'
  const prepared = await prepareMachine({ competitions: ['matrix-lossless'], engine, yes: true, say, signal: never })
  const [own] = prepared.competitions
  if (own === undefined) throw new Error('nothing was prepared')
  const params = { ...own, ...o.change }
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-e2e-'))
  try {
    const { poolDir } = prepared
    const site = { ...DEMO_SITE, tempo: o.tempo ?? DEMO_SITE.tempo }
    const options = {
      dir,
      miners: o.miners,
      poolDir,
      competitions: [params],
      engine,
      say,
      signal: never,
      site,
    } as const
    const mesh = await startMesh(options)
    return toTestMesh(mesh, dir, params)
  } catch (error) {
    await rm(dir, { recursive: true })
    throw error
  }
}
