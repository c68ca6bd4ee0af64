/** The message that changes parameters: a whole new object, signed by the subnet owner's hotkey. */
import { count, type Infer, key, struct, u32, union } from '../canonical.ts'
import { competitionParams, meshParams } from '../params.ts'
import { keyScheme } from './membership.ts'

/** In force from `activationHeight` on, when a height below it decides it. `counter` counts the changes of one target, from 1. */
export const params = struct({
  hotkey: key,
  scheme: keyScheme,
  counter: u32,
  activationHeight: count,
  change: union({ mesh: meshParams, competition: competitionParams }),
})
export type ParamsChange = Infer<typeof params>

/** What is changed: the mesh, or one competition. */
export const targetOf = ({ change }: Pick<ParamsChange, 'change'>): string =>
  change.kind === 'mesh' ? 'mesh' : `competition ${change.id}`
