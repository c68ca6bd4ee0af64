/** Watches one started container to its end, also when its engine goes away meanwhile. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { reasonOf } from '../../errors.ts'
import { boundedReadable, boundedText } from '../bounded.ts'
import type { Sandbox, SandboxExit, SandboxSpec, SandboxStatus } from '../engine.ts'
import { pauseContainer } from './pause.ts'
import type { Demuxed } from './stream.ts'
import { within } from './within.ts'

// An engine that lives answers these in milliseconds; a crowded one in seconds.
const ANSWER_MS_MAX = 10_000
// From a kill that was acknowledged to the container's end.
const END_MS_MAX = 15_000
// A daemon that is going down stops listening before its containers end.
const GOING_DOWN_MS = 300
// Codes above this are the number of the signal that ended it, and this.
const SIGNAL_CODE = 128
const SIGKILL_CODE = SIGNAL_CODE + constants.signals.SIGKILL

/** One container that runs. */
export type Started = {
  readonly spec: SandboxSpec
  readonly docker: Docker
  readonly container: Docker.Container
  readonly stream: Duplex
  readonly halves: Demuxed
  /** Settles when the container ended, or the connection did. */
  readonly ended: Promise<unknown>
  /** Null where the engine reports by itself that memory ran out. */
  readonly oom: OomCounter | null
  /** Resolves with a reason when the engine was found to be gone. */
  readonly gone: Promise<string>
}

/** Asks the kernel of this machine whether it killed a process of a container for want of memory; `unseen` once its memory group is gone. */
export type OomCounter = () => 'killed' | 'none' | 'unseen'

/** Where the kernel counts them: in the memory group of a process of this machine. Null: it has none, or has ended. */
function oomFileOf(pid: number): string | null {
  try {
    const line = /^\d+:memory:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
    return line && `/sys/fs/cgroup/memory${line[1]}/memory.oom_control`
  } catch {
    return null
  }
}

/** Looks at once too: a child may be dead, and what was counted stands when the group goes. */
export function openOomCounter(pid: number): OomCounter {
  const path = oomFileOf(pid)
  let kills = 0
  const count: OomCounter = () => {
    if (path === null) return 'unseen'
    try {
      kills = Number(/^oom_kill (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0)
    } catch {
      if (kills === 0) return 'unseen'
    }
    return kills > 0 ? 'killed' : 'none'
  }
  count()
  return count
}

type Ending = 'killed' | 'timeout' | 'output-limit'

/** How a container ended, from what its engine says of it. */
function toStatus(o: { isOom: boolean; ending: Ending | null }): SandboxStatus {
  return o.isOom ? 'oom' : (o.ending ?? 'exited')
}

/** The sandbox around a started container, which is removed at its end. */
export function watchContainer(started: Started): Sandbox {
  const { spec, docker, container, stream, halves, ended, oom, gone } = started
  const { policy } = spec
  let ending: Ending | null = null
  const { promise: stuck, resolve: giveUp } = Promise.withResolvers<string>()
  const end = (reason: Ending) => {
    if (ending !== null) return
    ending = reason
    // While its group is still there.
    oom?.()
    halves.discard()
    const killed = within(ANSWER_MS_MAX, 'kill', container.kill({ signal: 'SIGKILL' }))
    // It may have ended by itself meanwhile: then the end comes anyway.
    void killed
      .catch(() => undefined)
      .then(() => setTimeout(() => giveUp('it did not end when killed'), END_MS_MAX).unref())
  }
  const clock = setTimeout(() => end('timeout'), policy.wallMs)
  // The group outlives the last byte by the time that an engine takes to clean up.
  stream.once('end', () => oom?.())
  const stdout = boundedReadable(halves.stdout, policy.stdoutBytesMax, () => end('output-limit'))
  const stderr = boundedText(halves.stderr, policy.stderrBytesMax, () => end('output-limit'))
  /** Rejects as soon as the engine is known to be gone. */
  const orGone = <T>(work: Promise<T>): Promise<T> => {
    const lost = Promise.race([gone, stuck]).then((reason) => Promise.reject(new Error(reason)))
    lost.catch(() => undefined)
    return Promise.race([work, lost])
  }
  const finish = async (): Promise<SandboxExit> => {
    try {
      await orGone(ended)
      const seen = oom?.()
      const { State: state } = await within(ANSWER_MS_MAX, 'inspect', container.inspect())
      // Ends when stdout was read too: the clock still runs for a reader that stopped.
      await orGone(stderr.ended)
      clearTimeout(clock)
      await within(ANSWER_MS_MAX, 'remove', container.remove({ force: true, v: true }))
      const isKilled = state.ExitCode > SIGNAL_CODE && ending === null
      const isTold = state.OOMKilled || seen === 'killed'
      if (isKilled && !isTold) {
        // By a stranger inside, or by an engine that ends everything because it ends itself.
        await delay(GOING_DOWN_MS)
        await within(ANSWER_MS_MAX, 'ping', docker.ping())
      }
      // On a busy machine the group may go before anybody could look: then the kernel is the likeliest to have killed it.
      const isOom = isTold || (isKilled && state.ExitCode === SIGKILL_CODE && seen === 'unseen')
      const status = toStatus({ isOom, ending })
      return { status, code: ending === null ? state.ExitCode : null, stderr: stderr.text() }
    } catch (thrown) {
      clearTimeout(clock)
      stream.destroy()
      halves.discard()
      // Bounded by nobody's wait: an engine that is gone refuses at once, one that hangs is swept later.
      void container.remove({ force: true, v: true }).catch(() => undefined)
      return { status: 'lost', code: null, stderr: `${stderr.text()}\nthe engine was lost: ${reasonOf(thrown)}` }
    }
  }
  const exited = finish()
  const kill = async () => {
    end('killed')
    await exited
  }
  let frozen = false
  const setFrozen = async (isFrozen: boolean) => {
    if (isFrozen === frozen) return
    frozen = isFrozen
    if (!isFrozen) await within(ANSWER_MS_MAX, 'unpause', container.unpause()).catch(() => undefined)
    // Nobody is timed beside a program that cannot be stopped.
    else if (!(await pauseContainer(container, ANSWER_MS_MAX))) end('timeout')
  }
  return { stdin: stream, stdout, exited, setFrozen, kill }
}
