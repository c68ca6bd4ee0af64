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

/** The numbers for a NumPy program; a job spreads its own over them. */
export const basePolicy: Policy = {
  // NumPy with OpenBLAS and a matrix of 8 MiB needs 150 MiB; the rest is the solution's.
  memoryBytes: 1024 * MIB,
  // One thread of BLAS: more threads than quota spin against each other. Nor does a solution with threads gain on hosts
  // with more cores. The relay beside a call never ran into it: no throttled period in 500 calls of 64 KiB and 8 MiB.
  cpus: 1,
  // A warm harness needs 3; joblib-like helpers a few dozen; a fork bomb stops here.
  pidsMax: 256,
  // Scratch space, twice the largest matrix and more; it is charged to memoryBytes.
  tmpBytes: 64 * MIB,
  wallMs: 60_000,
  // One matrix is at most 8 MiB and comes back a few hundred times over one life.
  stdoutBytesMax: 4096 * MIB,
  // A traceback is a few KiB; a flood must not fill our memory.
  stderrBytesMax: 256 * 1024,
  fileBytesMax: 1024 * MIB,
  openFilesMax: 1024,
}

/** The second, inner clock fires this long after the outer one: it bites only if the controller died. */
export const INNER_TIMEOUT_GRACE_MS = 5_000

/** A user of its own on the host: the reserved ext4 blocks belong to 65534 on some machines, and 0 is never right. */
export const SANDBOX_UID = 64_000
