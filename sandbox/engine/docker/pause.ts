/** Stops a container until its engine says that it stands still: an engine gives up on threads that are in long system calls. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { within } from './within.ts'

const AGAIN_MS = 20

/**
 * Tells the engine again while the container goes on. False: after `msMax` it still does. What has ended need not be stopped, and a lost engine
 * shows elsewhere: both are true. Never throws.
 */
export async function pauseContainer(
  container: Pick<Docker.Container, 'pause' | 'inspect'>,
  msMax: number,
): Promise<boolean> {
  const goesOn = async (): Promise<boolean> => {
    const { State } = await within(msMax, 'inspect', container.inspect())
    return State.Running && !State.Paused
  }
  for (const until = performance.now() + msMax; ; await delay(AGAIN_MS)) {
    try {
      await within(msMax, 'pause', container.pause())
      return true
    } catch {
      if (!(await goesOn().catch(() => false))) return true
      if (performance.now() > until) return false
    }
  }
}
