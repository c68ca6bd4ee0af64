/** Where the second, naive evaluator joins the checkers: the log and the messages in, what must follow out; null where it has no answer. */
import type { WeightsVector } from '../../../protocol/machine-types.ts'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import type { Sim } from '../watch.ts'
import type { Log } from './log.ts'

export const naiveResultOf = (_sim: Sim, _log: Log, _entry: EntryOf<'result'>): RoundResult | null => null

export const naiveVectorOf = (_sim: Sim, _log: Log, _block: number): WeightsVector | null => null
