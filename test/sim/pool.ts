/** Spreads a range of seeds over threads, in pieces that end soon, so that progress shows and no thread waits for another. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { addTally, noTally, type Range, type Tally } from './range.ts'
import { runTask } from './task.ts'

/** Seeds a piece at n = 4; fewer for larger meshes. */
const PIECE = 500

/** What a schedule makes is garbage soon: with room for it little of it is ever copied. */
const YOUNG_MB = 128

const ask = async (worker: Worker, range: Range): Promise<Tally> => {
  const answer = once(worker, 'message')
  worker.postMessage(range)
  const [tally] = (await answer) as [Tally]
  return tally
}

/** `threads` 1 runs in this thread: what is preloaded here is then sure to be there. */
export const runSpread = async (
  range: Range,
  o: { readonly threads: number; readonly progress: (sum: Tally) => void },
): Promise<Tally> => {
  const sum = noTally()
  const pieceOf = Math.max(10, Math.floor((PIECE * 16) / range.n ** 2))
  const end = range.from + range.seeds
  let next = range.from
  const take = (): Range | null => {
    if (next >= end || (range.stop && sum.broken.length > 0)) return null
    const seeds = Math.min(pieceOf, end - next)
    const piece = { ...range, from: next, seeds }
    next += seeds
    return piece
  }
  const work = async (run: (piece: Range) => Tally | Promise<Tally>): Promise<void> => {
    for (let piece = take(); piece !== null; piece = take()) {
      addTally(sum, await run(piece))
      o.progress(sum)
    }
  }
  if (o.threads === 1) await work(runTask)
  else {
    const workers = Array.from(
      { length: o.threads },
      () =>
        new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
    )
    await Promise.all(workers.map((worker) => work((piece) => ask(worker, piece))))
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return sum
}
