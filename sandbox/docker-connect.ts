/** Finds a Docker engine that answers. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import { reasonOf, SandboxError } from './errors.ts'

// A socket whose engine hangs must not hang us.
const PING_MS_MAX = 5_000

/** Sockets of the usual engines on Linux and macOS, those that exist. */
function usualSockets(): string[] {
  const home = homedir()
  const paths = [
    '/var/run/docker.sock',
    join(home, '.docker/run/docker.sock'),
    join(home, '.colima/default/docker.sock'),
  ]
  return paths.filter((path) => existsSync(path))
}

/**
 * The engine behind `socketPath`, else behind `DOCKER_HOST`, else behind the first usual socket that answers.
 * @throws SandboxError `ENGINE_UNAVAILABLE` with every place that was tried.
 */
export async function connectDocker(socketPath: string | undefined): Promise<Docker> {
  const sockets = socketPath === undefined ? usualSockets() : [socketPath]
  const byEnvironment = socketPath === undefined && Boolean(process.env['DOCKER_HOST'])
  const candidates = byEnvironment ? [new Docker()] : sockets.map((path) => new Docker({ socketPath: path }))
  const reasons: string[] = []
  for (const candidate of candidates) {
    try {
      const late = delay(PING_MS_MAX, 'late', { ref: false })
      if ((await Promise.race([candidate.ping(), late])) !== 'late') return candidate
      reasons.push(`no answer within ${PING_MS_MAX} ms`)
    } catch (thrown) {
      reasons.push(reasonOf(thrown))
    }
  }
  const tried = byEnvironment ? ['DOCKER_HOST'] : sockets
  const reason = reasons.join('; ') || 'no socket of a Docker engine'
  throw new SandboxError('ENGINE_UNAVAILABLE', { engine: 'docker', tried, reason })
}
