/** Measures submissions: each by a referee process of its own, on a host that is free and well, in turns. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineOptions } from './engine/open.ts'
import { RunFault } from './faults.ts'
import { planCores, readPhysicalCores } from './hosts/cores.ts'
import type { Checkup, EngineHost } from './hosts/host.ts'
import { createHosts, type Lease } from './hosts/hosts.ts'
import type { RunLimits } from './limits.ts'
import { defaultHostLock, takeLock } from './lock.ts'
import { faulted, type Job, type Measurement, type Progress } from './referee/job.ts'
import { startReferee } from './referee/process.ts'
import { createStock } from './referee/stock.ts'
import { type TrainingJob, type TrainingMeasurement, type TrainingProgress, trainingFaulted } from './training/job.ts'

/** Beside the work itself. */
export type RunOptions = {
  /** Kills the referee and its sandboxes; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** Only on the host of this name. */
  readonly host?: string
  /** Only on this host or one of its hardware class. */
  readonly like?: string
}

type TrainingRunOptions = Omit<RunOptions, 'onProgress'> & {
  readonly onProgress?: (progress: TrainingProgress) => void
}

/** The part of an evaluator that trains. */
export type TrainingEvaluator = {
  /** As `Evaluator`'s, of a training job. */
  evaluate(job: TrainingJob, options?: TrainingRunOptions): Promise<TrainingMeasurement>
}

/** Runs jobs, each host's one after the other, also those of other evaluators on it. */
export type Evaluator = {
  /**
   * Every failure, ours or the miner's, is a verdict. Rejects when aborted, without the host's lock, and with `ENGINE_LOST`
   * when no host that would do is well but another is.
   */
  evaluate(job: Job, options?: RunOptions): Promise<Measurement>
  readonly training: TrainingEvaluator
  /** Ends what was started ahead. */
  close(): Promise<void>
}

/** What changed with a host, for the log. */
export type HostChange = { readonly host: string; readonly isWell: boolean; readonly reason: string }

export type EvaluatorOptions = {
  /** In the order of preference; at least one. */
  readonly hosts: readonly EngineHost[]
  /** Where referees run on this machine; null: anywhere. */
  readonly others?: string | null
  /** Lock of the first timed run at once; others are numbered. Default: the one that all validators of this host share. */
  readonly lockPath?: string
  /**
   * A fault of ours is tried again, elsewhere where that is possible; while no host is well, this waits for one. False: the
   * first answer counts.
   */
  readonly insist?: boolean
  /** Sandboxes for these limits are started before they are needed; null: when they are. */
  readonly ahead?: RunLimits | null
  readonly onChange?: (change: HostChange) => void
}

/** Tries on hosts that are well: a bug stays, and so does a damaged matrix. */
const TRIES_MAX = 3
/** Longer with each try: an engine that is at its limits needs a moment. */
const TRY_MS = 1_000
/** A look at a host: opens its engine, which may import the image (10 s), and runs one program. */
const CHECK_MS_MAX = 120_000

/** solution.py of a competition's baseline: what a first challenger is measured against. Throws where the competition has none. */
export function readBaseline(competition: string): string {
  return readFileSync(join(import.meta.dirname, 'harness/baseline', competition, 'solution.py'), 'utf8')
}

/** This machine as its statements name it. */
export const localHardware = () => ({
  model: (cpus()[0]?.model ?? 'unknown').slice(0, 96),
  cores: availableParallelism(),
})

async function checkHost(host: EngineHost, others: string | null): Promise<Checkup> {
  const referee = startReferee({ options: host.engine, ahead: null, slot: null }, others)
  const found = await referee.check(AbortSignal.timeout(CHECK_MS_MAX))
  if ('verdict' in found) return { isWell: false, reason: found.line }
  return { isWell: true, hardware: found.hardware }
}

/** Evaluator of one engine on this machine. With a lock of its own it takes no part in the turns, so it gets no core. */
export function createEvaluator(config: { readonly engine: EngineOptions; readonly lockPath?: string }): Evaluator {
  const { engine, lockPath } = config
  const { timed, others } = planCores({ runs: 1, physical: lockPath === undefined ? readPhysicalCores() : [] })
  const host = { name: 'local', engine, isLocal: true, timed, hardware: localHardware() }
  return createHostsEvaluator({ hosts: [host], others, ...(lockPath === undefined ? {} : { lockPath }) })
}

/** The same for training alone. */
export const createTrainingEvaluator = (config: Parameters<typeof createEvaluator>[0]): TrainingEvaluator =>
  createEvaluator(config).training

/** A run of either kind: how it is asked for, what is said when its host is not reached, and what follows it within its turn. */
type Errand<Found> = {
  readonly run: Pick<RunOptions, 'host' | 'like' | 'signal'>
  readonly measure: (lease: Lease) => Promise<Found>
  readonly toFaulted: (fault: RunFault, facts: { stderr: string; engine: null; elapsedMs: number }) => Found
  readonly refill: (lease: Lease) => Promise<void> | undefined
}

/** Evaluator of several engines. */
export function createHostsEvaluator(config: EvaluatorOptions): Evaluator {
  const { others = null, insist = false, ahead = null, lockPath = defaultHostLock() } = config
  const hosts = createHosts({
    hosts: config.hosts,
    check: (host) => checkHost(host, others),
    ...(config.onChange === undefined ? {} : { onChange: config.onChange }),
  })
  const stock = createStock({ ahead, others })
  const turn = async (lease: Lease, signal: AbortSignal | undefined): Promise<() => void> => {
    // Its referee takes turns in the engine itself.
    if (!lease.host.isLocal) return () => undefined
    return takeLock(lease.slot === 0 ? lockPath : `${lockPath}.${lease.slot}`, signal)
  }
  /** Waits for the place's turn; what it returns gives back both. */
  const hold = async (lease: Lease, signal: AbortSignal | undefined): Promise<() => void> => {
    try {
      const giveBack = await turn(lease, signal)
      return () => {
        giveBack()
        lease.release()
      }
    } catch (thrown) {
      lease.release()
      throw thrown
    }
  }
  const stockAll = async () => {
    for (const { name, timed } of config.hosts) {
      const leases = await Promise.all(timed.map(() => hosts.lease({ host: name })))
      for (const lease of leases) {
        const release = await hold(lease, undefined)
        await stock.refill(lease).finally(release)
      }
    }
  }
  // What cannot be started ahead is started when it is needed, and fails there.
  if (ahead !== null) void stockAll().catch(() => undefined)
  /** On a host that is free and well; a fault of ours is tried again, elsewhere where that is possible. */
  const send = async <Found extends Pick<Measurement, 'verdict' | 'engine'>>(o: Errand<Found>): Promise<Found> => {
    const { host, like, signal } = o.run
    let avoid: string | undefined
    for (let tries = 0; ; ) {
      const lease = await hosts.lease({ host, like, avoid, signal })
      const { name } = lease.host
      // Before the run: what was measured must not be lost for want of a name for its machine.
      const hardware = await hosts.hardwareOf(name).catch(() => null)
      if (hardware === null) {
        lease.release()
        if (insist) continue
        return o.toFaulted(new RunFault('ENGINE_FAILED', { text: name }), { stderr: '', engine: null, elapsedMs: 0 })
      }
      const release = await hold(lease, signal)
      const found = o.measure(lease)
      // Still in its turn, but nobody waits for it.
      const isWell = found.then(({ verdict }) => verdict !== 'infra')
      void isWell.then((is) => (is ? o.refill(lease) : undefined)).then(release, release)
      const measured = await found
      const measurement = { ...measured, engine: measured.engine && { ...measured.engine, host: name, hardware } }
      if (!insist || measurement.verdict !== 'infra') return measurement
      if (await hosts.check(name)) tries += 1
      if (tries >= TRIES_MAX) return measurement
      await delay(TRY_MS * tries, undefined, signal === undefined ? {} : { signal })
      avoid = name
    }
  }
  return {
    evaluate: (job, run = {}) =>
      send({
        run,
        measure: (lease) => stock.take(lease, job.limits).measure(job, run),
        toFaulted: faulted,
        refill: stock.refill,
      }),
    training: {
      evaluate: (job, run = {}) =>
        send({
          run,
          measure: (lease) => stock.start(lease, job.contract.limits.cpus).train(job, run),
          toFaulted: trainingFaulted,
          refill: () => undefined,
        }),
    },
    close: async () => {
      hosts.close()
      await stock.close()
    },
  }
}
