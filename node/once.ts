/** A part that is made later than those that will use it. */

/** Reading it before it is set is a mistake of ours, and throws. */
export const once = <T>(what: string) => {
  let value: T | null = null
  return {
    set: (given: T): void => {
      value = given
    },
    get: (): T => {
      if (value === null) throw new Error(`${what} is used before it is there`)
      return value
    },
  }
}
