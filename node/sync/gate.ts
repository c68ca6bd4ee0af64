/** Holds the chain's heads back while this node's log is behind: without a head the machine signs, measures and weighs nothing. */
import type { Input } from '../../protocol/index.ts'

export const createGate = (submit: (input: Input) => void) => {
  let isOpen = false
  let held: Input | null = null
  return {
    /** The newest head waits; the machine asks for older blocks where it needs one. */
    submit: (input: Input): void => {
      if (input.kind === 'head' && !isOpen) held = input
      else submit(input)
    },
    open: (): void => {
      isOpen = true
      if (held !== null) submit(held)
      held = null
    },
    close: (): void => {
      isOpen = false
    },
    isOpen: (): boolean => isOpen,
  }
}
