/** Order of matrices and direction of quads, drawn from a private seed. */
import { createHash } from 'node:crypto'

/** Whole numbers below `bound` (1 to 2^32), evenly, from SHA-256(seed ‖ counter). */
export function createDraw(seed: string): (bound: number) => number {
  let counter = 0
  return (bound) => {
    // Values of the last, incomplete multiple of the bound would favour the small ones.
    const even = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const value = createHash('sha256').update(`referee:${seed}:${counter}`).digest().readUInt32BE(0)
      counter += 1
      if (value < even) return value % bound
    }
  }
}

/** One quad of the plan: which matrix, and whether the order is B A A B. */
export type PlannedQuad = { readonly matrix: number; readonly mirrored: boolean }

/** Every matrix once, in an order that nobody else knows. */
export function planQuads(seed: string, matrixCount: number): PlannedQuad[] {
  const draw = createDraw(seed)
  const order = Array.from({ length: matrixCount }, (_, index) => index)
  for (let last = matrixCount - 1; last > 0; last -= 1) {
    const other = draw(last + 1)
    const [a, b] = [order[last] ?? 0, order[other] ?? 0]
    order[last] = b
    order[other] = a
  }
  return order.map((matrix) => ({ matrix, mirrored: draw(2) === 1 }))
}
