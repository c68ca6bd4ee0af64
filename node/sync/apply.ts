/** Hands what a peer served to the machine, height by height, each judged by the committee that the heights before it made. */
import {
  type Decided,
  type Digest,
  type Item,
  isHere,
  type Machine,
  namedBy,
  ProtocolError,
  type RoundState,
} from '../../protocol/index.ts'
import type { Driver } from '../machine/driver.ts'
import type { Inbox } from '../peers/inbox.ts'
import { type Batch, PeerFault } from './pull.ts'

/** A decided height that waits for these messages. */
export type Unfolded = { readonly height: number; readonly missing: readonly Digest[] }

const missingFor = (rounds: RoundState, header: Decided['header']): readonly Digest[] =>
  namedBy(header).filter((id) => !isHere(rounds, id))

export const createApplier = (o: {
  readonly driver: () => Driver<Machine<RoundState>>
  readonly inbox: () => Inbox
  /** Messages and evidence on this node's own disk. */
  readonly local: (id: Digest) => Item | null
}) => {
  /** About to be handed in: nobody need look for them. */
  const coming = new Set<Digest>()

  const accept = async (received: Parameters<Inbox['accept']>[0], from: string): Promise<void> => {
    try {
      await o.inbox().accept(received, from)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      // A full queue is nobody's fault: what is missing is asked for again.
      if (error.code !== 'QUOTA') throw new PeerFault('forged', error.message, error)
    }
  }

  const handIn = async (from: string, ids: readonly Digest[], messages: Batch['messages']): Promise<void> => {
    const found = ids.flatMap((id) => messages.get(id) ?? o.local(id) ?? [])
    await Promise.all(found.map((item) => accept(item, from)))
  }

  /** Heights that were decided here and wait for messages, with those; until they are folded the next committee may not be known. */
  const unfolded = (): readonly Unfolded[] =>
    o
      .driver()
      .read(({ rounds }) =>
        rounds.backlog.map(({ header }) => ({ height: header.height, missing: missingFor(rounds, header) })),
      )

  /** @throws PeerFault when it is not what this log goes on with. */
  const applyOne = async (batch: Batch, decided: Decided): Promise<void> => {
    const { height } = decided.header
    await accept({ kind: 'decided', decided }, batch.from)
    const after = await o.driver().inTurn(({ rounds, consensus }) => ({
      height: consensus.current.height,
      missing: missingFor(rounds, decided.header),
    }))
    if (after === null) return
    if (after.height <= height) throw new PeerFault('fork', `height ${height} is certified, but not on top of this log`)
    await handIn(batch.from, after.missing, batch.messages)
    const oldest = await o.driver().inTurn(({ rounds }) => rounds.backlog[0]?.header.height ?? height + 1)
    if (oldest !== null && oldest <= height) throw new PeerFault('withheld', `a message of height ${height}`)
  }

  return {
    isComing: (id: Digest): boolean => coming.has(id),
    /** @throws PeerFault at the first height that its peer got wrong; those before it are taken. */
    apply: async (batch: Batch, signal: AbortSignal): Promise<void> => {
      for (const id of batch.messages.keys()) coming.add(id)
      try {
        for (const decided of batch.decided) {
          // Heights came in on another way, without their messages: they are mended before anyone is judged by an unknown committee.
          if (unfolded().some(({ height }) => height < decided.header.height)) return
          await applyOne(batch, decided)
          signal.throwIfAborted()
        }
        if (batch.owed !== null) throw batch.owed
      } finally {
        for (const id of batch.messages.keys()) coming.delete(id)
      }
    },
    unfolded,
    /** @throws PeerFault */
    mend: async (from: string, unfolded: readonly Unfolded[], messages: Batch['messages']): Promise<void> => {
      for (const { missing } of unfolded) {
        await handIn(from, missing, messages)
        await o.driver().inTurn(() => null)
      }
    },
  }
}
