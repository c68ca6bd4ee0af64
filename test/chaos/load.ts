/** Miners that never rest: small submissions, honest and cheating, each to whichever validator takes it. */
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { DevMesh } from '../../node/demo/mesh.ts'
import type { Log } from '../../node/log.ts'
import { prepareSubmission, sendSubmission } from '../../node/miner/submit.ts'
import { connectGuest, peerIdOf } from '../../node/peers/guest.ts'
import { domainsOf } from '../../protocol/index.ts'
import type { Random } from '../sim/random.ts'

export const MINERS = ['ines', 'jose', 'kian', 'lena'] as const

/** In turn; the first takes the lead, after which every round is due, submissions or not. */
const SOLUTIONS = [
  '../../node/demo/solutions/byte-planes.py',
  '../../node/demo/solutions/baseline.py',
  '../../node/demo/solutions/stash.py',
  '../submissions/exception/submission/solution.py',
] as const

/** One submission in this time: seven validators on two busy cores need that long to measure it. */
const EVERY_MS = 20_000
/** A peer that is stopped answers nothing: the next one is asked. */
const PATIENCE_MS = 3_000

export type Load = { readonly sent: () => number; readonly failed: () => number; stop(): Promise<void> }

/** Starts at once; what no validator takes in time is lost, as it would be. */
export const startLoad = async (o: {
  readonly mesh: DevMesh
  readonly random: Random
  readonly log: Log
}): Promise<Load> => {
  const { mesh, random } = o
  const [params] = mesh.genesis.competitions
  if (params === undefined) throw new Error('the mesh has no competition')
  const domains = domainsOf(mesh.genesis)
  const solutions = await Promise.all(SOLUTIONS.map((path) => readFile(new URL(path, import.meta.url))))
  const guest = await connectGuest({ peers: mesh.peers, domains, log: o.log })
  const stopping = new AbortController()
  const { signal } = stopping
  let [sent, failed] = [0, 0]

  const submitOne = async (count: number): Promise<void> => {
    const miner = mesh.devnet.miners[count % mesh.devnet.miners.length]
    const code = solutions[(count - 1) % solutions.length]
    if (miner === undefined || code === undefined) throw new Error('a run has miners and solutions')
    // Another comment makes another submission.
    const solution = Buffer.concat([code, Buffer.from(`\n# ${count}\n`)])
    const submission = prepareSubmission({ params, solution, hotkey: miner.hotkey, domains })
    const first = random.below(mesh.peers.length)
    for (const offset of mesh.peers.keys()) {
      const peer = mesh.peers[(first + offset) % mesh.peers.length] ?? ''
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
      const taken = await sendSubmission({ submission, mesh: guest, peers: [peerIdOf(peer)], signal: patience }).catch(
        () => null,
      )
      if (signal.aborted) return
      if (taken !== null) {
        sent += 1
        return
      }
    }
    failed += 1
  }
  const loop = async (): Promise<void> => {
    for (let count = 1; !signal.aborted; count++) {
      await submitOne(count)
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  const running = loop()
  return {
    sent: () => sent,
    failed: () => failed,
    stop: async () => {
      stopping.abort()
      try {
        await running
      } finally {
        await guest.close()
      }
    },
  }
}
