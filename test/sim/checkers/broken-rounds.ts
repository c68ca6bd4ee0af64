/** What breaks the promises of the rounds, as changes of a healthy run. */
import type { PaymentRef } from '../../../protocol/chain/payment.ts'
import type { Decided } from '../../../protocol/message/vote.ts'
import { type RoundResult, resultDigest } from '../../../protocol/round/result.ts'
import { refOf } from '../payments.ts'
import {
  add,
  type Broken,
  change,
  drop,
  first,
  OTHER,
  respelled,
  type Spoil,
  second,
  vector,
  withMetric,
  withResult,
} from './spoil.ts'
import { healthyTape } from './tape.ts'

/** The submission as if it had named another payment. */
const withPayment =
  (to: (ref: PaymentRef) => PaymentRef | null): Spoil =>
  (tape) => {
    for (const [id, message] of tape.messages) {
      if (message.kind !== 'submission' || message.body.payment === null) continue
      tape.messages.set(id, { ...message, body: { ...message.body, payment: to(message.body.payment) } })
    }
    return tape
  }

export const BROKEN_ROUNDS: Broken = {
  'rounds-end': [
    [
      'heights are contiguous',
      (tape) =>
        drop(
          tape,
          ({ hook, args }) => hook === 'decided' && args[0] === second && (args[1] as Decided).header.height === 2,
        ),
    ],
    [
      'a round passes its stages in order and ends once',
      respelled('commits', ({ competition, round, manifest }) => ({
        kind: 'result',
        competition,
        round,
        manifest,
        reveals: [],
        result: OTHER,
      })),
    ],
    [
      'a round passes its stages in order and ends once',
      respelled('result', ({ competition, round, manifest }) => ({
        kind: 'void',
        competition,
        round,
        manifest,
        stage: 'commits',
        missing: [],
      })),
    ],
    [
      'a round passes its stages in order and ends once',
      respelled('result', ({ competition, round, manifest }) => ({
        kind: 'commits',
        competition,
        round,
        manifest,
        commits: [],
      })),
    ],
    [
      'a stage waits for its deadline',
      () =>
        healthyTape((entry) => {
          if (entry.kind === 'manifest') return { ...entry, beaconBlock: 40 }
          return entry.kind === 'commits' ? { ...entry, commits: entry.commits.slice(1) } : entry
        }),
    ],
    ['a round passes its stages in order and ends once', respelled('manifest', (entry) => ({ ...entry, round: 2 }))],
  ],
  'sealed-until-commits': [
    [
      'no reveal before COMMITS is held',
      (tape) =>
        drop(
          tape,
          ({ hook, args }) => hook === 'decided' && args[0] === second && (args[1] as Decided).header.height === 2,
        ),
    ],
    [
      'no reveal of a commit that COMMITS leaves out',
      respelled('commits', (entry) => ({ ...entry, commits: entry.commits.slice(1) })),
    ],
  ],
  'commitments-opened': [
    [
      'every reveal in RESULT opens its commitment',
      respelled('manifest', (entry) => ({ ...entry, submissions: [...entry.submissions, ...entry.submissions] })),
    ],
    [
      'every reveal in RESULT opens its commitment',
      (tape) => {
        for (const [id, message] of tape.messages)
          if (message.kind === 'reveal') tape.messages.set(id, { ...message, body: { ...message.body, nonce: OTHER } })
        return tape
      },
    ],
    [
      'every reveal in RESULT opens its commitment',
      respelled('result', (entry) => ({ ...entry, reveals: [OTHER, ...entry.reveals] })),
    ],
    [
      'every reveal in RESULT opens its commitment',
      respelled('commits', (entry) => ({ ...entry, commits: entry.commits.slice(1) })),
    ],
    [
      'RESULT names one reveal a validator',
      respelled('result', (entry) => ({ ...entry, reveals: [...entry.reveals, ...entry.reveals.slice(0, 1)] })),
    ],
    [
      'COMMITS names one commit a validator',
      respelled('commits', (entry) => ({ ...entry, commits: [...entry.commits, ...entry.commits.slice(0, 1)] })),
    ],
  ],
  'honest-range': [
    ['a metric is within the honest range', withMetric((centres) => Math.max(...centres) + 1)],
    ['a metric is within the honest range', withMetric((centres) => Math.min(...centres) - 1)],
    ['a metric is within the honest range', withMetric((centres) => Math.max(...centres))],
  ],
  'paid-once': [
    [
      'a payment pays for one submission',
      () => {
        const tape = healthyTape((entry) => {
          if (entry.kind !== 'manifest' || entry.round === 1) return entry
          return { ...entry, submissions: [{ id: OTHER, receiptBlock: 3, receipts: [] }] }
        })
        const [paid] = [...tape.messages.values()].filter((message) => message.kind === 'submission')
        if (paid !== undefined) tape.messages.set(OTHER, { ...paid, body: { ...paid.body, bundle: OTHER } })
        return tape
      },
    ],
    ['what a manifest names is paid for', withPayment(() => null)],
    ['what a manifest names is paid for', withPayment((ref) => ({ ...ref, blockHash: OTHER }))],
    ['what a manifest names is paid for', withPayment(() => refOf({ block: 2, miner: 0, kind: 'fails' }))],
    ['what a manifest names is paid for', withPayment(() => refOf({ block: 2, miner: 2, kind: 'pays' }))],
  ],
  inclusion: [
    ['every timely receipt is in MANIFEST', respelled('manifest', (entry) => ({ ...entry, submissions: [] }))],
    [
      'every timely receipt is in MANIFEST',
      respelled('manifest', (entry) => ({
        ...entry,
        submissions: entry.submissions.map((ref) => ({ ...ref, receipts: ref.receipts.slice(1) })),
      })),
    ],
    [
      'every timely commit is in COMMITS',
      respelled('commits', (entry) => ({ ...entry, commits: entry.commits.slice(1) })),
    ],
    [
      'every timely reveal is in RESULT',
      respelled('result', (entry) => ({ ...entry, reveals: entry.reveals.slice(1) })),
    ],
  ],
  patience: [
    [
      'nobody notarizes what leaves out an item it holds',
      respelled('manifest', (entry) => ({ ...entry, submissions: [] })),
    ],
    [
      'nobody notarizes what leaves out an item it holds',
      respelled('manifest', (entry) => ({
        ...entry,
        submissions: entry.submissions.map((ref) => ({ ...ref, receipts: ref.receipts.slice(1) })),
      })),
    ],
    [
      'nobody notarizes what leaves out an item it holds',
      respelled('commits', (entry) => ({ ...entry, commits: entry.commits.slice(1) })),
    ],
    [
      'nobody notarizes what leaves out an item it holds',
      respelled('result', (entry) => ({ ...entry, reveals: entry.reveals.slice(1) })),
    ],
  ],
  'same-results': [
    [
      'one result a round',
      (tape) => ({
        tape,
        sim: withResult(tape, (result, node) => (node === second ? { ...result, winner: OTHER } : result)),
      }),
    ],
    [
      'a second evaluator derives the same',
      () => {
        const usurp = (result: RoundResult): RoundResult => ({ ...result, winner: OTHER })
        const honest = healthyTape()
        const [competition] = honest.state().rounds.competitions.values()
        const [result] = competition?.results ?? []
        const digest = result === undefined ? OTHER : resultDigest(usurp(result))
        // Every node and the log agree on what does not follow from the reveals.
        const tape = healthyTape((entry) => (entry.kind === 'result' ? { ...entry, result: digest } : entry))
        return { tape, sim: withResult(honest, usurp) }
      },
    ],
    [
      'the log names the result',
      (tape) => ({ tape, sim: withResult(tape, (result) => ({ ...result, winner: OTHER })) }),
    ],
  ],
  'legal-weights': [
    ['weights are legal', vector([], [])],
    ['weights are legal', vector([0, 1], [65_535])],
    ['weights are legal', vector([1, 0], [65_535, 1])],
    ['weights are legal', vector([0, 0], [65_535, 1])],
    ['weights are legal', vector([0, 1], [65_534, 1])],
    ['weights are legal', vector([0, 1], [65_536, 65_535])],
    ['weights are legal', vector([0, 1], [65_535, 0])],
    ['weights are legal', vector([0, 999], [65_535, 1])],
  ],
  replay: [
    [
      'a replay of the archive reaches the same state',
      (tape) => ({
        tape,
        sim: withResult(tape, (result, node) => (node === second ? { ...result, winner: OTHER } : result)),
      }),
    ],
    [
      'a replay of the archive reaches the same state',
      (tape) => {
        const { consensus } = tape.state()
        return { tape, sim: { consensusOf: () => ({ ...consensus, log: { ...consensus.log, root: OTHER } }) } }
      },
    ],
  ],
  vectors: [
    ['a vector is set once', vector([0], [65_535])],
    [
      'one vector a block',
      (tape) =>
        change(tape, (event) =>
          event.hook === 'weighed' && event.args[0] === second
            ? { ...event, args: [second, { block: 40, vector: { uids: [1], values: [65_535] } }] }
            : event,
        ),
    ],
    [
      'a vector is the one of its block',
      (tape) =>
        change(tape, (event) =>
          event.hook === 'weighed'
            ? { ...event, args: [event.args[0], { block: 40, vector: { uids: [1], values: [65_535] } }] }
            : event,
        ),
    ],
    [
      'a vector is of a due block',
      (tape) => add(tape, 'weighed', first, { block: 41, vector: { uids: [0], values: [65_535] } }),
    ],
  ],
}
