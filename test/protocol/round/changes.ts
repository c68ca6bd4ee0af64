/** Changes of parameters as the owner of the tests' mesh signs them. */
import type { Signed } from '../../../protocol/message/message.ts'
import type { ParamsChange } from '../../../protocol/message/params.ts'
import { OWNER, params } from './mesh.ts'
import { SIGNATURE } from './signing.ts'

export const MESH = { deltaMs: 1_000, weightCapPpm: 330_000, weightsEveryBlocks: 10, evidenceEpochs: 3 }

export const changeOf = (change: ParamsChange['change'], more: Partial<ParamsChange> = {}): Signed<'params'> => ({
  kind: 'params',
  body: { hotkey: OWNER, scheme: 'sr25519', counter: 1, activationHeight: 3, change, ...more },
  signature: SIGNATURE,
})
export const meshChange = (values: Partial<typeof MESH>, more: Partial<ParamsChange> = {}) =>
  changeOf({ kind: 'mesh', ...MESH, ...values }, more)
export const roundChange = (values: Partial<typeof params>, more: Partial<ParamsChange> = {}) =>
  changeOf({ kind: 'competition', ...params, ...values }, more)
