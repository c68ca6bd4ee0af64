/** Every way a run can fail: whose fault it is, and the line that tells that person what to do. */

import type { CheckCode, TrainingCode } from '../protocol/index.ts'

type Fault = { readonly verdict: 'miner' | 'infra'; readonly help: string }

/** The codes that a measurement may carry beside `PASS`; names are stable, lines may be reworded. */
export const faults = {
  OVERSIZE: { verdict: 'miner', help: 'solution.py may have at most 20,000 bytes: make it shorter.' },
  BAD_BUNDLE: { verdict: 'miner', help: 'Submit exactly one file, named solution.py.' },
  SYNTAX_ERROR: { verdict: 'miner', help: 'Python 3.11 cannot parse solution.py: run it locally first.' },
  LOAD_FAILED: {
    verdict: 'miner',
    help: 'Importing or starting solution.py failed: docs/SANDBOX.md says which modules are installed.',
  },
  MISSING_FUNCTION: {
    verdict: 'miner',
    help: 'solution.py must define compress(data: bytes) -> bytes and decompress(data: bytes) -> bytes; a server names /health.',
  },
  NOT_HEALTHY: {
    verdict: 'miner',
    help: 'GET /health on the port after --port must answer 200 and {"status": "healthy"} in time; without plain functions compress and decompress it is started as a server.',
  },
  HTTP_STATUS: {
    verdict: 'miner',
    help: 'The server must answer 200 to every bfloat16 matrix posted as field `file`; redirects are not followed.',
  },
  HTTP_ANSWER: {
    verdict: 'miner',
    help: 'The server must answer with whole HTTP/1.1 bodies of type application/octet-stream, not encoded.',
  },
  WRONG_SIGNATURE: { verdict: 'miner', help: 'compress and decompress take exactly one argument, the data.' },
  EXCEPTION: { verdict: 'miner', help: 'The function raised: it must handle every bfloat16 matrix.' },
  WRONG_TYPE: { verdict: 'miner', help: 'The function must return bytes.' },
  NO_ANSWER: { verdict: 'miner', help: 'The process ended without an answer: return from the function, never exit.' },
  TIMEOUT: { verdict: 'miner', help: 'A call or the import took too long: see the time limits.' },
  OUT_OF_MEMORY: { verdict: 'miner', help: 'Twice in a row it needed more memory than the limit: use less.' },
  OUTPUT_TOO_LARGE: { verdict: 'miner', help: 'The answer may be at most 1,024 bytes larger than the matrix.' },
  LOG_TOO_LARGE: { verdict: 'miner', help: 'It printed too much: print nothing in a submission.' },
  BAD_FRAME: { verdict: 'miner', help: 'It disturbed the channel to the referee: only return bytes.' },
  UNCLEAN: { verdict: 'miner', help: 'It left files that could not be removed: leave none in /tmp or /dev/shm.' },
  NOT_LOSSLESS: {
    verdict: 'miner',
    help: 'decompress(compress(x)) must equal x byte for byte, each in a fresh sandbox: keep nothing outside the answer.',
  },
  NOT_SIMILAR: {
    verdict: 'miner',
    help: 'What decompress returns must have the matrix’s size and a similarity above 0.99 to it, each matrix for itself: keep more.',
  },
  NOT_FINITE: {
    verdict: 'miner',
    help: 'An infinity or NaN may come back only where the matrix has the very same: limit values before rounding.',
  },
  EXPANDS: { verdict: 'miner', help: 'All compressed matrices together are larger than the matrices themselves.' },
  WRONG_TOKENS: {
    verdict: 'miner',
    help: 'Every batch must be taken, and total_tokens must be batch · sequence · steps: our own count is what scores.',
  },
  WRONG_LOGITS: {
    verdict: 'miner',
    help: 'final_logits must be those of the last batch before its update, all of them, in the allowed precision.',
  },
  WRONG_LOSS: { verdict: 'miner', help: 'final_loss must be the loss of the last batch before its update.' },
  WRONG_STATE: {
    verdict: 'miner',
    help: 'What is trained must be exactly the model’s tensors, by name, shape and type float32.',
  },
  WEIGHTS_NOT_FINITE: { verdict: 'miner', help: 'The trained weights must be finite: look for an overflow.' },
  WRONG_UPDATE: { verdict: 'miner', help: 'The weights have not gone where the optimizer that was given takes them.' },
  WRONG_MEMORY: {
    verdict: 'miner',
    help: 'The trained weights do not remember what they were given: every sequence of every step must be trained on.',
  },
  RAN_AHEAD: {
    verdict: 'miner',
    help: 'At a secret step the model’s weights were behind the batches taken: take at most two ahead, and keep them current.',
  },
  ANSWER_CHANGED: { verdict: 'miner', help: 'The weights changed after the run had ended: finish before you return.' },
  LEFT_RUNNING: {
    verdict: 'miner',
    help: 'Work of it went on on the GPU after the run had ended: wait for every stream before you return.',
  },
  IMPLAUSIBLE: { verdict: 'miner', help: 'No machine computes that fast: do the work.' },
  PARTNER_FAILED: { verdict: 'infra', help: 'The code to compare with failed here: not your fault, it is run again.' },
  GPU_DISTURBED: { verdict: 'infra', help: 'The GPU here was shared or throttled: not your fault, it is run again.' },
  SANDBOX_START: { verdict: 'infra', help: 'A sandbox did not start on this host: not your fault, it is run again.' },
  ENGINE_FAILED: { verdict: 'infra', help: 'The sandbox engine failed here: not your fault, it is run again.' },
  REFEREE_FAILED: { verdict: 'infra', help: 'The referee process failed here: not your fault, it is run again.' },
} as const satisfies Record<CheckCode | TrainingCode, Fault> & Record<string, Fault>

/** A name in the table above. */
export type FaultCode = keyof typeof faults

/** What a harness may report by itself; it is a stranger's word, but only ever against that stranger. */
export const reportableCodes = [
  'SYNTAX_ERROR',
  'LOAD_FAILED',
  'MISSING_FUNCTION',
  'NOT_HEALTHY',
  'HTTP_STATUS',
  'HTTP_ANSWER',
  'WRONG_SIGNATURE',
  'EXCEPTION',
  'WRONG_TYPE',
  'NO_ANSWER',
  'OUT_OF_MEMORY',
  'OUTPUT_TOO_LARGE',
  'UNCLEAN',
  'WRONG_STATE',
] as const satisfies readonly FaultCode[]

/** A run that ended before its measurement. */
export class RunFault extends Error {
  readonly code: FaultCode
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: FaultCode, facts: Readonly<Record<string, unknown>> = {}) {
    super(`${code} ${JSON.stringify(facts)}`)
    this.name = 'RunFault'
    this.code = code
    this.facts = facts
  }
}
