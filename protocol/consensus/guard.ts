/** What this node has bound itself to in one view, and what it may therefore still sign. */
import type { Digest } from '../crypto.ts'
import type { Phase } from '../message/vote.ts'

/** The value signed in each phase, null where nothing is. Every one is durable before its signature leaves the process. */
export type Guard = Record<Phase | 'proposal', Digest | null>

export const openGuard = (): Guard => ({ proposal: null, notarize: null, nullify: null, finalize: null })

/**
 * one value a phase and view, and never both nullify and finalize. The same again is allowed: it gives the same signature.
 * Nullify and notarize do not exclude each other.
 */
export const guardAllows = (guard: Guard, phase: Phase | 'proposal', value: Digest): boolean => {
  if (guard[phase] !== null) return guard[phase] === value
  if (phase === 'nullify') return guard.finalize === null
  if (phase === 'finalize') return guard.nullify === null
  return true
}
