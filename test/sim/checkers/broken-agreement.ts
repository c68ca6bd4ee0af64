/** What breaks the promises of the agreement, of the log and of memory, as changes of a healthy run. */
import type { Signed } from '../../../protocol/message/message.ts'
import {
  accuse,
  add,
  type Broken,
  change,
  drop,
  first,
  forked,
  headerOf,
  lose,
  NONE,
  OTHER,
  recordsIn,
  redecide,
  respelled,
  second,
  signAgain,
  signedIn,
  signedOf,
} from './spoil.ts'
import type { Tape } from './tape.ts'

/** Evidence against `second` on the disk of `first`. */
const proven =
  (messages: (tape: Tape) => readonly Signed[]) =>
  (tape: Tape): Tape => {
    const delegation = { kind: 'delegation', body: { hotkey: second }, signature: '' }
    return add(tape, 'persisted', first, [{ kind: 'evidence', evidence: { delegation, messages: messages(tape) } }])
  }

export const BROKEN_AGREEMENT: Broken = {
  agreement: [
    ['one value a height', (tape) => redecide(tape, 2, { nodes: [second], to: forked(tape, { block: 26 }) })],
    [
      'what is decided was finalized',
      (tape) =>
        redecide(tape, 2, { to: ({ header }) => ({ header, certificate: tape.certificateOf('notarize', header) }) }),
    ],
  ],
  'one-notarization': [
    [
      'one notarized value a view',
      (tape) => add(tape, 'certified', tape.certificateOf('notarize', { ...headerOf(tape, 1), block: 7 })),
    ],
    [
      'one notarized value a view',
      (tape) => add(tape, 'certified', tape.certificateOf('finalize', { ...headerOf(tape, 1), block: 7 })),
    ],
  ],
  'one-end': [
    [
      'a view is never both nullified and finalized',
      (tape) => add(tape, 'certified', tape.certificateOf('nullify', headerOf(tape, 1))),
    ],
  ],
  guarded: [
    ['guarded before it is sent', (tape) => lose(tape, (record) => record.kind === 'guard')],
    ['guarded before it is sent', (tape) => lose(tape, (record) => record.kind === 'sealed')],
    ['guarded before it is sent', (tape) => lose(tape, (record) => record.kind === 'weights')],
    ['guarded before it is sent', (tape) => signAgain(tape, 'commit', { commitment: OTHER })],
    ['guarded before it is sent', (tape) => signAgain(tape, 'reveal', { nonce: OTHER })],
    [
      'guarded before it is sent',
      (tape) => signAgain(tape, 'proposal', { header: { ...headerOf(tape, 1), block: 7 } }),
    ],
  ],
  'no-conviction': [
    ['no honest node signs two values', (tape) => signAgain(tape, 'notarize', { value: OTHER })],
    [
      'no honest node both nullifies and finalizes',
      (tape) => {
        const { body } = signedOf(tape, 'finalize', first)
        return add(tape, 'signed', first, { kind: 'nullify', body: { ...body, value: NONE }, signature: '' })
      },
    ],
    [
      'no honest node signs two proposals',
      (tape) => signAgain(tape, 'proposal', { header: { ...headerOf(tape, 1), block: 7 } }),
    ],
    ['no honest node signs two commits', (tape) => signAgain(tape, 'commit', { commitment: OTHER })],
    ['no honest node signs two reveals', (tape) => signAgain(tape, 'reveal', { nonce: OTHER })],
    [
      'no honest node reveals what it did not commit to',
      (tape) =>
        change(tape, (event) => {
          const message = signedIn(event)
          return message?.kind === 'reveal'
            ? { ...event, args: [event.args[0], { ...message, body: { ...message.body, nonce: OTHER } }] }
            : event
        }),
    ],
    [
      'no honest node signs two delegations with one counter',
      (tape) => {
        for (const toBlock of [10, 11])
          add(tape, 'signed', first, {
            kind: 'delegation',
            body: { hotkey: first, counter: 2, toBlock },
            signature: '',
          })
        return tape
      },
    ],
    [
      'nobody honest is accused',
      proven((tape) => [signedOf(tape, 'notarize', second), signedOf(tape, 'finalize', second)]),
    ],
    [
      'evidence shows an offence',
      (tape) => ({
        tape: proven((all) => [signedOf(all, 'notarize', second), signedOf(all, 'finalize', second)])(tape),
        liars: [second],
      }),
    ],
    [
      'what convicts is held by someone honest',
      (tape) => redecide(tape, 2, { to: forked(tape, { evidence: [OTHER] }) }),
    ],
    [
      'nobody honest is accused',
      accuse((tape) => ({
        kind: 'equivocation',
        hotkey: second,
        first: signedOf(tape, 'notarize', second),
        second: signedOf(tape, 'notarize', second),
      })),
    ],
    [
      'nobody honest is accused',
      accuse((tape) => ({
        kind: 'refused',
        proposal: tape.events.map(signedIn).find((m) => m?.kind === 'proposal') as Signed<'proposal'>,
        reason: '',
      })),
    ],
    ['nobody honest is accused', accuse((tape) => ({ kind: 'cloned', message: signedOf(tape, 'notarize', first) }))],
  ],
  accountability: [
    ['offenders are never honest', (tape) => signAgain(tape, 'notarize', { value: OTHER })],
    [
      'who breaks agreement is named',
      (tape) => redecide(tape, 2, { nodes: [second], to: forked(tape, { block: 26 }) }),
    ],
  ],
  committees: [
    [
      'certificates hold real votes',
      (tape) => add(tape, 'certified', { ...tape.certificateOf('notarize', headerOf(tape, 1)), view: 1 }),
    ],
    [
      'certificates hold real votes',
      (tape) => add(tape, 'certified', tape.certificateOf('notarize', headerOf(tape, 1), { signers: [0, 1, 2, 4] })),
    ],
    [
      'certificates hold a quorum',
      (tape) => add(tape, 'certified', tape.certificateOf('notarize', headerOf(tape, 1), { signers: [0, 1] })),
    ],
    [
      'certificates hold a quorum',
      (tape) => add(tape, 'certified', tape.certificateOf('notarize', headerOf(tape, 1), { signers: [0, 1, 1, 1] })),
    ],
    [
      'certificates hold a quorum',
      (tape) => add(tape, 'certified', tape.certificateOf('notarize', { ...headerOf(tape, 3), height: 9 })),
    ],
    [
      'certificates name a signer once',
      (tape) => add(tape, 'certified', tape.certificateOf('notarize', headerOf(tape, 1), { signers: [0, 1, 2, 3, 3] })),
    ],
    ["a header names its committee's epoch", (tape) => redecide(tape, 2, { to: forked(tape, { epoch: 7 }) })],
    [
      'an epoch is what the chain says',
      respelled('commits', () => ({
        ...{ kind: 'epoch', epoch: 1, block: 14, blockHash: OTHER, owner: OTHER },
        ...{ members: [], released: [] },
      })),
    ],
    [
      'a submission has receipts of a quorum',
      respelled('manifest', (entry) => ({
        ...entry,
        submissions: entry.submissions.map((submission) => ({ ...submission, receipts: submission.receipts.slice(2) })),
      })),
    ],
    ['a submission has receipts of a quorum', respelled('manifest', (entry) => ({ ...entry, closeBlock: 0 }))],
    [
      "a stage holds a quorum of its manifest's committee",
      respelled('commits', (entry) => ({ ...entry, commits: entry.commits.slice(2) })),
    ],
    [
      "a stage holds a quorum of its manifest's committee",
      respelled('result', (entry) => ({ ...entry, reveals: entry.reveals.map(() => entry.reveals[0] ?? '') })),
    ],
  ],
  merkle: [
    ['headers are linked', (tape) => redecide(tape, 2, { to: forked(tape, { previous: OTHER }) })],
    ['headers are linked', (tape) => redecide(tape, 3, { to: forked(tape, { logRoot: OTHER }) })],
    [
      'equal roots at equal size',
      (tape) => {
        const { consensus } = tape.state()
        return { tape, sim: { consensusOf: () => ({ ...consensus, log: { ...consensus.log, root: OTHER } }) } }
      },
    ],
  ],
  'external-validity': [
    [
      'what is decided was fresh and valid to someone honest',
      (tape) =>
        drop(tape, (event) =>
          recordsIn(event).some((record) => record.kind === 'message' && record.message.kind === 'proposal'),
        ),
    ],
  ],
  'no-late-votes': [
    ['no vote on a finalized height', (tape) => signAgain(tape, 'notarize', { view: 1 })],
    [
      'no vote on a finalized height',
      (tape) => {
        add(tape, 'persisted', first, [
          { kind: 'certificate', certificate: tape.certificateOf('finalize', { ...headerOf(tape, 3), height: 4 }) },
        ])
        return signAgain(tape, 'finalize', { height: 4 })
      },
    ],
  ],
  'one-meaning': [
    ['what is signed has one meaning', (tape) => signAgain(tape, 'reveal', { round: 2 })],
    [
      'what is signed holds in one mesh',
      (tape) => signAgain(tape, 'reveal', { statement: new TextEncoder().encode('{}') }),
    ],
  ],
  'everything-due': [['everything due is decided after healing', (tape) => ({ tape, isDone: () => false })]],
  prompt: [
    [
      'a height is decided soon after healing',
      (tape) =>
        redecide(tape, 2, { to: ({ header, certificate }) => ({ header, certificate: { ...certificate, view: 3 } }) }),
    ],
  ],
  'catch-up': [
    ['who restarted catches up', (tape) => ({ tape, isDone: () => false })],
    ['who restarted catches up', (tape) => ({ ...tape, headers: tape.headers.slice(0, 2) })],
  ],
  'bounded-memory': [
    [
      'memory is bounded',
      (tape) => {
        const { consensus } = tape.state()
        const early = new Map(
          Array.from({ length: 17 }, (_, index) => [`${index}`, signedOf(tape, 'notarize', first)] as const),
        )
        return { tape, sim: { consensusOf: () => ({ ...consensus, early }) } }
      },
    ],
    [
      'memory is bounded',
      (tape) => {
        const { consensus } = tape.state()
        const served = new Map(
          Array.from(
            { length: 257 },
            (_, index) => [`${index}`, { since: 0, below: 1, answers: 1, carried: new Set<string>() }] as const,
          ),
        )
        return { tape, sim: { consensusOf: () => ({ ...consensus, served }) } }
      },
    ],
    [
      'memory is bounded',
      (tape) => {
        const { rounds } = tape.state()
        const message = signedOf(tape, 'receipt', first)
        const items = new Map(
          Array.from({ length: 50 }, (_, index) => [`${index}`, { id: `${index}`, message, since: null }] as const),
        )
        return { tape, sim: { roundsOf: () => ({ ...rounds, items }) } }
      },
    ],
  ],
}
