/** Invariants of our own code: a failure here is a bug and stops the process; input from peers never gets here. */

export class InvariantError extends Error {}

/** For where putting `what` into words costs more than the check. */
export const broken = (what: string): never => {
  throw new InvariantError(`invariant broken: ${what}`)
}

export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) broken(what)
}

/** Makes a `switch` total: the compiler refuses a forgotten case. */
export const unreachable = (value: never): never => {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`)
}
