/** What a timed run is asked, which nobody can know before: rows of its logits, and weights at a secret step. */
import { elementsOf, type TrainingContract, tensorsOf } from '../../protocol/index.ts'
import { LOGIT_ROWS } from './job.ts'
import type { Position, Questions } from './segment.ts'

/** Weights that a run is asked for at its secret step: enough that one which lags behind is found. */
const CHECKPOINT_POSITIONS = 1_024
/** Shorter runs have no secret step. */
const STEPS_MIN = 6

/** Questions from this validator's private stream: positions evenly over all weights. */
export function drawQuestions(draw: (bound: number) => number, contract: TrainingContract, steps: number): Questions {
  const sizes = tensorsOf(contract).map(elementsOf)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const place = (): Position => {
    let index = draw(total)
    for (const [tensor, size] of sizes.entries()) {
      if (index < size) return [tensor, index]
      index -= size
    }
    return [0, 0]
  }
  const rows = contract.batch * (contract.model.sequence - 1)
  return {
    rows: Array.from({ length: Math.min(LOGIT_ROWS, rows) }, () => draw(rows)),
    // Late enough that a run which has only taken batches so far is far behind; none in a short warm-up.
    checkpoint: steps < STEPS_MIN ? steps : 4 + draw(steps - 4),
    checkpointPositions: steps < STEPS_MIN ? [] : Array.from({ length: CHECKPOINT_POSITIONS }, place),
  }
}
