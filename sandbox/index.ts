/** The public surface of the sandbox. */
export type { Engine, EngineStrength, Sandbox, SandboxExit, SandboxSpec, SandboxStatus } from './engine.ts'
export { SandboxError, type SandboxErrorCode } from './errors.ts'
export { basePolicy, type Policy } from './limits.ts'
