/** What the rows of the sandbox share: the engines that this machine can run, and the demo's matrices. */
import { openSandbox, prepareSandbox } from '../../node/demo/prepare.ts'
import { type Engine, type EngineOptions, type PoolInfo, SandboxError } from '../../sandbox/index.ts'
import { progress } from './harness.ts'

export const ENGINES = ['bubblewrap', 'docker'] as const
export type EngineName = (typeof ENGINES)[number]

const options = (engine: EngineName) => ({
  engine,
  image: 'numpy' as const,
  hostPython: false,
  yes: true,
  say: progress,
  signal: new AbortController().signal,
})

/** Runs `work` with an engine that is closed afterwards; null, with the reason told, where this machine cannot run it. */
export const withEngine = async <T>(name: EngineName, work: (engine: Engine) => Promise<T>): Promise<T | string> => {
  let engine: Engine
  try {
    ;({ engine } = await openSandbox(options(name)))
  } catch (error) {
    if (error instanceof SandboxError) return error.code
    throw error
  }
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** What evaluations run on. */
export type Stage = { readonly options: EngineOptions; readonly pool: PoolInfo }

/** The same with the demo's pool, on bubblewrap. */
export const withPool = async <T>(work: (stage: Stage) => Promise<T>): Promise<T> => {
  const { engine, options: opened, pool } = await prepareSandbox(options('bubblewrap'))
  try {
    return await work({ options: opened, pool })
  } finally {
    await engine.close()
  }
}
