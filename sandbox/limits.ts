/** Every limit of one sandbox, each beside its reason. */

/** What one sandbox may use. Sizes in bytes, times in milliseconds; every field is enforced or the engine refuses. */
export type Policy = {
  /** RAM with page cache, tmpfs and all processes together; there is no swap beside it. */
  readonly memoryBytes: number
  /** CPU share: 1 is one core; clamped to what the machine has. */
  readonly cpus: number
  /** Processes and threads together. */
  readonly pidsMax: number
  /** Size of /tmp and, again, of /dev/shm; both are memory and count as such. */
  readonly tmpBytes: number
  /** Life of the whole sandbox, from its start. */
  readonly wallMs: number
  /** Everything it may ever write to stdout; more ends it as `output-limit`. */
  readonly stdoutBytesMax: number
  /** Everything it may ever write to stderr; all of it is kept for the report; more ends it as `output-limit`. */
  readonly stderrBytesMax: number
  /** Largest single file (RLIMIT_FSIZE). */
  readonly fileBytesMax: number
  /** Open files of one process (RLIMIT_NOFILE). */
  readonly openFilesMax: number
}

const MIB = 1024 * 1024

/** One number, why it is that one, and what a submission sees that meets it. */
export type Limit = { readonly value: number; readonly reason: string; readonly seen: string }

/** The numbers for a NumPy program; docs/SANDBOX.md shows this table. */
export const policyLimits: Readonly<Record<keyof Policy, Limit>> = {
  memoryBytes: {
    value: 1024 * MIB,
    reason: 'NumPy with OpenBLAS and a matrix of 8 MiB needs 150 MiB; the rest is the solution’s.',
    seen: 'MemoryError, or the kernel kills it: tried once more, then OUT_OF_MEMORY',
  },
  cpus: {
    value: 1,
    reason:
      'One thread of BLAS: more threads than quota spin against each other, and nobody gains on a host with more cores. The relay beside a call never ran into it: no throttled period in 500 calls of 64 KiB and 8 MiB.',
    seen: 'threads and processes share one core; no fault',
  },
  pidsMax: {
    value: 256,
    reason: 'A warm harness needs 3, joblib-like helpers a few dozen; a fork bomb stops here.',
    seen: '"Resource temporarily unavailable", "can’t start new thread": EXCEPTION if it is not caught',
  },
  tmpBytes: {
    value: 64 * MIB,
    reason: 'Scratch space, twice the largest matrix and more; it is charged to the memory.',
    seen: '"No space left on device": EXCEPTION if it is not caught',
  },
  wallMs: {
    value: 60_000,
    reason: 'A single program; a measurement has its calls at their limits instead, and the start.',
    seen: 'killed: TIMEOUT, "the whole run"',
  },
  stdoutBytesMax: {
    value: 4096 * MIB,
    reason: 'Only the harness writes here: a matrix of at most 8 MiB comes back a few hundred times in one life.',
    seen: 'LOG_TOO_LARGE',
  },
  stderrBytesMax: {
    value: 256 * 1024,
    reason: 'A traceback is a few KiB; a flood must not fill our memory. A measurement has 1 MiB for all its calls.',
    seen: 'LOG_TOO_LARGE; the last 4 KiB are kept for the miner',
  },
  fileBytesMax: {
    value: 1024 * MIB,
    reason: 'No file can be larger than the memory that it is charged to.',
    seen: '"File too large": EXCEPTION if it is not caught',
  },
  openFilesMax: {
    value: 1024,
    reason: 'The usual number of a Linux login; descriptors hold kernel memory.',
    seen: '"Too many open files": EXCEPTION if it is not caught',
  },
}

/** The values alone; a job spreads its own over them. */
export const basePolicy = Object.fromEntries(
  Object.entries(policyLimits).map(([name, { value }]) => [name, value]),
) as Policy

/** Time and memory of one evaluation; times in milliseconds. */
export type RunLimits = {
  /** One import of solution.py, also the clean-up behind a call. */
  readonly loadMsMax: number
  /** One compress or decompress. */
  readonly callMsMax: number
  /** Start of a sandbox up to its first word. */
  readonly startMsMax: number
  readonly memoryBytes: number
}

/** A measurement's own numbers; docs/SANDBOX.md shows this table. */
export const measurementLimits: Readonly<Record<keyof RunLimits | 'solutionBytesMax' | 'answerSlackBytes', Limit>> = {
  solutionBytesMax: {
    value: 20_000,
    reason: 'The competitions’ published number, inclusive.',
    seen: 'OVERSIZE, before anything runs',
  },
  loadMsMax: {
    value: 10_000,
    reason: 'One import of solution.py, and again the clean-up behind a call; NumPy is warm by then.',
    seen: 'TIMEOUT, "import" or "clean-up"',
  },
  callMsMax: {
    value: 10_000,
    reason: 'One compress or decompress; above 1.012 s on average a score that counts time is 0 anyway.',
    seen: 'TIMEOUT, "compress" or "decompress"',
  },
  startMsMax: {
    value: 60_000,
    reason: 'From the start of a sandbox to its first word: NumPy from a cold disk on a busy host.',
    seen: 'SANDBOX_START: the host’s fault',
  },
  memoryBytes: policyLimits.memoryBytes,
  answerSlackBytes: {
    value: 1_024,
    reason: 'How much larger than its matrix an answer may be: headers, and data that does not compress.',
    seen: 'OUTPUT_TOO_LARGE, before a byte of it is read',
  },
}

/** The competition's limits. */
export const runLimits: RunLimits = {
  loadMsMax: measurementLimits.loadMsMax.value,
  callMsMax: measurementLimits.callMsMax.value,
  startMsMax: measurementLimits.startMsMax.value,
  memoryBytes: measurementLimits.memoryBytes.value,
}

/** solution.py, inclusive. */
export const SOLUTION_BYTES_MAX = measurementLimits.solutionBytesMax.value

/** How much larger than its matrix an answer may be. */
export const ANSWER_SLACK_BYTES = measurementLimits.answerSlackBytes.value

/** The second, inner clock fires this long after the outer one: it bites only if the controller died. */
export const INNER_TIMEOUT_GRACE_MS = 5_000

/** A user of its own on the host: the reserved ext4 blocks belong to 65534 on some machines, and 0 is never right. */
export const SANDBOX_UID = 64_000
