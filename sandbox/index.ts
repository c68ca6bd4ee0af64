/** The public surface of the sandbox. */
export { type EngineAddress, parseAddress } from './engine/address.ts'
export type { Engine, Sandbox, SandboxExit } from './engine/engine.ts'
export { type EngineOptions, openEngine } from './engine/open.ts'
export { SandboxError, type SandboxErrorCode } from './errors.ts'
export {
  createEvaluator,
  createHostsEvaluator,
  createTrainingEvaluator,
  type Evaluator,
  localHardware,
  type RunOptions,
  readBaseline,
  type TrainingEvaluator,
} from './evaluator.ts'
export { RunFault } from './faults.ts'
export { planCores, readPhysicalCores } from './hosts/cores.ts'
export type { EngineHost } from './hosts/host.ts'
export { buildImage } from './image/build.ts'
export { defaultCacheDirectory, imageDirectory, openImage } from './image/image.ts'
export { type RecipeName, recipeNames } from './image/recipe.ts'
export { basePolicy, type Policy, type RunLimits, runLimits } from './limits.ts'
export { takeLock } from './lock.ts'
export { addToPool } from './pool/add.ts'
export { parsePoolManifest } from './pool/manifest.ts'
export { buildPool, type PoolInfo, type PoolProgress, readPool } from './pool/pool.ts'
export { refereeDigest } from './referee/digest.ts'
export { formOf, recipeFor } from './referee/form.ts'
export {
  checkBundle,
  type EngineFacts,
  faulted,
  type Job,
  type MatrixFile,
  type MatrixTimes,
  type Measurement,
  type Progress,
  toEngineFacts,
} from './referee/job.ts'
export {
  type ContractName,
  contractByDigest,
  contractNames,
  readContract,
} from './training/contract.ts'
export {
  checkTrainingBundle,
  type QuadTimes,
  type TrainingJob,
  type TrainingMeasurement,
  toQuad,
  trainingFaulted,
} from './training/job.ts'
export { readReference } from './training/reference.ts'
