/** Starts Debian's Docker engine by hand where nobody did: its own data, its own socket, no change to the host's network. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import { SandboxError } from './errors.ts'

const DAEMON = '/usr/sbin/dockerd'
// It answers in 0.3–2 s; ten times that on a crowded machine.
const START_MS_MAX = 30_000
const STOP_MS_MAX = 15_000

/** A running engine of ours. */
export type DockerDaemon = {
  readonly socketPath: string
  /**
   * Ends the engine and every container in it; what it stored stays for the next start. Does nothing when another
   * process started it: whoever shares an engine loses it with that process.
   */
  stop(): Promise<void>
}

// Exit code of `flock` when another process runs the engine of this root.
const TAKEN = 75
// A pid file of a predecessor that was killed makes the engine refuse to start; only the lock's holder may remove it.
const START_SCRIPT = 'rm -f "$1"; shift; exec setpriv --pdeathsig TERM "$@"'

/**
 * Starts an engine whose data and socket lie under `root`; it ends with this process at the latest. One root has one
 * engine: later callers share it. Needs root.
 * @throws SandboxError `TOOLS_MISSING`, or `ENGINE_UNAVAILABLE` with the end of its log.
 */
export async function startDockerDaemon(options: { readonly root: string }): Promise<DockerDaemon> {
  const { root } = options
  const run = join(root, 'run')
  const socketPath = join(run, 'docker.sock')
  const logPath = join(run, 'dockerd.log')
  if (process.getuid?.() !== 0) {
    throw new SandboxError('ENGINE_UNAVAILABLE', { engine: 'docker', reason: 'only root can start an engine' })
  }
  if (!existsSync(DAEMON)) throw new SandboxError('TOOLS_MISSING', { packages: ['docker.io'] })
  mkdirSync(run, { recursive: true })
  const log = openSync(logPath, 'a')
  const pidPath = join(run, 'dockerd.pid')
  const args = [
    ...['--no-fork', '--nonblock', '--conflict-exit-code', String(TAKEN), join(run, 'lock')],
    ...['sh', '-c', START_SCRIPT, 'start', pidPath, DAEMON],
    ...['--data-root', join(root, 'data'), '--exec-root', join(run, 'exec'), '--pidfile', pidPath],
    ...['--host', `unix://${socketPath}`, '--group', 'root', '--storage-driver', 'overlay2'],
    // Sandboxes have no network: no bridge, and the host's firewall and forwarding stay as they are.
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--userland-proxy=false', '--log-driver', 'none', '--log-level', 'warn'],
  ]
  const child = spawn('flock', args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const exited = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === TAKEN) return
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      const clock = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await exited
      clearTimeout(clock)
    }
    // The one thing an engine without a bridge leaves behind is this mount.
    const umount = spawn('umount', ['-q', join(run, 'exec/netns/default')], { stdio: 'ignore' })
    await once(umount, 'close')
  }
  const waitUntil = performance.now() + START_MS_MAX
  while (!(await answers(socketPath))) {
    const hasFailed = (child.exitCode !== null && child.exitCode !== TAKEN) || child.signalCode !== null
    if (hasFailed || performance.now() > waitUntil) {
      await stop()
      const reason = readFileSync(logPath, 'utf8').slice(-2_000)
      throw new SandboxError('ENGINE_UNAVAILABLE', { engine: 'docker', reason })
    }
    await delay(50)
  }
  return { socketPath, stop }
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    await new Docker({ socketPath }).ping()
    return true
  } catch {
    return false
  }
}
