/** The subnet of the compliance suite: an owner, three validators with permits, one that is outranked and one that is poor. */
import type { GenesisSpec } from '../../../node/chain/local/genesis.ts'
import type { HotkeySigner } from '../../../node/chain/port.ts'
import { signerOf } from './devnet.ts'

export const tao = 1_000_000_000n
export const payer = signerOf('payer')
export const payee = signerOf('payee').publicKey
export const owner = signerOf('owner')
/** The chain takes both schemes: carol has the other one. */
export const validators = [signerOf('alice'), signerOf('bob'), signerOf('carol', 'ed25519')] as const
export const outranked = signerOf('dave')
export const poor = signerOf('erin')

function neuron(
  signer: HotkeySigner,
  o: { readonly tao: bigint; readonly permit: boolean },
): GenesisSpec['neurons'][number] {
  const stakeRao = String(o.tao * tao)
  return { hotkey: signer.publicKey, coldkey: payer.publicKey, stakeRao, permit: o.permit }
}

export const spec: GenesisSpec = {
  name: 'compliance',
  accounts: [{ key: payer.publicKey, freeRao: String(50_000n * tao) }],
  subnet: {
    netuid: 7,
    tempo: 10,
    ownerHotkey: owner.publicKey,
    // Two seconds of blocks on a local chain: a second row must come within it on a slow machine too.
    weightsRateLimit: 50,
    versionKey: 3,
    minAllowedWeights: 2,
    maxAllowedValidators: 3,
    stakeThresholdRao: String(1000n * tao),
  },
  neurons: [
    neuron(owner, { tao: 0n, permit: true }),
    neuron(validators[0], { tao: 30_000n, permit: true }),
    neuron(validators[1], { tao: 28_000n, permit: true }),
    neuron(validators[2], { tao: 22_000n, permit: true }),
    neuron(outranked, { tao: 20_000n, permit: false }),
    neuron(poor, { tao: 10n, permit: false }),
  ],
}
