/** Ways to spoil a healthy tape, each by one change. */
import type { Key } from '../../../protocol/crypto.ts'
import type { JournalRecord, Notice } from '../../../protocol/machine-types.ts'
import type { Entry, EntryOf, Header } from '../../../protocol/message/entry.ts'
import type { BodyOf, MessageKind, Signed } from '../../../protocol/message/message.ts'
import type { Decided } from '../../../protocol/message/vote.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import type { RoundState } from '../../../protocol/round/state.ts'
import type { Sim } from '../watch.ts'
import { type Event, healthyTape, type Tape } from './tape.ts'

export const [first, second] = healthyTape().keys as [Key, Key]

/** What a test changes of the healthy run, and how it is played then. */
export type Spoilt = {
  readonly tape: Tape
  readonly liars?: readonly Key[]
  readonly sim?: Partial<Sim>
  readonly isDone?: () => boolean
}
export type Spoil = (tape: Tape) => Spoilt | Tape

export const add = (tape: Tape, hook: Event['hook'], ...args: readonly unknown[]): Tape => {
  tape.events.push({ at: tape.events.at(-1)?.at ?? 0, hook, args })
  return tape
}
export const drop = (tape: Tape, isDropped: (event: Event) => boolean): Tape => ({
  ...tape,
  events: tape.events.filter((event) => !isDropped(event)),
})
export const change = (tape: Tape, to: (event: Event) => Event): Tape => ({ ...tape, events: tape.events.map(to) })

export const recordsIn = ({ hook, args }: Event): readonly JournalRecord[] =>
  hook === 'persisted' ? (args[1] as readonly JournalRecord[]) : []
export const lose = (tape: Tape, isLost: (record: JournalRecord) => boolean): Tape =>
  drop(tape, (event) => event.args[0] === first && recordsIn(event).some(isLost))

export const signedIn = ({ hook, args }: Event): Signed | null => (hook === 'signed' ? (args[1] as Signed) : null)
export const signedOf = <K extends MessageKind>(tape: Tape, kind: K, node: Key): Signed<K> => {
  const found = tape.events.map(signedIn).find((message) => message?.kind === kind && message.body.hotkey === node)
  return found as Signed<K>
}
/** What `node` signed of this kind, and once more with another body. */
export const signAgain = <K extends MessageKind>(tape: Tape, kind: K, body: Partial<BodyOf<K>>): Tape => {
  const node = tape.events.map(signedIn).find((message) => message?.kind === kind)?.body.hotkey ?? first
  const message = signedOf(tape, kind, node)
  const again = { ...message, body: { ...message.body, ...body } }
  add(tape, 'sent', again)
  return add(tape, 'signed', node, again)
}

/** Changes what is decided at a height, at `nodes` only where given. */
export const redecide = (
  tape: Tape,
  height: number,
  o: { nodes?: readonly Key[]; to: (decided: Decided) => Decided },
): Tape =>
  change(tape, (event) => {
    const { hook, args } = event
    const decided = args[1] as Decided
    const isMeant =
      hook === 'decided' && decided.header.height === height && (o.nodes?.includes(args[0] as Key) ?? true)
    return isMeant ? { ...event, args: [args[0], o.to(decided)] } : event
  })

/** Another header than the mesh decided, and its certificate. */
export const forked =
  (tape: Tape, part: Partial<Header>) =>
  ({ header }: Decided): Decided => {
    const other = { ...header, ...part }
    return { header: other, certificate: tape.certificateOf('finalize', other) }
  }
export const headerOf = (tape: Tape, height: number): Header => tape.headers[height - 1] as Header

export const respelled =
  <K extends Entry['kind']>(kind: K, to: (entry: EntryOf<K>) => Entry): Spoil =>
  () =>
    healthyTape((entry) => (entry.kind === kind ? to(entry as EntryOf<K>) : entry))

/** The nodes' states with another result. */
export const withResult = (tape: Tape, to: (result: RoundResult, node: Key) => RoundResult): Partial<Sim> => ({
  roundsOf: (node) => {
    const { rounds } = tape.state()
    const competitions = [...rounds.competitions].map(([id, competition]): [string, unknown] => [
      id,
      { ...competition, results: competition.results.map((result) => to(result, node)) },
    ])
    return { ...rounds, competitions: new Map(competitions) } as RoundState
  },
})
export const withMetric =
  (metricPpm: (centres: readonly number[]) => number): Spoil =>
  (tape) => ({
    tape,
    sim: withResult(tape, (result) => ({
      ...result,
      submissions: result.submissions.map((submission) => ({
        ...submission,
        metricPpm: metricPpm(
          submission.byValidator.filter(({ use }) => use === 'counted').map(({ centrePpm }) => centrePpm),
        ),
      })),
    })),
  })

export const vector =
  (uids: readonly number[], values: readonly number[]): Spoil =>
  (tape) =>
    add(tape, 'weighed', first, { block: 40, vector: { uids, values } })

export const accuse =
  (notice: (tape: Tape) => Notice): Spoil =>
  (tape) =>
    add(tape, 'noticed', first, notice(tape))

export const OTHER = 'ab'.repeat(32)
export const NONE = '00'.repeat(32)

/** Checker → what breaks its promise, in the words of its violation. */
export type Broken = Readonly<Record<string, readonly (readonly [promise: string, spoil: Spoil])[]>>
