/** Locks between processes: timed runs of a host take turns, an image or a pool is built once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, constants, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SandboxError } from './errors.ts'

/** The lock of timed runs: the same for every validator of a host, whatever its user and folders. */
export function defaultHostLock(): string {
  return join(tmpdir(), 'evalmesh-timing.lock')
}

/** Without O_CREAT first: Linux refuses to create-open another user's file in a sticky folder. */
function openShared(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code !== 'ENOENT') throw new SandboxError('LOCK_FAILED', { path, code }, thrown)
    const fd = openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o644)
    chmodSync(path, 0o644)
    return fd
  }
}

/**
 * Waits for the lock on the file `path`, which is made if missing and stays; call what it returns to give it back. The kernel holds it on our open file (flock(1) takes it on
 * a descriptor shared with us), so it ends with this process, however that ends.
 * @throws the signal's reason, SandboxError `TOOLS_MISSING` without flock(1), or `LOCK_FAILED`.
 */
export async function takeLock(path: string, signal?: AbortSignal): Promise<() => void> {
  signal?.throwIfAborted()
  const fd = openShared(path)
  try {
    const locker = spawn('flock', ['--exclusive', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
    const stop = () => locker.kill('SIGKILL')
    signal?.addEventListener('abort', stop, { once: true })
    const [code] = await once(locker, 'exit').catch((cause: unknown) => {
      throw new SandboxError('TOOLS_MISSING', { packages: ['util-linux'], program: 'flock' }, cause)
    })
    signal?.removeEventListener('abort', stop)
    signal?.throwIfAborted()
    if (code !== 0) throw new SandboxError('LOCK_FAILED', { path, code })
  } catch (thrown) {
    closeSync(fd)
    throw thrown
  }
  let isHeld = true
  return () => {
    if (isHeld) closeSync(fd)
    isHeld = false
  }
}
