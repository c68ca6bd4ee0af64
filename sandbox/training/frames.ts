/** What frames between the referee and a training process say; header and framing are those of sandbox/frames.ts. */

/** Numbers are shared with sandbox/harness/training/wire.py; ← from the process, → to it. */
export const TrainingFrame = {
  /** ← imports are done. Empty. */
  hello: 1,
  /** → runner: u32 LE length, contract as JSON, source of train.py. → verifier: the contract. */
  setup: 2,
  /** ← set up, or ready for what was ordered. Empty. */
  ready: 3,
  /** → the segment's clock runs. Empty. */
  go: 4,
  /** → one batch: u32 LE count of checkpoint positions, (tensor, index) as u32 LE each, tokens as u16 LE. */
  data: 5,
  /** ← inner_steps has returned: JSON {tokens, loss, logits}, a stranger's claims. */
  answer: 6,
  /** → rows of the last logits that are asked for, as u32 LE each. */
  ask: 7,
  /** ← SHA-256 of each tensor, then the rows as f32 LE; the clock stops when the last byte is here. */
  reply: 8,
  /** → leave. Empty. */
  stop: 9,
  /** ← the last frame of its life: JSON {code, text, line}. */
  error: 10,
  /** → a new segment: JSON {seed, steps}. */
  begin: 20,
  /** ← a batch is wanted. Empty. */
  next: 21,
  /** ← values at the positions that came with a batch, before it was taken. f32 LE. */
  checkpoint: 22,
  /** → hand over the weights. Empty. */
  dump: 23,
  /** ← the weights in the layout of a safetensors file. */
  weights: 24,
  /** → verifier: train the reference; u32 LE length, JSON {seed, steps, checkpoints}, all batches. */
  train: 25,
  /** → verifier: compare; u32 LE length, JSON, then as f32 LE logits rows, checkpoint and weights. */
  check: 26,
  /** ← verifier: what it found, as JSON. */
  found: 27,
  /** → verifier: what does the driver say of the GPU? Empty. */
  probe: 28,
} as const
