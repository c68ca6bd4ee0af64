/** What a run must have kept beside the simulator's promises: voids only for cause, weights that follow from the log, quiet logs, clean audits. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replay } from '../../node/audit/replay.ts'
import { openArchive } from '../../node/audit/source.ts'
import type { Chain, Metagraph, Weight } from '../../node/chain/port.ts'
import type { DevnetMember } from '../../node/demo/devnet.ts'
import { createVerifier } from '../../node/peers/verify.ts'
import { domainsOf, type Genesis, isQuorum, type Key, vectorOf } from '../../protocol/index.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Archive } from './archive.ts'
import type { Suffered } from './faults.ts'

/** After a fault a validator needs this long to be back: a start, TCP's waiting before it tries again, the log, a measurement. */
const RECOVERY_MS = 30_000

/** Places of those who had a fault at some time of the span, or one shortly before. */
const hitWithin = (suffered: readonly Suffered[], span: { readonly fromMs: number; readonly toMs: number }) =>
  new Set(
    suffered
      .filter(({ fromMs, toMs }) => fromMs <= span.toMs && toMs + RECOVERY_MS >= span.fromMs)
      .flatMap(({ fault }) => fault.hit),
  )

/** A round may be void only where those who were missing and had an excuse leave less than a quorum; a sentence for each that was not. */
export const unjustified = (o: {
  readonly log: readonly Header[]
  /** Committee in force; stakes do not move in these runs. */
  readonly weights: ReadonlyMap<Key, bigint>
  readonly placeOf: (hotkey: Key) => number
  /** When a block became final; undefined before the first one seen. */
  readonly msOf: (block: number) => number
  readonly suffered: readonly Suffered[]
}): readonly string[] => {
  const opened = new Map<string, Header>()
  const total = [...o.weights.values()].reduce((sum, weight) => sum + weight, 0n)
  return o.log.flatMap((header) => {
    const { entry } = header
    if (entry.kind === 'manifest') opened.set(`${entry.competition}/${entry.round}`, header)
    if (entry.kind !== 'void') return []
    const manifest = opened.get(`${entry.competition}/${entry.round}`)
    const span = { fromMs: o.msOf(manifest?.block ?? header.block), toMs: o.msOf(header.block) }
    const hit = hitWithin(o.suffered, span)
    const excused = entry.missing.filter((hotkey) => hit.has(o.placeOf(hotkey)))
    const able = total - excused.reduce((sum, hotkey) => sum + (o.weights.get(hotkey) ?? 0n), 0n)
    if (!isQuorum(able, total)) return []
    const names = entry.missing.map((hotkey) => `${o.placeOf(hotkey)}`).join(', ')
    return [
      `round ${entry.round} is void at height ${header.height} for want of ${entry.stage} of ${names}, of whom a quorum with the others had no fault`,
    ]
  })
}

/** One row that a validator has set: at which block, and what. */
type SetRow = { readonly setAt: number; readonly row: readonly Weight[] }

/** Every row that this hotkey ever set, newest first: the chain answers for each of its blocks. */
const rowsOf = async (
  chain: Chain,
  o: { readonly netuid: number; readonly hotkey: Key },
): Promise<readonly SetRow[]> => {
  const rows: SetRow[] = []
  for (let block = (await chain.finalizedHead()).number; block >= 0; ) {
    const { weights, setAt } = await chain.weightsOf({ ...o, block })
    if (setAt === null) break
    rows.push({ setAt, row: weights })
    block = setAt - 1
  }
  return rows
}

export type Weighed = { readonly node: Key; readonly block: number; readonly row: readonly Weight[] }

/** Blocks whose vectors this node was about to set, by its journal. */
const plannedBy = ({ records }: Archive): readonly number[] =>
  records.flatMap((record) => (record.kind === 'weights' ? [record.block] : []))

/** Finds for every row on chain the vector that it is: of a block that its setter's journal names, and of no block twice. */
export const weighAll = async (o: {
  readonly genesis: Genesis
  readonly chain: Chain
  /** Its log gives the standings. */
  readonly longest: DevnetMember
  readonly archives: readonly Archive[]
}): Promise<{
  readonly weighed: readonly Weighed[]
  /** Of the blocks of those vectors. */
  readonly metagraphs: ReadonlyMap<number, Metagraph>
  readonly faults: readonly string[]
}> => {
  const { genesis, chain } = o
  const { netuid } = genesis
  const source = await openArchive({ home: o.longest.home, domains: domainsOf(genesis) })
  const replayed = replay({ genesis, chain, source, verify: createVerifier(), onHeight: () => {} })
  const { machine } = await replayed.finally(source.close)
  const vectors = new Map<number, string>()
  const metagraphs = new Map<number, Metagraph>()
  const certified = async (block: number): Promise<string> => {
    const known = vectors.get(block)
    if (known !== undefined) return known
    const metagraph = await chain.metagraphAt({ netuid, block })
    metagraphs.set(block, metagraph)
    const { uids, values } = vectorOf(machine.rounds, metagraph) ?? { uids: [], values: [] }
    const printed = JSON.stringify(uids.map((uid, index) => [uid, values[index]]))
    vectors.set(block, printed)
    return printed
  }
  const weighed: Weighed[] = []
  const faults: string[] = []
  for (const archive of o.archives) {
    const { node } = archive
    let left = plannedBy(archive)
    for (const { setAt, row } of (await rowsOf(chain, { netuid, hotkey: node })).toReversed()) {
      const shown = JSON.stringify(row)
      let found: number | null = null
      // Two vectors may be the same; a validator that froze may set one late, but never after a newer one.
      for (const block of left.filter((one) => one <= setAt)) {
        if (found === null && (await certified(block)) === shown) found = block
      }
      if (found === null) {
        faults.push(`the row ${shown} that ${node} set at block ${setAt} is no vector that it had planned`)
        continue
      }
      left = left.filter((block) => block > (found ?? 0))
      weighed.push({ node, block: found, row })
    }
  }
  return { weighed, metagraphs, faults }
}

/** What no validator of honest members ever says. */
const NEVER = [
  'cannot go on',
  'another copy of this node signs with its keys',
  'two signed messages contradict each other',
  'evidence of an offence',
  'evidence is decided',
  'proposal refused',
  'evidence that does not hold',
  'gossip rejected',
  'handler threw',
  'malformed frame',
] as const

/** A sentence for each line of a validator's log that accuses somebody, or that says that it died. */
export const accusations = async ({ name, home }: DevnetMember): Promise<readonly string[]> => {
  const lines = (await readFile(join(home, 'log'), 'utf8')).split('\n')
  return lines.filter((line) => NEVER.some((words) => line.includes(words))).map((line) => `${name} says: ${line}`)
}
