/** Asks a running validator's HTTP interface. */
import { BLOB_BYTES_MAX } from '../../protocol/index.ts'
import { CliError, EXIT } from './output.ts'

/** 403: what is asked for is not public yet. */
const EXIT_CODES: ReadonlyMap<number, number> = new Map([
  [404, EXIT.notFound],
  [403, EXIT.pending],
])

const ask = async (api: string, path: string): Promise<Response> => {
  try {
    return await fetch(new URL(path, api), { signal: AbortSignal.timeout(10_000) })
  } catch {
    const hint = 'start one with `evalmesh validator`, or give its address with --api'
    throw new CliError({ exitCode: EXIT.unavailable, message: `no validator answers at ${api}`, hint })
  }
}

const refusal = (status: number, message: string): CliError =>
  new CliError({ exitCode: EXIT_CODES.get(status) ?? EXIT.unavailable, message })

/** @throws CliError when nobody answers, or the answer is no. */
export const askApi = async <T>(api: string, path: string): Promise<T> => {
  const response = await ask(api, path)
  const body = (await response.json()) as T & { detail?: string }
  // 503 is a validator that is up but cannot decide: its answer says why.
  if (response.ok || response.status === 503) return body
  throw refusal(response.status, body.detail ?? `${api} answered ${response.status}`)
}

/** The same for bytes, at most as many as a blob has. */
export const askBytes = async (api: string, path: string): Promise<Uint8Array> => {
  const response = await ask(api, path)
  if (!response.ok) throw refusal(response.status, `${api}${path} answered ${response.status}`)
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > BLOB_BYTES_MAX) throw refusal(response.status, `${api}${path} answers without end`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
