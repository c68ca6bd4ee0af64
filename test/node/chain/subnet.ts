/** The subnet of the compliance suite: an owner, three validators with permits, one that is outranked and one that is poor. */
import type { GenesisSpec } from '../../../node/chain/local/genesis.ts'
import { signerOf } from './devnet.ts'

export const tao = 1_000_000_000n
export const payer = signerOf('payer')
export const payee = signerOf('payee').publicKey
export const owner = signerOf('owner')
export const validators = [signerOf('alice'), signerOf('bob'), signerOf('carol')] as const
export const outranked = signerOf('dave')
export const poor = signerOf('erin')

function neuron(name: string, o: { readonly tao: bigint; readonly permit: boolean }): GenesisSpec['neurons'][number] {
  const stakeRao = String(o.tao * tao)
  return { hotkey: signerOf(name).publicKey, coldkey: payer.publicKey, stakeRao, permit: o.permit }
}

export const spec: GenesisSpec = {
  name: 'compliance',
  accounts: [{ key: payer.publicKey, freeRao: String(50_000n * tao) }],
  subnet: {
    netuid: 7,
    tempo: 10,
    ownerHotkey: owner.publicKey,
    weightsRateLimit: 12,
    versionKey: 3,
    minAllowedWeights: 2,
    maxAllowedValidators: 3,
    stakeThresholdRao: String(1000n * tao),
  },
  neurons: [
    neuron('owner', { tao: 0n, permit: true }),
    neuron('alice', { tao: 30_000n, permit: true }),
    neuron('bob', { tao: 28_000n, permit: true }),
    neuron('carol', { tao: 22_000n, permit: true }),
    neuron('dave', { tao: 20_000n, permit: false }),
    neuron('erin', { tao: 10n, permit: false }),
  ],
}
