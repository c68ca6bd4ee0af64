/** Sandboxes started ahead: warm harnesses that wait for their one code, so that a run need not wait for them. */
import type { Engine, Sandbox, SandboxExit, SandboxSpec } from '../engine/engine.ts'

/** An engine with sandboxes in stock. */
export type StockedEngine = Engine & {
  /** Resolves when the stock is there, or could not be made: then each is started when it is needed. */
  readonly stocked: Promise<void>
}

const keyOf = ({ argv, mounts, env, gpus, seccomp, cacheBytes, policy }: SandboxSpec): string => {
  const { wallMs: _, ...limits } = policy
  return JSON.stringify([argv, mounts, env, gpus ?? 0, seccomp ?? 'closed', cacheBytes ?? 0, limits])
}

/** A sandbox whose life, as its user knows it, begins now. */
function beginNow(sandbox: Sandbox, wallMs: number): Sandbox {
  let isLate = false
  const clock = setTimeout(() => {
    isLate = true
    void sandbox.kill()
  }, wallMs)
  const exited = sandbox.exited.then((exit): SandboxExit => {
    clearTimeout(clock)
    return isLate && exit.status === 'killed' ? { ...exit, status: 'timeout' } : exit
  })
  return { ...sandbox, exited }
}

/**
 * `count` sandboxes of `spec` are started at once and each is handed out once, to whoever asks for the same in all but name
 * and life; `spec.policy.wallMs` must hold the wait in stock and the longest life. Closing the engine ends what is left.
 */
export function stockEngine(engine: Engine, spec: SandboxSpec, count: number): StockedEngine {
  const key = keyOf(spec)
  const stock: Promise<Sandbox | null>[] = Array.from({ length: count }, () =>
    engine.start(spec).then(
      async (sandbox) => {
        // Its first bytes say that it is warm; they stay for whoever gets it.
        await new Promise<void>((resolve) => {
          sandbox.stdout.once('readable', resolve)
          void sandbox.exited.then(() => resolve())
        })
        return sandbox
      },
      () => null,
    ),
  )
  const ended = new Set<Sandbox>()
  const stocked = Promise.all(stock).then((sandboxes) => {
    for (const sandbox of sandboxes) if (sandbox !== null) void sandbox.exited.then(() => ended.add(sandbox))
  })
  return {
    ...engine,
    stocked,
    start: async (wanted) => {
      while (keyOf(wanted) === key && stock.length > 0) {
        const sandbox = await stock.shift()
        if (sandbox != null && !ended.has(sandbox)) return beginNow(sandbox, wanted.policy.wallMs)
      }
      return engine.start(wanted)
    },
  }
}
