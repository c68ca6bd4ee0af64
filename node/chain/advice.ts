/** What an operator can do about weights that a chain refuses, by the chain's own name of the error. */
import { ChainError } from './port.ts'

const ADVICE: Readonly<Record<string, string>> = {
  // Who sets them.
  HotKeyNotRegisteredInSubNet: 'register this hotkey on the subnet again',
  NeuronNoValidatorPermit:
    'this hotkey has no validator permit: it needs more stake than the least of those that have one',
  NotEnoughStakeToSetWeights: 'this hotkey has too little stake to set weights: stake more to it',
  MechanismDoesNotExist: 'the subnet or its mechanism is gone: check the netuid of the genesis document',
  CanNotSetRootNetworkWeights: 'the genesis document names the root network: it takes no weights',
  // When.
  SettingWeightsTooFast: 'another program sets weights with this hotkey: stop it',
  CommittingWeightsTooFast: 'another program sets weights with this hotkey: stop it',
  RateLimitExceeded: 'another program sets weights with this hotkey: stop it',
  DisabledTemporarily:
    'the chain takes no weights for the moment: nothing to do, the next vector is tried when it is due',
  // What.
  IncorrectWeightVersionKey:
    'the subnet asks for a newer version key: set weightsVersionKey in config.json, or upgrade evalmesh',
  WeightVecLengthIsLow:
    'the subnet asks for more weights than the mesh gives: its owner must lower min_allowed_weights',
  MaxWeightExceeded:
    'the subnet caps a single weight below what the mesh gives: its owner must raise max_weights_limit',
  UidVecContainInvalidOne: 'a uid has gone since the vector was made: the next vector names those that are there',
  UidsLengthExceedUidsInSubNet: 'uids have gone since the vector was made: the next vector names those that are there',
  DuplicateUids: 'a bug of ours: please report it with the log',
  WeightVecNotEqualSize: 'a bug of ours: please report it with the log',
  InputLengthsUnequal: 'a bug of ours: please report it with the log',
  // Hidden weights.
  CommitRevealEnabled: 'commit-reveal was switched on meanwhile: the next vector is committed',
  CommitRevealDisabled: 'commit-reveal was switched off meanwhile: the next vector is set plainly',
  IncorrectCommitRevealVersion: 'the chain wants another version of commits: upgrade evalmesh',
  InvalidRevealRound: 'the clock of the chain or of this host is far off: check that the node is in sync and NTP runs',
  TooManyUnrevealedCommits: 'ten commits of this hotkey wait for their reveal: stop other programs that commit with it',
  NoWeightsCommitFound: 'the chain no longer has the commit: nothing to do, the next vector is committed anew',
  InvalidRevealCommitHashNotMatch: 'another program commits with this hotkey: stop it',
  ExpiredWeightCommit:
    'the node was away while its commit could be revealed: keep it running, the next vector is committed anew',
  RevealTooEarly: 'the epoch has not come yet: nothing to do',
  // The transaction.
  InvalidTransaction: 'the node refuses the transaction and says no more: look into its log',
  BadRequest: 'the node refuses the transaction and says no more: look into its log',
  BadSignature: 'the chain says that the signature is wrong: check that hotkey.json is whole, and upgrade evalmesh',
  NonceTaken: 'another program sends transactions with this hotkey: stop it',
  PoolFull: 'the node’s pool is full: nothing to do, or add a second endpoint',
}

/** One sentence for the log: never empty. */
export const adviceFor = (error: unknown): string => {
  if (error instanceof ChainError && error.code === 'WEIGHTS_LOST') {
    return 'the commit was never revealed: check that the hotkey kept its permit and registration, and that the node’s clock is right'
  }
  if (error instanceof ChainError && error.code === 'STATE_DISCARDED') {
    return 'this node was frozen or cut off until its endpoints had forgotten that block: the next vector is tried when it is due; an archive node among the endpoints would still know'
  }
  const name = error instanceof ChainError ? String(error.facts['name']) : ''
  return ADVICE[name] ?? 'the last vector on chain stays; the next one is tried when it is due'
}

/** Every name that has a sentence of its own. */
export const ADVISED: readonly string[] = Object.keys(ADVICE)
