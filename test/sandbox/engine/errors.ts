/** Matchers of the sandbox's coded errors for `assert.rejects`. */
import { SandboxError, type SandboxErrorCode } from '../../../sandbox/index.ts'

/** True for a `SandboxError` of this code. */
export function isSandboxError(code: SandboxErrorCode): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof SandboxError && thrown.code === code
}
