/** Exact fractions, as plain as they come: nothing is rounded before someone asks for the floor. */

/** `den` > 0; not reduced. */
export type Rational = { readonly num: bigint; readonly den: bigint }

export const rational = (num: number | bigint, den: number | bigint = 1n): Rational => ({
  num: BigInt(num),
  den: BigInt(den),
})

export const ZERO = rational(0)
export const ONE = rational(1)

export const add = (a: Rational, b: Rational): Rational => ({ num: a.num * b.den + b.num * a.den, den: a.den * b.den })
export const subtract = (a: Rational, b: Rational): Rational => add(a, { num: -b.num, den: b.den })
export const multiply = (a: Rational, b: Rational): Rational => ({ num: a.num * b.num, den: a.den * b.den })
/** `b` > 0. */
export const divide = (a: Rational, b: Rational): Rational => ({ num: a.num * b.den, den: a.den * b.num })
export const isAbove = (a: Rational, b: Rational): boolean => a.num * b.den > b.num * a.den
/** Of a fraction that is not negative. */
export const floor = (a: Rational): bigint => a.num / a.den
