/** Starts an engine by hand where nobody did: its own data, its own socket, no change to the host's network. */
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { SandboxError } from '../errors.ts'
import { connectDocker } from './docker/connect.ts'

// It answers in 0.3–2 s; ten times that on a crowded machine.
const START_MS_MAX = 30_000
const STOP_MS_MAX = 15_000

/** A running engine of ours. */
export type Daemon = {
  readonly socketPath: string
  /**
   * Ends the engine and every container in it; what it stored stays for the next start. Does nothing when another
   * process started it: whoever shares an engine loses it with that process.
   */
  stop(): Promise<void>
}

// Exit code of `flock` when another process runs the engine of this root.
const TAKEN = 75
// The pid file of a predecessor that was killed makes the engine refuse to start. That of its containerd makes it wait for
// an answer until it gives up, where the number is another process's by now, or a dead one's that nobody waits for (init in
// a container need not). Only the lock's holder may remove them.
const START_SCRIPT = 'rm -f "$0"/*.pid "$0"/exec/containerd/*.pid; exec setpriv --pdeathsig TERM "$@"'

/** What differs between the engines that we can start; `run` is the folder of what does not outlive them. */
type Recipe = {
  readonly program: string
  readonly packages: readonly string[]
  readonly args: (o: { root: string; run: string; pidPath: string; socketPath: string }) => readonly string[]
  /** Mounts that it leaves behind, below the root. */
  readonly mounts: readonly string[]
  /** It leaves files where TMPDIR points, such as the one into which an image came: it gets a folder that goes with it. */
  readonly isForgetful: boolean
  /** A folder of it elsewhere. */
  readonly aside?: (root: string) => string
}

/** Podman takes no folder for its run-time state whose name is longer than 50 characters. */
function shortPath(root: string): string {
  return join('/run', `evalmesh-${hash('sha256', root).slice(0, 12)}`)
}

const recipes: Readonly<Record<'docker' | 'podman', Recipe>> = {
  docker: {
    program: '/usr/sbin/dockerd',
    packages: ['docker.io'],
    args: ({ root, run, pidPath, socketPath }) => [
      ...['--data-root', join(root, 'data'), '--exec-root', join(run, 'exec'), '--pidfile', pidPath],
      ...['--host', `unix://${socketPath}`, '--group', 'root', '--storage-driver', 'overlay2'],
      // Sandboxes have no network: no bridge, and the host's firewall and forwarding stay as they are.
      ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
      ...['--userland-proxy=false', '--log-driver', 'none', '--log-level', 'warn'],
    ],
    mounts: ['run/exec/netns/default', 'data'],
    // gVisor enters TMPDIR as nobody.
    isForgetful: false,
  },
  podman: {
    program: '/usr/bin/podman',
    packages: ['podman', 'runc'],
    args: ({ root, run, socketPath }) => [
      ...['--root', join(root, 'data'), '--runroot', shortPath(root), '--tmpdir', join(run, 'tmp')],
      // Debian's crun refuses hybrid control groups; without systemd there is neither its cgroup manager nor its journal.
      ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--log-level', 'error'],
      ...['system', 'service', '--time', '0', `unix://${socketPath}`],
    ],
    mounts: ['data/overlay'],
    isForgetful: true,
    aside: shortPath,
  },
}

/** Where the daemon of a root listens. */
export const socketOf = (root: string, kind: 'docker' | 'podman'): string => join(root, 'run', `${kind}.sock`)

/** The root of each kind in a folder that both may use. */
export const ownRoot = (folder: string, kind: 'docker' | 'podman'): string =>
  kind === 'docker' ? folder : join(folder, kind)

/**
 * Starts an engine whose data and socket lie under `root`; it ends with this process at the latest. One root has one
 * engine: later callers share it. Needs root. `args` are added to its own.
 * @throws SandboxError `TOOLS_MISSING`, or `ENGINE_UNAVAILABLE` with the end of its log.
 */
export async function startDaemon(options: {
  readonly root: string
  readonly kind: 'docker' | 'podman'
  readonly args?: readonly string[]
}): Promise<Daemon> {
  const { kind } = options
  const root = resolve(options.root)
  const recipe = recipes[kind]
  const run = join(root, 'run')
  const socketPath = socketOf(root, kind)
  const logPath = join(run, `${kind}.log`)
  if (process.getuid?.() !== 0) {
    throw new SandboxError('ENGINE_UNAVAILABLE', { engine: kind, reason: 'only root can start an engine' })
  }
  if (!existsSync(recipe.program)) throw new SandboxError('TOOLS_MISSING', { packages: recipe.packages })
  mkdirSync(run, { recursive: true })
  const log = openSync(logPath, 'a')
  const pidPath = join(run, `${kind}.pid`)
  const args = [
    ...['--no-fork', '--nonblock', '--conflict-exit-code', String(TAKEN), join(run, 'lock')],
    ...['sh', '-c', START_SCRIPT, run, recipe.program],
    ...recipe.args({ root, run, pidPath, socketPath }),
    ...(options.args ?? []),
  ]
  const scratch = join(run, 'scratch')
  if (recipe.isForgetful) mkdirSync(scratch, { recursive: true })
  const env = recipe.isForgetful ? { ...process.env, TMPDIR: scratch } : process.env
  // Podman notes in its working directory that a container ran out of memory: not in the user's.
  const child = spawn('flock', args, { detached: true, stdio: ['ignore', log, log], env, cwd: run })
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
    for (const path of recipe.mounts) await unmountAll(join(root, path))
    rmSync(scratch, { recursive: true, force: true })
    if (recipe.aside !== undefined) rmSync(recipe.aside(root), { recursive: true, force: true })
  }
  const waitUntil = performance.now() + START_MS_MAX
  while (!(await answers(socketPath))) {
    const hasFailed = (child.exitCode !== null && child.exitCode !== TAKEN) || child.signalCode !== null
    if (hasFailed || performance.now() > waitUntil) {
      await stop()
      const reason = readFileSync(logPath, 'utf8').slice(-2_000)
      throw new SandboxError('ENGINE_UNAVAILABLE', { engine: kind, reason })
    }
    await delay(50)
  }
  return { socketPath, stop }
}

/** One mount lies there, and another over it for each predecessor that was killed. */
async function unmountAll(path: string): Promise<void> {
  for (let isMounted = true; isMounted; ) {
    const umount = spawn('umount', ['-q', path], { stdio: 'ignore' })
    const [code] = await once(umount, 'close')
    isMounted = code === 0
  }
}

async function answers(socketPath: string): Promise<boolean> {
  return connectDocker({ kind: 'unix', path: socketPath }).then(
    () => true,
    () => false,
  )
}
