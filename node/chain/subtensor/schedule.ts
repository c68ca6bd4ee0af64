/** When a subnet's epochs come: by the scheduler that keeps its state on chain, and by the older one that counts modulo the tempo. */

/** As stored after one block; field names are those of the chain's storage. */
export type Schedule =
  | {
      readonly kind: 'stateful'
      readonly tempo: number
      readonly lastEpochBlock: number
      /** 0: none was asked for. */
      readonly pendingEpochAt: number
      readonly epochIndex: number
      readonly blocksSinceLastStep: number
    }
  | { readonly kind: 'legacy'; readonly tempo: number; readonly netuid: number }

/** The chain starts an epoch by itself after this many blocks without one. */
const BLOCKS_WITHOUT_EPOCH_MAX = 50_400

/** Blocks between a commit's reveal block and the pulse that opens it: the pulse must come later than the epoch it is for. */
const SECURITY_BLOCKS = 3

type Stateful = Extract<Schedule, { readonly kind: 'stateful' }>

const isDue = (s: Stateful, block: number): boolean =>
  s.tempo > 0 &&
  ((s.pendingEpochAt > 0 && block >= s.pendingEpochAt) ||
    s.blocksSinceLastStep > BLOCKS_WITHOUT_EPOCH_MAX ||
    block - s.lastEpochBlock >= s.tempo)

/** The schedule after one more block. */
const passed = (s: Stateful, block: number): Stateful =>
  isDue(s, block)
    ? { ...s, lastEpochBlock: block, pendingEpochAt: 0, epochIndex: s.epochIndex + 1, blocksSinceLastStep: 0 }
    : { ...s, blocksSinceLastStep: s.blocksSinceLastStep + 1 }

/** The epoch that `block` lies in, counted from 0, and its first block; `schedule` is the state after `block`. */
export const epochAt = (schedule: Schedule, block: number): { readonly epoch: number; readonly start: number } => {
  if (schedule.kind === 'stateful') return { epoch: schedule.epochIndex, start: schedule.lastEpochBlock }
  const { tempo, netuid } = schedule
  // The old chain counts from here; the work of the epoch before was done in the block just below the start.
  const epoch = Math.floor((block + netuid + 1) / (tempo + 1))
  return { epoch, start: Math.max(0, epoch * (tempo + 1) - netuid - 1) }
}

/** Block at which a commit of block `head` + 1 is revealed; `schedule` is the state after `head`. Null: the subnet's epochs stand still. */
export const firstRevealBlock = (o: {
  readonly schedule: Schedule
  readonly head: number
  readonly revealPeriodEpochs: number
}): number | null => {
  const { schedule, head, revealPeriodEpochs } = o
  if (schedule.tempo === 0) return null
  if (schedule.kind === 'legacy') {
    const { epoch } = epochAt(schedule, head + 1)
    return (epoch + revealPeriodEpochs) * (schedule.tempo + 1) - schedule.netuid - 1
  }
  const lookahead = (state: Stateful, block: number): number => state.epochIndex + (isDue(state, block) ? 1 : 0)
  const target = lookahead(schedule, head + 1) + revealPeriodEpochs
  let state = schedule
  for (let block = head + 1; block <= head + BLOCKS_WITHOUT_EPOCH_MAX * (revealPeriodEpochs + 2); block += 1) {
    if (lookahead(state, block) >= target) return block
    state = passed(state, block)
  }
  return null
}

/** Unix seconds of the pulse that must open a commit: after the reveal block, or the weights could be read early. */
export const revealSeconds = (o: {
  readonly headSeconds: number
  readonly head: number
  readonly revealBlock: number
  readonly blockSeconds: number
}): number => o.headSeconds + (o.revealBlock + SECURITY_BLOCKS - o.head) * o.blockSeconds
