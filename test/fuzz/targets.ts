/** Everything that is fuzzed, by name. */
import { borderTargets } from './border.ts'
import { protocolTargets } from './decoders.ts'
import { machineTarget } from './machine.ts'
import { peerTargets } from './peer.ts'
import type { Target } from './target.ts'

export const targets: readonly Target[] = [...protocolTargets, ...borderTargets, ...peerTargets, machineTarget]
