/** Four validators say what they measured, and a result is derived from it. */
import type { Committee } from '../../../protocol/committee.ts'
import { hardwareClassOf } from '../../../protocol/competition/hardware.ts'
import { createStanding, type Standing } from '../../../protocol/ledger/fold.ts'
import { type DeriveQuery, deriveResult } from '../../../protocol/round/derive.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import type { Evaluation, Measured } from '../../../protocol/round/statement.ts'
import { digestOf, MINERS, params, STAKES, VALIDATORS } from './mesh.ts'

const committee: Committee = {
  epoch: 1,
  members: VALIDATORS.map((hotkey, index) => ({
    hotkey,
    sessionKey: '',
    sealingKey: '',
    peerId: '',
    weight: STAKES[index] ?? 0n,
  })),
  total: 100n,
  seed: digestOf('seed'),
}

const evaluation = (submissions: readonly Measured[], host: { noisePpm: number; model: string }): Evaluation => ({
  domain: digestOf('domain'),
  competition: params.id,
  paramsHash: digestOf('params'),
  round: 1,
  manifest: digestOf('manifest'),
  hotkey: '',
  nonce: digestOf('nonce'),
  seed: digestOf('seed'),
  image: digestOf('image'),
  referee: digestOf('referee'),
  hardware: {
    model: host.model,
    cores: 1,
    engine: '',
    strength: '',
    class: hardwareClassOf({ model: host.model, cores: 1 }),
  },
  hostNoisePpm: host.noisePpm,
  submissions,
})

/** What each of the four says of each submission; null is silent. `noise`, `models`: theirs, in the same order. */
export type Says = {
  readonly says: readonly (readonly Measured[] | null)[]
  readonly names?: readonly string[]
  readonly noise?: readonly number[]
  readonly models?: readonly string[]
  readonly standing?: Standing
  readonly incumbent?: string
  readonly thetaPpm?: number
}

export const queryOf = (o: Says): DeriveQuery => ({
  manifest: digestOf('manifest'),
  entry: {
    kind: 'manifest',
    competition: params.id,
    round: 1,
    paramsHash: digestOf('params'),
    image: digestOf('image'),
    closeBlock: 120,
    beaconBlock: 130,
    incumbent: o.incumbent ?? null,
    thetaPpm: o.thetaPpm ?? params.thetaPpm,
    submissions: (o.names ?? ['a']).map((name) => ({ id: digestOf(name), receiptBlock: 110, receipts: [] })),
  },
  committee,
  attestations: o.says.flatMap((submissions, index) => {
    const hotkey = VALIDATORS[index] ?? ''
    const host = { noisePpm: o.noise?.[index] ?? 0, model: o.models?.[index] ?? '' }
    return submissions === null ? [] : [{ hotkey, evaluation: evaluation(submissions, host) }]
  }),
  standing: o.standing ?? createStanding(),
  confirmRounds: 2,
  submissionOf: (id) => ({ hotkey: MINERS[0] ?? '', bundle: id }),
})

export const derive = (says: Says['says'], o: Omit<Says, 'says'> = {}): RoundResult =>
  deriveResult(queryOf({ ...o, says }))
