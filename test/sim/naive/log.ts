/** A whole log judged again: every decided RESULT derived by the naive evaluator from nothing but the log and the reveals it names. */
import type { Genesis } from '../../../protocol/genesis.ts'
import type { Header, ManifestEntry } from '../../../protocol/message/entry.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import type { DeriveQuery } from '../../../protocol/round/derive.ts'
import { type RoundResult, resultDigest } from '../../../protocol/round/result.ts'
import { parseStatement } from '../../../protocol/round/statement.ts'
import { naiveResult } from './result.ts'
import { naiveStanding, type Past } from './standing.ts'

type Members = readonly { readonly hotkey: string; readonly weight: bigint }[]
type Round = Pick<DeriveQuery, 'manifest' | 'entry' | 'committee' | 'confirmRounds'>

const committeeOf = (members: Members): DeriveQuery['committee'] => ({
  epoch: 0,
  members: members
    .map(({ hotkey, weight }) => ({ hotkey, weight, sessionKey: '', sealingKey: '', peerId: '' }))
    .toSorted((a, b) => (a.hotkey < b.hotkey ? -1 : 1)),
  total: members.reduce((sum, { weight }) => sum + weight, 0n),
  seed: '',
})

type MessageOf = (id: string) => Signed | null

/** What manifests have named, and with which payment. */
const createBook = (o: {
  readonly messageOf: MessageOf
  readonly pastOf: (competition: string) => readonly Past[]
}) => {
  /** By competition: how many results there were before the first manifest that named it. */
  const named = new Map<string, Map<string, number>>()
  /** Submissions in the order in which manifests named them, by what each was paid with. */
  const payers = new Map<string, string[]>()

  const namedOf = (competition: string) => named.get(competition) ?? new Map<string, number>()

  /** of all that named one payment only the last may still be open or have a verdict. */
  const pay = (id: string): void => {
    const message = o.messageOf(id)
    const payment = message?.kind === 'submission' ? message.body.payment : null
    if (payment === null) return
    const name = `${payment.blockHash} ${payment.extrinsicIndex}`
    const before = (payers.get(name) ?? []).filter((other) => other !== id)
    // Its verdict, if it has one, is of the result that finished it.
    const isFree = (other: string): boolean =>
      [...named].some(([competition, ids]) => {
        const past = o.pastOf(competition)
        const end = past.findIndex((_, place) => naiveStanding(past.slice(0, place + 1), ids).finished.has(other))
        const row = past[end]?.result.submissions.find((one) => one.id === other)
        return end >= 0 && row?.verdict !== 'pass' && row?.verdict !== 'miner'
      })
    const spent = before.find((other) => !isFree(other))
    if (spent !== undefined) throw new Error(`a manifest names ${id}, whose payment has paid for ${spent}`)
    payers.set(name, [...before, id])
  }

  return {
    namedOf,
    name: (competition: string, id: string): void => {
      pay(id)
      const ids = namedOf(competition)
      if (!ids.has(id)) ids.set(id, o.pastOf(competition).length)
      named.set(competition, ids)
    },
  }
}

/**
 * Takes decided headers in order. `messageOf`: the signed message of an id; the log's archive has every one that a header names.
 * `competitionsAt`: the parameters in force when a height is decided, where the log changes those of the genesis document.
 */
export const createNaiveLog = (o: {
  readonly genesis: Genesis
  readonly messageOf: MessageOf
  readonly competitionsAt?: (height: number) => Genesis['competitions']
}) => {
  const past = new Map<string, Past[]>()
  const open = new Map<string, Round>()
  let committee = committeeOf(o.genesis.members)

  const pastOf = (competition: string): Past[] => past.get(competition) ?? []
  const book = createBook({ messageOf: o.messageOf, pastOf })
  const standingOf = (competition: string) => naiveStanding(pastOf(competition), book.namedOf(competition))

  const attestationOf = (id: string): DeriveQuery['attestations'][number] => {
    const message = o.messageOf(id)
    if (message?.kind !== 'reveal') throw new Error(`RESULT names ${id}, which is no reveal here`)
    return { hotkey: message.body.hotkey, evaluation: parseStatement(message.body.statement) }
  }

  const submissionOf = (id: string) => {
    const message = o.messageOf(id)
    if (message?.kind !== 'submission') throw new Error(`a manifest names ${id}, which is no submission here`)
    return { hotkey: message.body.hotkey, bundle: message.body.bundle }
  }

  const derive = (round: Round, reveals: readonly string[]): RoundResult =>
    naiveResult({
      ...round,
      attestations: reveals.map(attestationOf),
      standing: standingOf(round.entry.competition),
      submissionOf,
    })

  // those at its manifest, to the round's end.
  const openRound = (header: Header, entry: ManifestEntry): void => {
    const competitions = o.competitionsAt?.(header.height) ?? o.genesis.competitions
    const { finished } = standingOf(entry.competition)
    const measured = entry.submissions.find(({ id }) => finished.has(id))
    if (measured !== undefined) throw new Error(`a manifest names ${measured.id}, which has its verdict`)
    for (const { id } of entry.submissions) book.name(entry.competition, id)
    const { confirmRounds = 0 } = competitions.find(({ id }) => id === entry.competition) ?? {}
    open.set(entry.competition, { manifest: headerDigest(header), entry, committee, confirmRounds })
  }

  return {
    /** Standings by competition, as `vectorAt` and `naiveVector` take them. */
    standings: () => new Map([...past.keys()].map((id) => [id, standingOf(id)])),
    /** @returns the result if this header decides one. @throws when the naive evaluator derives another. */
    decide: (header: Header): RoundResult | null => {
      const { entry, block } = header
      if (entry.kind === 'epoch') committee = committeeOf(entry.members)
      if (entry.kind === 'manifest') openRound(header, entry)
      if (entry.kind !== 'result') return null
      const round = open.get(entry.competition)
      if (round === undefined) throw new Error(`RESULT of ${entry.competition} without its manifest`)
      const result = derive(round, entry.reveals)
      if (resultDigest(result) !== entry.result)
        throw new Error(`height ${header.height}: RESULT is not what follows from its reveals`)
      past.set(entry.competition, [...pastOf(entry.competition), { result, block }])
      return result
    },
  }
}
