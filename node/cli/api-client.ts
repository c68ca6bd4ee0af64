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

/** At most as many bytes as a blob has: no answer is longer. */
const bodyOf = async (response: Response, from: string): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of response.body ?? []) {
      size += part.length
      if (size > BLOB_BYTES_MAX) throw refusal(response.status, `${from} answers without end`)
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw refusal(response.status, `${from} does not answer to the end: ask again`)
  }
  return new Uint8Array(Buffer.concat(parts))
}

const stranger = (api: string, why: string): CliError => {
  const hint = 'give the address of a validator’s HTTP interface with --api'
  return new CliError({ exitCode: EXIT.unavailable, message: `what answers at ${api} is no validator: ${why}`, hint })
}

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

/**
 * @param member what each answer of this path has: who has it not is no validator.
 * @throws CliError when nobody answers, no validator does, or the answer is no.
 */
export const askApi = async <T>(api: string, path: string, member: keyof T & string): Promise<T> => {
  const response = await ask(api, path)
  const body = parse(await bodyOf(response, `${api}${path}`)) as (T & { detail?: string }) | null
  if (typeof body !== 'object' || body === null) throw stranger(api, `it says ${response.status}, and no JSON`)
  // 503 is a validator that is up but cannot decide: its answer says why.
  if (response.ok || (response.status === 503 && body.detail === undefined)) {
    if (body[member] === undefined) throw stranger(api, `what it says of ${path} has no ${member}`)
    return body
  }
  throw refusal(response.status, body.detail ?? `${api} answered ${response.status}`)
}

/** The same for bytes. */
export const askBytes = async (api: string, path: string): Promise<Uint8Array> => {
  const response = await ask(api, path)
  if (!response.ok) throw refusal(response.status, `${api}${path} answered ${response.status}`)
  return bodyOf(response, `${api}${path}`)
}
