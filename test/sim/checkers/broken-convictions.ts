/** What breaks the promises of evidence and seats, as changes of a healthy run. */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { domainsOf } from '../../../protocol/genesis.ts'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { evidenceId, evidenceOf } from '../../../protocol/message/evidence.ts'
import { messageId } from '../../../protocol/message/message.ts'
import { type Broken, first, forked, OTHER, redecide, second, signedOf } from './spoil.ts'
import { simOf, type Tape } from './tape.ts'

const delegationOf = (tape: Tape, hotkey: Key) => {
  const found = simOf(tape).sim.genesis.delegations.find(({ body }) => body.hotkey === hotkey)
  if (found === undefined) throw new Error(`no delegation of ${hotkey}`)
  return found.body
}

/** `second` notarized two values, under the key of the genesis document or another; `first` holds the proof from the start. */
const prove = (tape: Tape, sessionKey?: Key): Digest => {
  const body = delegationOf(tape, second)
  const vote = signedOf(tape, 'notarize', second)
  const domains = domainsOf(simOf(tape).sim.genesis)
  const delegation = {
    kind: 'delegation' as const,
    body: { ...body, sessionKey: sessionKey ?? body.sessionKey },
    signature: '',
  }
  const messages = [vote, { ...vote, body: { ...vote.body, value: OTHER } }]
  const evidence = evidenceOf({ delegation, messages }, domains)
  if (evidence === null) throw new Error('two values of one view are an offence')
  tape.events.unshift({ at: 0, hook: 'persisted', args: [first, [{ kind: 'evidence', evidence }]] })
  return evidenceId(evidence, domains)
}

const naming = (tape: Tape, height: number, evidence: readonly Digest[]): Tape =>
  redecide(tape, height, { to: forked(tape, { evidence }) })

/** Decides the epoch that the chain has at block 14, with every validator in its seat by its first delegation. */
const seating = (
  tape: Tape,
  part: Partial<EntryOf<'epoch'>>,
  { height = 3, evidence = [] }: { readonly height?: number; readonly evidence?: readonly Digest[] } = {},
): Tape => {
  const { genesis, keys } = simOf(tape).sim
  const entry: EntryOf<'epoch'> = {
    kind: 'epoch',
    epoch: 1,
    block: 14,
    blockHash: OTHER,
    members: keys.map((hotkey) => ({
      hotkey,
      weight: 1n,
      delegation: messageId({ kind: 'delegation', body: delegationOf(tape, hotkey) }, domainsOf(genesis)),
    })),
    owner: genesis.owner,
    released: [],
    ...part,
  }
  return redecide(tape, height, { to: forked(tape, { entry, evidence }) })
}

export const BROKEN_CONVICTIONS: Broken = {
  convictions: [
    [
      'a header names little evidence',
      (tape) =>
        naming(
          tape,
          2,
          Array.from({ length: 9 }, () => OTHER),
        ),
    ],
    ['evidence is against a seat', (tape) => naming(tape, 2, [OTHER])],
    ['evidence is of the key in force', (tape) => naming(tape, 2, [prove(tape, OTHER)])],
    [
      'nobody is convicted twice under one key',
      (tape) => {
        const id = prove(tape)
        return naming(naming(tape, 2, [id]), 3, [id])
      },
    ],
    ['a convict has no seat', (tape) => seating(naming(tape, 2, [prove(tape)]), {})],
    [
      'a convict has no seat',
      (tape) => seating(seating(tape, {}, { height: 2, evidence: [prove(tape)] }), { epoch: 4 }),
    ],
    ['a convict returns by another key', (tape) => seating(naming(tape, 2, [prove(tape)]), { epoch: 9 })],
    [
      'a seat has a delegation',
      (tape) => seating(tape, { members: [{ hotkey: first, weight: 1n, delegation: OTHER }] }),
    ],
    [
      'only a convict that the chain no longer knows is released',
      (tape) => seating(naming(tape, 2, [prove(tape)]), { released: [second] }),
    ],
    ['only a convict that the chain no longer knows is released', (tape) => seating(tape, { released: [OTHER] })],
  ],
}
