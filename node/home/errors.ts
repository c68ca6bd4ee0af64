/** Errors of a validator's home folder: a code, the folder or file, and what to do. */

/**
 * `MOVED`: exported, and never to be started here again. `ROLLED_BACK`: the store has forgotten what these session keys signed. `HOME_IN_USE`:
 * the target is not empty. `FILE_EXISTS`: a file that is never overwritten. `BAD_PACK`: no file of ours, cut short, changed, or of the other kind.
 */
export class HomeError extends Error {
  readonly code: 'MOVED' | 'ROLLED_BACK' | 'HOME_IN_USE' | 'FILE_EXISTS' | 'BAD_PACK'
  readonly exitCode = 4

  constructor(code: HomeError['code'], path: string, what: string) {
    super(`${path}: ${what}`)
    this.code = code
  }
}
