/** Finds a Docker-compatible engine that answers. */
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import Docker from 'dockerode'
import { reasonOf, SandboxError } from '../../errors.ts'
import type { EngineAddress } from '../address.ts'
import { within } from './within.ts'

// A socket whose engine hangs must not hang us.
const PING_MS_MAX = 5_000
// A connection by ssh that fell silent is noticed after three of these.
const SSH_KEEPALIVE_MS = 2_000

/** Sockets of the usual engines on Linux and macOS, those that exist. */
function usualSockets(kind: 'docker' | 'podman'): string[] {
  const home = homedir()
  const runtime = process.env['XDG_RUNTIME_DIR']
  const paths = {
    docker: ['/var/run/docker.sock', join(home, '.docker/run/docker.sock'), join(home, '.colima/default/docker.sock')],
    podman: ['/run/podman/podman.sock', ...(runtime === undefined ? [] : [join(runtime, 'podman/podman.sock')])],
  }
  return paths[kind].filter((path) => existsSync(path))
}

// DOCKER_HOST and its like would win over what is left out: said once more for every kind of address.
const NOT_FROM_ENVIRONMENT = { host: undefined, port: undefined, socketPath: undefined, ca: undefined, cert: undefined }

function toOptions(address: EngineAddress): Docker.DockerOptions {
  switch (address.kind) {
    case 'unix':
      return { ...NOT_FROM_ENVIRONMENT, key: undefined, protocol: 'http', socketPath: address.path } as object
    case 'tcp': {
      const { ca, cert, key } = address.tls
      const read = (path: string) => readFileSync(path, 'utf8')
      const tls = { ca: read(ca), cert: read(cert), key: read(key) }
      return { ...NOT_FROM_ENVIRONMENT, protocol: 'https', host: address.host, port: address.port, ...tls } as object
    }
    case 'ssh': {
      const { host, port, user, ssh } = address
      const secret =
        ssh.key === undefined ? { agent: process.env['SSH_AUTH_SOCK'] } : { privateKey: readFileSync(ssh.key) }
      // The library trusts any host that is not checked here.
      const hostVerifier = (key: Buffer) => `SHA256:${hash('sha256', key, 'base64').replace(/=+$/, '')}` === ssh.hostKey
      const sshOptions = { ...secret, hostVerifier, readyTimeout: PING_MS_MAX, keepaliveInterval: SSH_KEEPALIVE_MS }
      const reach = { protocol: 'ssh', host, port, username: user }
      return { ...NOT_FROM_ENVIRONMENT, ...reach, sshOptions } as object
    }
  }
}

/** An engine that answered, and whether it runs on another machine as far as the address tells. */
export type Connection = { readonly docker: Docker; readonly isRemote: boolean }

/**
 * The engine at `address`, else behind `DOCKER_HOST`, else behind the first usual socket of this kind that answers.
 * @throws SandboxError `ENGINE_UNAVAILABLE` with every place that was tried.
 */
export async function connectDocker(
  address: EngineAddress | undefined,
  kind: 'docker' | 'podman' = 'docker',
): Promise<Connection> {
  const sockets = address === undefined ? usualSockets(kind) : []
  const fromEnvironment = process.env['DOCKER_HOST'] ?? ''
  const byEnvironment = address === undefined && fromEnvironment !== ''
  const isRemote =
    address === undefined ? byEnvironment && !fromEnvironment.startsWith('unix:') : address.kind !== 'unix'
  const toLocal = (path: string) => () => new Docker(toOptions({ kind: 'unix', path }))
  const makers = byEnvironment
    ? [() => new Docker()]
    : address === undefined
      ? sockets.map(toLocal)
      : [() => new Docker(toOptions(address))]
  const reasons: string[] = []
  for (const make of makers) {
    try {
      const docker = make()
      await within(PING_MS_MAX, 'ping', docker.ping())
      return { docker, isRemote }
    } catch (thrown) {
      reasons.push(reasonOf(thrown))
    }
  }
  const tried = address === undefined ? (byEnvironment ? ['DOCKER_HOST'] : sockets) : [toText(address)]
  const reason = reasons.join('; ') || `no socket of a ${kind} engine`
  throw new SandboxError('ENGINE_UNAVAILABLE', { engine: kind, tried, reason })
}

const toText = (address: EngineAddress): string =>
  address.kind === 'unix' ? `unix://${address.path}` : `${address.kind}://${address.host}:${address.port}`
