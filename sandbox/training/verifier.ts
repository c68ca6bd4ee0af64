/** The clean process that trains the reference and says how far a run's weights are from what they should be. */
import type { Found, TrainingContract } from '../../protocol/index.ts'
import type { Engine } from '../engine/engine.ts'
import { RunFault } from '../faults.ts'
import type { Policy } from '../limits.ts'
import { type Channel, openChannel } from './channel.ts'
import type { Telemetry } from './disturbance.ts'
import { TrainingFrame } from './frames.ts'
import type { Questions, SegmentRun } from './segment.ts'

export type Verifier = {
  /** Trains the reference on these batches; checks that follow are against it. Throws RunFault `REFEREE_FAILED`. */
  train(o: { weightsSeed: string; batches: readonly Buffer[]; checkpoints: readonly number[] }): Promise<void>
  /** Throws RunFault `REFEREE_FAILED`. */
  check(run: SegmentRun, questions: Questions): Promise<Found>
  /** What the driver says of the GPU; null without one. Throws RunFault `REFEREE_FAILED`. */
  telemetry(): Promise<Telemetry | null>
  close(): Promise<void>
}

const FOUND_BYTES_MAX = 4_096
/** The reference may take this many times a segment's limit: it runs unwatched and beside others. */
const PATIENCE = 3

const withHead = (head: object, ...parts: readonly Uint8Array[]): Buffer => {
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  return Buffer.concat([length, text, ...parts])
}

/** Whatever goes wrong in our own process is ours. */
const asOurs = (thrown: unknown): RunFault =>
  new RunFault('REFEREE_FAILED', { text: `verifier: ${thrown instanceof Error ? thrown.message : String(thrown)}` })

export async function openVerifier(o: {
  readonly engine: Engine
  readonly contract: TrainingContract
  readonly policy: Policy
}): Promise<Verifier> {
  const { engine, contract, policy } = o
  const { startMs, loadMs, segmentMs } = contract.limits
  const channel: Channel = await openChannel({
    engine,
    name: 'verifier',
    program: 'verifier.py',
    policy,
    gpus: contract.device === 'cuda' ? 1 : 0,
    startMsMax: startMs,
  })
  const ready = new Map([[TrainingFrame.ready, 0]])
  const msMax = PATIENCE * segmentMs
  try {
    channel.send(TrainingFrame.setup, Buffer.from(JSON.stringify(contract)))
    await channel.receive(ready, { name: 'setting up', msMax: loadMs })
  } catch (thrown) {
    const said = await channel.close()
    throw asOurs(`${thrown} ${said.slice(-500)}`)
  }
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (thrown) {
      throw asOurs(`${thrown} ${(await channel.close()).slice(-500)}`)
    }
  }
  return {
    train: ({ weightsSeed, batches, checkpoints }) =>
      asked(async () => {
        const head = { seed: weightsSeed, steps: batches.length, checkpoints }
        channel.send(TrainingFrame.train, withHead(head, ...batches))
        await channel.receive(ready, { name: 'the reference', msMax })
      }),
    check: (run, questions) =>
      asked(async () => {
        const { rows, checkpoint, checkpointPositions } = questions
        const head = { rows, loss: run.claims.loss, checkpoint, positions: checkpointPositions }
        channel.send(TrainingFrame.check, withHead(head, run.rows, run.checkpoint, run.weights))
        const { payload } = await channel.receive(new Map([[TrainingFrame.found, FOUND_BYTES_MAX]]), {
          name: 'a check',
          msMax,
        })
        return JSON.parse(payload.toString('utf8')) as Found
      }),
    telemetry: () =>
      asked(async () => {
        channel.send(TrainingFrame.probe)
        const what = { name: 'the GPU', msMax: loadMs }
        const { payload } = await channel.receive(new Map([[TrainingFrame.found, FOUND_BYTES_MAX]]), what)
        return JSON.parse(payload.toString('utf8')) as Telemetry | null
      }),
    close: async () => {
      await channel.close()
    },
  }
}
