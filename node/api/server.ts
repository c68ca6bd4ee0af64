/** The read-only HTTP interface of a validator: health, leaderboard, submissions and their evaluations. */
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { CodeView } from './code.ts'
import type { MatrixView } from './matrix.ts'

/** What the interface shows; every answer is plain JSON, null means not found. */
export type ApiViews = {
  readonly health: () => { readonly ready: boolean } & Readonly<Record<string, unknown>>
  readonly status: () => unknown
  /** Prometheus' text format. */
  readonly metrics: () => string
  /** The mesh's genesis document, byte for byte. */
  readonly genesis: () => Uint8Array
  /** Addresses at which a newcomer finds this node and those that it dials. */
  readonly peers: () => unknown
  readonly competitions: () => unknown
  /** Convicts, and whose evidence waits for a header. */
  readonly evidence: () => unknown
  /** Parameters in force and to come. */
  readonly params: () => unknown
  /** What decided results say of each validator. */
  readonly validators: () => unknown
  readonly leaderboard: (competition: string) => unknown
  readonly submission: (id: string) => unknown
  /** What a miner may still hand in here; null for an address that is none. */
  readonly miner: (hotkey: string) => unknown
  /** Submissions of a code by the digest of its bundle. */
  readonly bundle: (digest: string) => unknown
  /** A submission's code, or up to when it is sealed. */
  readonly code: (id: string) => Promise<CodeView | null>
  readonly evaluations: (id: string) => unknown
  readonly round: (competition: string, round: number) => unknown
  /** What a decided round was measured on, with proofs. */
  readonly inputs: (competition: string, round: number) => Promise<unknown>
  readonly matrix: (digest: string) => Promise<MatrixView | null>
  /** DSSE envelopes that tools outside the mesh verify. */
  readonly attestations: (competition: string, round: number) => unknown
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item))

/** RFC 9457. */
const problem = (o: { status: number; title: string; detail: string }): string => jsonOf({ type: 'about:blank', ...o })

/** Not public yet. */
const sealed = (reply: FastifyReply, detail: string): FastifyReply =>
  reply
    .code(403)
    .type('application/problem+json')
    .send(problem({ status: 403, title: 'sealed', detail }))

/**
 * What strangers may take: open files are the node's too, which needs some for each peer; and who sends nothing, or takes nothing of its
 * answer, for so long is gone.
 */
const CONNECTIONS_MAX = 256
const PATIENCE_MS = 30_000

const COMPETITION = { type: 'string', pattern: '^[a-z0-9-]{1,32}$' } as const
/** Base58 of 35 bytes. */
const ADDRESS = { type: 'string', pattern: '^[1-9A-HJ-NP-Za-km-z]{46,49}$' } as const
const ID = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const

/** Readiness: whether it decides; liveness: whether it answers. Who restarts a node because others are away helps nobody. */
const addVitals = (app: FastifyInstance, views: ApiViews): void => {
  for (const path of ['/health', '/health/ready']) {
    app.get(path, (_request, reply) => {
      const health = views.health()
      return reply
        .code(health.ready ? 200 : 503)
        .type('application/json')
        .send(jsonOf(health))
    })
  }
  app.get('/health/live', (_request, reply) => reply.type('application/json').send(jsonOf({ live: true })))
  app.get('/metrics', (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(views.metrics()))
}

/** `onFault` hears what went wrong in this node while it answered, and where. */
export const createApi = (
  views: ApiViews,
  onFault: (fault: { readonly path: string; readonly error: string }) => void,
): FastifyInstance => {
  const app = fastify({
    ...{ logger: false, bodyLimit: 1, routerOptions: { ignoreTrailingSlash: true } },
    ...{ requestTimeout: PATIENCE_MS, connectionTimeout: PATIENCE_MS },
    // Else whoever has a connection open, a browser's spare one among them, keeps the node from stopping.
    forceCloseConnections: true,
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) onFault({ path: request.url, error: `${error}` })
    const detail = status < 500 ? error.message : 'an error of this node, see its log'
    return reply
      .code(status)
      .type('application/problem+json')
      .send(problem({ status, title: 'error', detail }))
  })
  app.setNotFoundHandler((request, reply) => {
    const detail = `${request.url} is not here; see /competitions, /leaderboard, /submissions/{id}`
    return reply
      .code(404)
      .type('application/problem+json')
      .send(problem({ status: 404, title: 'not found', detail }))
  })

  const get = <P>(path: string, schema: Readonly<Record<string, unknown>>, view: (input: P) => unknown): void => {
    app.get(path, { schema }, (request, reply) => {
      const found = view({ ...(request.params as object), ...(request.query as object) } as P)
      if (found === null) return reply.callNotFound()
      return reply.type('application/json').send(jsonOf(found))
    })
  }
  addVitals(app, views)
  get('/status', {}, views.status)
  app.get('/genesis', (_request, reply) => reply.type('application/json').send(Buffer.from(views.genesis())))
  get('/peers', {}, views.peers)
  get('/competitions', {}, views.competitions)
  get('/evidence', {}, views.evidence)
  get('/params', {}, views.params)
  get('/validators', {}, views.validators)
  const query = { querystring: { type: 'object', properties: { competition: COMPETITION } } }
  get<{ competition?: string }>('/leaderboard', query, ({ competition }) =>
    views.leaderboard(competition ?? 'matrix-lossless'),
  )
  const byId = { params: { type: 'object', properties: { id: ID } } }
  get<{ id: string }>('/submissions/:id', byId, ({ id }) => views.submission(id))
  app.get<{ Params: { id: string } }>('/submissions/:id/code', { schema: byId }, async (request, reply) => {
    const code = await views.code(request.params.id)
    if (code === null) return reply.callNotFound()
    if (code.kind === 'open') return reply.type('application/json').send(jsonOf(code))
    return sealed(reply, `this code is sealed up to block ${code.opensAtBlock}`)
  })
  get<{ id: string }>('/submissions/:id/evaluations', byId, ({ id }) => views.evaluations(id))
  const byHotkey = { params: { type: 'object', properties: { hotkey: ADDRESS } } }
  get<{ hotkey: string }>('/miners/:hotkey', byHotkey, ({ hotkey }) => views.miner(hotkey))
  get<{ id: string }>('/bundles/:id', byId, ({ id }) => views.bundle(id))
  const byRound = {
    params: { type: 'object', properties: { competition: COMPETITION, round: { type: 'integer', minimum: 0 } } },
  }
  get<{ competition: string; round: number }>('/rounds/:competition/:round', byRound, (o) =>
    views.round(o.competition, o.round),
  )
  app.get<{ Params: { competition: string; round: number } }>(
    '/rounds/:competition/:round/inputs',
    { schema: byRound },
    async ({ params }, reply) => {
      const found = await views.inputs(params.competition, params.round)
      return found === null ? reply.callNotFound() : reply.type('application/json').send(jsonOf(found))
    },
  )
  app.get<{ Params: { id: string } }>('/matrices/:id', { schema: byId }, async ({ params }, reply) => {
    const found = await views.matrix(params.id)
    if (found === null) return reply.callNotFound()
    if (found.kind === 'open') return reply.type('application/octet-stream').send(Buffer.from(found.bytes))
    return sealed(reply, 'no decided round has used this matrix: it is for committee members only')
  })
  get<{ competition: string; round: number }>('/rounds/:competition/:round/attestations', byRound, (o) =>
    views.attestations(o.competition, o.round),
  )
  return app
}
