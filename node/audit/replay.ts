/** Replays a mesh's whole log through the very machine that validators run, from an archive that is believed in nothing. */
import {
  admit,
  rounds as application,
  claims,
  createMachine,
  createRounds,
  type Decided,
  type Digest,
  type Effect,
  evaluationOf,
  type Genesis,
  type Input,
  InvariantError,
  isHere,
  type Machine,
  messageId,
  type RoundState,
  type Signed,
  step,
} from '../../protocol/index.ts'
import type { Chain } from '../chain/port.ts'
import { claimContext } from '../peers/inbox.ts'
import type { VerifySignatures } from '../peers/verify.ts'
import { judgeNamed } from './judge.ts'
import type { ArchiveSource } from './source.ts'

export type Replayed = {
  readonly machine: Machine<RoundState>
  /** Every decided height, in order. */
  readonly decided: readonly Decided[]
  /** The last block at which every row on chain must stand for a vector of this log: later ones may be of heights that it does not hold. */
  readonly untilBlock: number
  readonly signaturesChecked: number
  /** Pieces of evidence of invalid proposals that this archive has too little to judge by. */
  readonly unshown: number
}

/** What contradicts the record, and where. */
export class AuditError extends Error {
  readonly code = 'CONTRADICTED'
  readonly check: string

  constructor(check: string, message: string) {
    super(message)
    this.check = check
  }
}

/** R-59, looked at once more: the machine follows what a quorum certified, an auditor believes no quorum. */
const checkReveal = async (rounds: RoundState, message: Signed<'reveal'>, chain: Chain): Promise<void> => {
  const header = rounds.backlog[0]?.header
  const round = header?.entry.kind === 'result' ? rounds.competitions.get(header.entry.competition)?.open : null
  const id = messageId(message, rounds.domains)
  const refuse = (what: string): never => {
    throw new AuditError('results', `height ${header?.height}: the reveal ${id} of ${message.body.hotkey} ${what}`)
  }
  if (!round) return refuse('is of a round that the log does not have open')
  // The machine asks only for blocks at or below the head that it was shown: the log may have grown since.
  const beacon = round.beacon ?? (await chain.blockAt(round.entry.beaconBlock))?.hash ?? null
  const found = evaluationOf({ ...round, beacon }, { id, message, since: null }, rounds.domains)
  if (found === null) refuse(`came before its commits, or before block ${round.entry.beaconBlock} was final`)
  else if ('fault' in found) refuse(`does not fit its round: ${found.fault}`)
}

/** @throws AuditError for what no honest quorum certifies: the machine itself stops at it. */
const stepOrContradict = (machine: Machine<RoundState>, input: Input): readonly Effect[] => {
  try {
    return step(machine, input).effects
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error
    throw new AuditError('results', `height ${machine.consensus.current.height - 1}: ${error.message}`)
  }
}

/**
 * @throws AuditError at the first thing that does not hold; ProtocolError for what cannot even be read
 */
export const replay = async (o: {
  readonly genesis: Genesis
  readonly source: ArchiveSource
  readonly chain: Chain
  readonly verify: VerifySignatures
  readonly onHeight: (height: number) => void
}): Promise<Replayed> => {
  const { genesis, source, chain, verify } = o
  const machine = createMachine({ genesis, self: null, application, rounds: createRounds({ genesis, self: null }) })
  const decided: Decided[] = []
  let [signaturesChecked, unshown] = [0, 0]

  const admitted = async (received: Parameters<typeof claims>[0]) => {
    const claimed = claims(received, claimContext(machine))
    signaturesChecked += claimed.claims.length
    return admit(claimed, await verify(claimed.claims))
  }
  const fetchItem = async (id: Digest): Promise<Input> => {
    const item = await source.item(id)
    if (item === null) throw new AuditError('archive', `the archive lacks ${id}, which the log names`)
    const input = await admitted(item)
    if (item.kind === 'message' && item.message.kind === 'reveal')
      await checkReveal(machine.rounds, item.message, chain)
    return { ...input, at: 0 }
  }
  /** What the machine asks for and an archive or the chain can answer; nothing is sent, signed or written. */
  const answer = async (effect: Effect): Promise<Input | null> => {
    // Whether a voter had a bundle at hand is no matter of what is right.
    if (effect.kind === 'fetch' && effect.what === 'blob') return { kind: 'stored', at: 0, digest: effect.digest }
    if (effect.kind === 'fetch') return fetchItem(effect.digest)
    if (effect.kind === 'readBlock') {
      const block = await chain.blockAt(effect.number)
      return block && { kind: 'block', at: 0, block }
    }
    if (effect.kind !== 'readMetagraph') return null
    const metagraph = await chain.metagraphAt({ netuid: genesis.netuid, block: effect.block })
    return { kind: 'metagraph', at: 0, metagraph }
  }
  const carryOut = async (effects: readonly Effect[]): Promise<void> => {
    const queue = [...effects]
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      const next = await answer(effect)
      if (next !== null) queue.push(...stepOrContradict(machine, next))
    }
  }
  const feed = (input: Input): Promise<void> => carryOut(stepOrContradict(machine, input))
  /** as long as the height is open here. */
  const judge = async (header: Decided['header']): Promise<void> => {
    // What only a wrong proposal names, this archive need not have.
    const tried = async (effects: readonly Effect[]): Promise<boolean> => {
      try {
        await carryOut(effects)
        return effects.length > 0
      } catch (error) {
        if (error instanceof AuditError && error.check === 'archive') return false
        throw error
      }
    }
    for (const [id, verdict] of await judgeNamed(machine, header, { item: source.item, answer: tried })) {
      if (verdict === 'valid')
        throw new AuditError('evidence', `height ${header.height}: ${id} calls a valid proposal wrong`)
      if (verdict === 'wait') unshown += 1
    }
  }

  // Before the log is read: what stands on chain by now follows from heights that a running validator has.
  const head = await chain.finalizedHead()
  await feed({ kind: 'head', at: 0, block: head })
  for (;;) {
    const height = machine.consensus.current.height
    const batch = await source.decidedFrom(height, (id) => isHere(machine.rounds, id))
    for (const one of batch) {
      const { height: due } = machine.consensus.current
      if (one.header.height !== due) throw new AuditError('order', `height ${one.header.height} where ${due} is due`)
      await judge(one.header)
      await feed({ ...(await admitted({ kind: 'decided', decided: one })), at: 0 })
      if (machine.consensus.current.height !== due + 1) {
        throw new AuditError('links', `height ${due} does not continue the log: its header names another past`)
      }
      decided.push(one)
      o.onHeight(due)
    }
    if (batch.length === 0) break
  }
  if (machine.rounds.backlog.length > 0) {
    throw new AuditError(
      'results',
      `height ${machine.rounds.backlog[0]?.header.height} cannot be derived from the archive`,
    )
  }
  const untilBlock = source.isGrowing ? head.number : (decided.at(-1)?.header.block ?? 0)
  return { machine, decided, untilBlock, signaturesChecked, unshown }
}
