/** Watches the demo's validators over their HTTP interfaces and says what happens, one line an event. */
import type { StatusView } from '../api/views.ts'
import { askApi } from '../cli/api-client.ts'
import { CliError, EXIT } from '../cli/output.ts'
import type { DevnetMember } from './devnet.ts'

const POLL_MS = 200

export const apiOf = (member: DevnetMember): string => `http://${member.host}:${member.ports.api}`

/** Null while it does not answer: it may be starting, or was killed. */
export const statusOf = (member: DevnetMember): Promise<StatusView | null> =>
  askApi<StatusView>(apiOf(member), '/status', 'ready').catch((error: unknown) => {
    if (error instanceof CliError) return null
    throw error
  })

/** Looks again and again until there is something; @throws CliError naming what did not happen in time. */
export const poll = async <T>(o: {
  readonly what: string
  readonly withinMs: number
  readonly signal: AbortSignal
  readonly look: () => Promise<T | null>
}): Promise<T> => {
  const end = performance.now() + o.withinMs
  for (;;) {
    o.signal.throwIfAborted()
    const found = await o.look()
    if (found !== null) return found
    if (performance.now() > end) {
      const hint = 'run again with --keep-logs and read the logs in the directory it names'
      throw new CliError({
        exitCode: EXIT.unavailable,
        message: `${o.what} did not happen within ${o.withinMs / 1000} s`,
        hint,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

const STAGES = {
  beacon: 'waits for the seed',
  evaluate: 'evaluates',
  commit: 'has sealed its measurement',
  reveal: 'opens the seals',
} as const

/** Prints each validator's step once. */
export const createNarrator = (say: (line: string) => void) => {
  const last = new Map<string, string>()
  return (member: DevnetMember, status: StatusView | null): void => {
    for (const round of status?.rounds ?? []) {
      const now = `round ${round.round} of ${round.competition}: ${member.name} ${STAGES[round.stage]}`
      const place = `${member.name} ${round.competition}`
      if (last.get(place) === now) continue
      last.set(place, now)
      say(now)
    }
  }
}
