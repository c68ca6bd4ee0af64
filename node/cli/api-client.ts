/** Asks a running validator's HTTP interface. */
import { CliError, EXIT } from './output.ts'

/** 403: what is asked for is not public yet. */
const EXIT_CODES: ReadonlyMap<number, number> = new Map([
  [404, EXIT.notFound],
  [403, EXIT.pending],
])

/** @throws CliError when nobody answers, or the answer is no. */
export const askApi = async <T>(api: string, path: string): Promise<T> => {
  let response: Response
  try {
    response = await fetch(new URL(path, api), { signal: AbortSignal.timeout(10_000) })
  } catch {
    const hint = 'start one with `evalmesh validator`, or give its address with --api'
    throw new CliError({ exitCode: EXIT.unavailable, message: `no validator answers at ${api}`, hint })
  }
  const body = (await response.json()) as T & { detail?: string }
  // 503 is a validator that is up but cannot decide: its answer says why.
  if (response.ok || response.status === 503) return body
  const exitCode = EXIT_CODES.get(response.status) ?? EXIT.unavailable
  throw new CliError({ exitCode, message: body.detail ?? `${api} answered ${response.status}` })
}
