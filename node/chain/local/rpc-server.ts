/** JSON-RPC 2.0 over HTTP: one call a request, refusals with a code and facts in `error.data`. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RequestError } from './errors.ts'
import { extrinsicSizeBytesMax } from './extrinsic.ts'
import type { Method } from './methods.ts'

export type RpcServer = { readonly endpoint: string; close(): Promise<void> }

/** The greatest extrinsic in hex, and room for the envelope around it. */
const bodySizeBytesMax = 2 * extrinsicSizeBytesMax + 4096

/** A hundred nodes with a few waits each; more are refused a connection. */
const connectionsMax = 512

type Answer = { readonly result: unknown } | { readonly error: { code: number; message: string; data?: object } }

/** Listens on this address only; port 0 takes a free one. An error of a method that is no refusal goes to `onFatal`. */
export async function startRpcServer(o: {
  readonly host: string
  readonly port: number
  readonly methods: ReadonlyMap<string, Method>
  readonly onFatal: (error: unknown) => void
}): Promise<RpcServer> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const body = await readBody(request)
    if (body === null) {
      response.writeHead(413, { connection: 'close' }).end()
      return
    }
    const { id, answer } = await answerTo(body, o.methods, gone.signal)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.destroy()
      // A caller that hangs up in the middle of its request is no fault of ours.
      const isHangUp = error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
      if (!isHangUp) o.onFatal(error)
    })
  })
  server.maxConnections = connectionsMax
  server.listen(o.port, o.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://${o.host}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes > bodySizeBytesMax) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

async function answerTo(
  body: string,
  methods: ReadonlyMap<string, Method>,
  signal: AbortSignal,
): Promise<{ readonly id: unknown; readonly answer: Answer }> {
  let request: Readonly<Record<string, unknown>>
  try {
    const json: unknown = JSON.parse(body)
    if (typeof json !== 'object' || json === null) throw new SyntaxError('not an object')
    request = json as Readonly<Record<string, unknown>>
  } catch {
    return { id: null, answer: { error: { code: -32_700, message: 'Parse error' } } }
  }
  const { id = null, method: name, params = {} } = request
  const method = typeof name === 'string' ? methods.get(name) : undefined
  if (!method) return { id, answer: { error: { code: -32_601, message: 'Method not found' } } }
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return { id, answer: { error: { code: -32_602, message: 'Params are a named object' } } }
  }
  try {
    return { id, answer: { result: await method(params as Readonly<Record<string, unknown>>, signal) } }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    const data = { code: error.code, facts: error.facts }
    return { id, answer: { error: { code: -32_000, message: error.message, data } } }
  }
}
