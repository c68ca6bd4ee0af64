/** Who proposes in which view: a stake-weighted order of the committee, the same at every node. */
import { assert } from '../assert.ts'
import { count, digest, hashOf, struct, u32 } from '../canonical.ts'
import type { Committee } from '../committee.ts'
import { type Digest, type Key, utf8ToBytes } from '../crypto.ts'

const TAG = utf8ToBytes('evalmesh/v1/leader')
const drawn = struct({ seed: digest, height: count, index: u32 })

/** A number below `bound` from seed, height and draw; 256 bits make the bias of the remainder negligible for any stake. */
const draw = (o: { seed: Digest; height: number; index: number; bound: bigint }): bigint => {
  return BigInt(`0x${hashOf(drawn, o, TAG)}`) % o.bound
}

/** Who leads which view of one height; null in a committee without members. */
export type Leaders = { readonly of: (view: number) => Key | null }

/**
 * members drawn one after another without putting back, each with the chance of its weight among those left, from the epoch's block
 * hash and the height. View v is led by place v modulo the committee's size, so every member leads once before anyone leads twice.
 */
export const createLeaders = (committee: Committee, height: number): Leaders => {
  const { members, seed } = committee
  const left = [...members]
  const order: Key[] = []
  let { total } = committee
  /** One more; most heights need only the first. */
  const drawNext = (): void => {
    let point = draw({ seed, height, index: order.length, bound: total })
    const place = left.findIndex((member) => {
      point -= member.weight
      return point < 0n
    })
    const [chosen] = left.splice(Math.max(place, 0), 1)
    assert(chosen !== undefined, 'no more leaders are drawn than there are members')
    order.push(chosen.hotkey)
    total -= chosen.weight
  }
  return {
    of: (view) => {
      if (members.length === 0) return null
      const place = view % members.length
      while (order.length <= place) drawNext()
      return order[place] ?? null
    },
  }
}

/** The whole order. */
export const leaderOrder = (committee: Committee, height: number): readonly Key[] => {
  const leaders = createLeaders(committee, height)
  return committee.members.flatMap((_, view) => leaders.of(view) ?? [])
}
