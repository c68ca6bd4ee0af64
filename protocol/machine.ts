/** The whole machine of one validator: the agreement on heights over the rounds it decides. */
import { type Application, type EntryCheck, UNCHANGED } from './application.ts'
import type { Host } from './consensus/context.ts'
import { judgeOf } from './consensus/header.ts'
import { restoreRecord } from './consensus/restore.ts'
import { type Consensus, openConsensus } from './consensus/state.ts'
import { stepConsensus } from './consensus/step.ts'
import type { Key } from './crypto.ts'
import { domainsOf, type Genesis } from './genesis.ts'
import type { Effect, Input, JournalRecord } from './machine-types.ts'
import type { Entry } from './message/entry.ts'
import type { Proposal } from './message/vote.ts'

/** Changed in place by `step`: hold on to what it returns only, and share it with nobody. */
export type Machine<S> = {
  readonly application: Application<S>
  readonly rounds: S
  readonly consensus: Consensus
  readonly host: Host
}

type Parts<S> = {
  readonly genesis: Genesis
  /** This node's hotkey; null for an observer, which follows and never votes. */
  readonly self: Key | null
  readonly application: Application<S>
  /** The rounds' state at genesis, for this machine alone. */
  readonly rounds: S
}

export const createMachine = <S>({ genesis, self, application, rounds }: Parts<S>): Machine<S> => {
  /** What is due follows from the rounds alone: asked for at every input, derived when they have changed. */
  let due: Entry | null | undefined
  const host: Host = {
    committee: () => application.committee(rounds),
    sessionKeyOf: (message) => application.sessionKeyOf(rounds, message),
    deltaMs: () => application.deltaMs(rounds),
    headBlock: () => application.headBlock(rounds),
    due: () => {
      if (due === undefined) due = application.due(rounds)
      return due
    },
    check: (query) => application.check(rounds, query),
    evidence: (judge) => application.evidence(rounds, judge),
    accuse: (messages, at) => application.accuse(rounds, messages, at),
    step: (input) => {
      const effects = application.step(rounds, input)
      if (effects !== UNCHANGED) due = undefined
      return effects
    },
    apply: (decided) => {
      due = undefined
      return application.apply(rounds, decided)
    },
  }
  const consensus = openConsensus({
    self,
    origin: domainsOf(genesis).mesh,
    block: genesis.block,
    committee: host.committee(),
  })
  return { application, rounds, consensus, host }
}

/** One record of the journal, in order, into a machine that was just made and has had every record before. */
export const replayRecord = <S>({ consensus, host, application, rounds }: Machine<S>, record: JournalRecord): void => {
  if (!restoreRecord(consensus, host, record)) application.restore(rounds, record)
}

/**
 * The machine as it was when the last of these records became durable. Nothing is in flight after it: its first input should be a `wake`,
 * at which it signs its votes of the current view again and asks again for all it awaits.
 */
export const restoreMachine = <S>(parts: Parts<S> & { readonly records: Iterable<JournalRecord> }): Machine<S> => {
  const machine = createMachine(parts)
  for (const record of parts.records) replayRecord(machine, record)
  return machine
}

/** What the log as it stands proves of a proposal of the next height; the effects of a `wait` are what it lacks. */
export const judgeProposal = <S>({ consensus, host }: Machine<S>, proposal: Proposal): EntryCheck =>
  judgeOf({ state: consensus, host, at: 0 })(proposal)

const isAgreement = (input: Input): boolean => {
  if (input.kind !== 'message')
    return input.kind === 'certificate' || input.kind === 'decided' || input.kind === 'status'
  const { kind } = input.message
  return kind === 'proposal' || kind === 'notarize' || kind === 'nullify' || kind === 'finalize'
}

/** One input in, effects out, to be carried out in order, each before the next. */
export const step = <S>(machine: Machine<S>, input: Input): { state: Machine<S>; effects: readonly Effect[] } => {
  const rounds = isAgreement(input) ? [] : machine.host.step(input)
  const agreement = stepConsensus(machine.consensus, machine.host, input)
  return { state: machine, effects: rounds.length === 0 ? agreement : [...rounds, ...agreement] }
}
