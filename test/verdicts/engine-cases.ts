/** Which cases try the engine itself, and not what stands before or behind it: `npm test` runs these on every engine, all on one. */
import { walls } from '../docs/walls.ts'
import type { Case } from './case.ts'

/** How a run ends by what the engine kills, counts or refuses; every other verdict is the referee's or the harness's, alike everywhere. */
const ENGINE_CODES: readonly string[] = [
  'NO_ANSWER',
  'TIMEOUT',
  'OUT_OF_MEMORY',
  'LOG_TOO_LARGE',
  'UNCLEAN',
  'BAD_FRAME',
]

/** True for what a wall names as its trial, for what ends by the engine, and for servers, whose network is the engine's. */
export const triesEngine = ({ name, expectation }: Case): boolean =>
  walls.some(({ triedBy }) => triedBy.includes(name)) ||
  (name.startsWith('http-') && expectation?.verdict === 'pass') ||
  (expectation?.reasons.some((reason) => ENGINE_CODES.includes(reason)) ?? true)
