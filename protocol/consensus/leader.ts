/** Who proposes in which view: a stake-weighted order of the committee, the same at every node. */
import { Writer } from '../bytes.ts'
import type { Committee } from '../committee.ts'
import { type Digest, hash, hexToBytes, type Key, utf8ToBytes } from '../crypto.ts'

const TAG = utf8ToBytes('evalmesh/v1/leader')

/** A number below `bound` from seed, height and draw; 256 bits make the bias of the remainder negligible for any stake. */
const draw = (o: { seed: Digest; height: number; index: number; bound: bigint }): bigint => {
  const place = new Writer()
  place.u64(BigInt(o.height))
  place.uint(o.index, 4)
  return BigInt(`0x${hash(TAG, hexToBytes(o.seed), place.bytes())}`) % o.bound
}

/**
 * members drawn one after another without putting back, each with the chance of its weight among those left, from the epoch's block
 * hash and the height. View v is led by place v modulo the committee's size, so every member leads once before anyone leads twice.
 */
export const leaderOrder = (committee: Committee, height: number): readonly Key[] => {
  const left = [...committee.members]
  const order: Key[] = []
  for (let total = committee.total; left.length > 0; ) {
    let point = draw({ seed: committee.seed, height, index: order.length, bound: total })
    const place = left.findIndex((member) => {
      point -= member.weight
      return point < 0n
    })
    const [chosen] = left.splice(Math.max(place, 0), 1)
    if (chosen === undefined) break
    order.push(chosen.hotkey)
    total -= chosen.weight
  }
  return order
}
