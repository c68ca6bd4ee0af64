/** Who counts in an epoch: members, their weights frozen, and what a quorum of them is. */
import type { Digest, Key } from './crypto.ts'

export type Member = {
  readonly hotkey: Key
  readonly sessionKey: Key
  readonly sealingKey: Key
  readonly peerId: string
  /** Stake in rao, capped. */
  readonly weight: bigint
}

export type Committee = {
  readonly epoch: number
  /** In rising order of their hotkeys; a certificate names members by their place here. */
  readonly members: readonly Member[]
  readonly total: bigint
  /** Hash of the epoch's block: seeds the order of leaders. */
  readonly seed: Digest
}

/** a quorum holds strictly more than two thirds of the weight. */
export const isQuorum = (weight: bigint, total: bigint): boolean => 3n * weight > 2n * total

export const memberOf = (committee: Committee, hotkey: Key): Member | undefined =>
  committee.members.find((member) => member.hotkey === hotkey)

/** Weight of a set of hotkeys, each counted once; strangers count nothing. */
export const weightOf = (committee: Committee, hotkeys: Iterable<Key>): bigint => {
  const signers = new Set(hotkeys)
  return committee.members.reduce((sum, member) => (signers.has(member.hotkey) ? sum + member.weight : sum), 0n)
}

/** The fewest members whose weight is enough, heaviest first, equal ones in the order of their hotkeys; empty when none is enough already. */
const fewest = (committee: Committee, isEnough: (weight: bigint) => boolean): readonly Member[] => {
  const falling = [...committee.members].sort(
    (a, b) => Number(b.weight > a.weight) - Number(b.weight < a.weight) || (a.hotkey < b.hotkey ? -1 : 1),
  )
  const taken: Member[] = []
  let weight = 0n
  for (const member of falling) {
    if (isEnough(weight)) break
    taken.push(member)
    weight += member.weight
  }
  return taken
}

/** The fewest members without whom the rest is no quorum: while they are silent nothing is certified. */
export const smallestBlockingCoalition = (committee: Committee): readonly Member[] =>
  fewest(committee, (weight) => !isQuorum(committee.total - weight, committee.total))

/** The fewest members who are a quorum by themselves: whatever they sign is certified. */
export const smallestCertifyingCoalition = (committee: Committee): readonly Member[] =>
  fewest(committee, (weight) => isQuorum(weight, committee.total))
