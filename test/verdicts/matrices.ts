/** What cases are measured on: matrices of a pool, and one that holds the numbers which careless code does not give back. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MatrixFile, PoolInfo } from '../../sandbox/index.ts'

/** −0, ±∞, NaNs of either sign with different payloads, the smallest and the largest subnormal, the largest number. */
const SPECIAL = [0x8000, 0x7f80, 0xff80, 0x7fc0, 0xffc0, 0x7f81, 0xffff, 0x0001, 0x807f, 0x007f, 0x7f7f, 0x0000]
/** Every n-th element: the rest stays what it was, so that nobody's C suffers much. */
const EVERY = 16

const withSpecials = (matrix: Buffer): Buffer => {
  const copy = Buffer.from(matrix)
  for (let at = 0; 2 * at * EVERY < copy.length; at += 1) {
    copy.writeUInt16LE(SPECIAL[at % SPECIAL.length] ?? 0, 2 * at * EVERY)
  }
  return copy
}

/** Where every bit counts; where values may change, nobody need give a NaN back as it was. */
const EXACT: ReadonlySet<string> = new Set(['matrix-lossless'])

/** The first `count` of the pool; where every bit counts the last of them has special numbers in it, as a file in `folder`. */
export const chooseMatrices = (o: {
  readonly competition: string
  readonly pool: Pick<PoolInfo, 'dir' | 'digests'>
  readonly count: number
  readonly folder: string
}): readonly MatrixFile[] => {
  const chosen = o.pool.digests.slice(0, o.count).map((digest) => ({ digest, path: join(o.pool.dir, `${digest}.bin`) }))
  const last = chosen.at(-1)
  if (last === undefined || !EXACT.has(o.competition)) return chosen
  const special = withSpecials(readFileSync(last.path))
  const digest = createHash('sha256').update(special).digest('hex')
  const path = join(o.folder, `${digest}.bin`)
  writeFileSync(path, special)
  return [...chosen.slice(0, -1), { digest, path }]
}
