/** A pool's manifest: one line a matrix, in the order of the Merkle tree's leaves. */
import type { PoolMatrix } from '../../protocol/index.ts'
import { SandboxError } from '../errors.ts'

/** One matrix of a pool: flat little-endian bfloat16, `rows` × `columns`, row by row. */
export type PoolRow = PoolMatrix & {
  /** Model, kind, layer, step and direction in one word. */
  readonly name: string
  /** The training loss at that step. */
  readonly loss: number
}

const HEADER = 'name,shape,layer,step,direction,loss,sha256'
/** 32 times what the larger preset makes. */
export const ROWS_MAX = 16_384
const LINE_CHARACTERS_MAX = 256
/** As many elements as a matrix of 8 MiB has. */
export const ELEMENTS_MAX = 4 * 1024 * 1024

const LINE =
  /^(?<name>[a-z0-9-]{1,64}),(?<rows>[1-9]\d{0,6})x(?<columns>[1-9]\d{0,6}),(?<layer>\d{1,4}),(?<step>\d{1,9}),(?<direction>forward|backward),(?<loss>\d{1,6}\.\d{6}),(?<digest>[0-9a-f]{64})$/

/** Bytes of one matrix. */
export const matrixBytes = (row: Pick<PoolRow, 'rows' | 'columns'>): number => row.rows * row.columns * 2

/** The manifest as it stands in manifest.csv. */
export function writePoolManifest(rows: readonly PoolRow[]): string {
  const lines = rows.map(({ name, rows, columns, layer, step, direction, loss, digest }) =>
    [name, `${rows}x${columns}`, layer, step, direction, loss.toFixed(6), digest].join(','),
  )
  return `${[HEADER, ...lines].join('\n')}\n`
}

/**
 * Reads a manifest that may come from anyone.
 * @throws SandboxError `POOL_DAMAGED` with the number of the first bad line (1 is the header)
 */
export function parsePoolManifest(bytes: Uint8Array): {
  /** In the manifest's order. */
  readonly digests: readonly string[]
  readonly rows: readonly PoolRow[]
} {
  if (bytes.length > (ROWS_MAX + 1) * LINE_CHARACTERS_MAX) throw damaged(0, 'too large')
  // Latin-1 keeps every byte apart: the pattern then refuses what is not ASCII.
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  if (lines.pop() !== '') throw damaged(lines.length + 1, 'cut off')
  if (lines[0] !== HEADER) throw damaged(1, 'not the header')
  if (lines.length < 2 || lines.length > ROWS_MAX + 1) throw damaged(lines.length, 'number of rows')
  const rows = lines.slice(1).map((line, index) => parseRow(line, index + 2))
  const digests = rows.map((row) => row.digest)
  const known = new Set<string>()
  const repeated = digests.findIndex((digest) => known.size === known.add(digest).size)
  if (repeated !== -1) throw damaged(repeated + 2, 'a matrix that stands above')
  // One pool has one manifest: no leading zeros.
  if (writePoolManifest(rows) !== `${lines.join('\n')}\n`) throw damaged(0, 'another spelling')
  return { digests, rows }
}

function parseRow(line: string, number: number): PoolRow {
  const fields = LINE.exec(line)?.groups
  if (fields === undefined) throw damaged(number, 'not a row')
  const { name = '', digest = '' } = fields
  const [rows, columns] = [Number(fields['rows']), Number(fields['columns'])]
  if (rows * columns > ELEMENTS_MAX) throw damaged(number, 'too large a matrix')
  const direction = fields['direction'] === 'forward' ? 'forward' : 'backward'
  const [layer, step, loss] = [Number(fields['layer']), Number(fields['step']), Number(fields['loss'])]
  return { name, rows, columns, layer, step, direction, loss, digest }
}

const damaged = (line: number, reason: string) =>
  new SandboxError('POOL_DAMAGED', { file: 'manifest.csv', line, reason })
