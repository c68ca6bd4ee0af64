/** What a development mesh of training speed needs of its machine: PyTorch's image, a contract, the reference's time on this host. */
import { COMPETITIONS, type CompetitionParams } from '../../protocol/index.ts'
import {
  type ContractName,
  createTrainingEvaluator,
  type EngineOptions,
  type RecipeName,
  readContract,
  readReference,
  toQuad,
} from '../../sandbox/index.ts'
import { CliError, EXIT } from '../cli/output.ts'
import { openSandbox, type PrepareOptions, type PresetName } from './prepare.ts'

const COMPETITION = 'training-speed'
/** The reference's time is pinned once for all; the validators certify their noise themselves. */
const REFERENCE_QUADS = 3

/** True for the demo of training speed, which has an image of its own. @throws CliError beside other competitions. */
export const isTrainingDemo = (competitions: readonly string[]): boolean => {
  if (!competitions.includes(COMPETITION)) return false
  if (competitions.length === 1) return true
  const message = `${COMPETITION} has an image of its own: run its demo alone`
  throw new CliError({ exitCode: EXIT.usage, message })
}

/**
 * Parameters of training speed with this machine's image and reference time, which is measured.
 * @throws CliError when the reference does not run here; the signal's reason
 */
export const trainingParams = async (o: {
  readonly preset: PresetName
  readonly contract: ContractName
  readonly image: string
  readonly options: EngineOptions
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}): Promise<CompetitionParams> => {
  const rules = COMPETITIONS.get(COMPETITION)
  if (rules?.kind !== 'training') throw new Error(`no competition ${COMPETITION}`)
  const { contract, digest, logDigest } = readContract(o.contract)
  const reference = readReference()
  const measurement = await createTrainingEvaluator({ engine: o.options }).evaluate(
    {
      ...{ competition: COMPETITION, candidate: reference, partner: reference, contract },
      ...{ roundSeed: digest, quads: REFERENCE_QUADS, thetaPpm: null, driftMaxPpm: null, seed: digest },
    },
    { signal: o.signal },
  )
  if (measurement.verdict !== 'pass') {
    const message = `the reference does not run in the sandbox: ${measurement.line}`
    throw new CliError({ exitCode: EXIT.unavailable, message })
  }
  const { hereNanos, noisePpm } = rules.certifyHost(measurement.quads.map(toQuad))
  o.say(
    `the reference takes ${(Number(hereNanos) / 1e6).toFixed(1)} ms a step here, ± ${(noisePpm / 10_000).toFixed(1)} %`,
  )
  return rules.presets[o.preset]({
    image: o.image,
    poolManifest: digest,
    poolRoot: logDigest,
    referenceNanos: hereNanos,
  })
}

/**
 * The demo's parameters of training speed; there is no pool, and the validators run PyTorch's image.
 * @throws as `openSandbox`
 */
export const prepareTrainingMachine = async (
  o: PrepareOptions,
): Promise<{
  readonly competitions: readonly CompetitionParams[]
  readonly poolDir: null
  readonly image: RecipeName
}> => {
  const { engine, options } = await openSandbox({ ...o, image: 'torch', hostPython: false })
  try {
    if (engine.imageDigest === null) throw new Error('an engine without an image')
    o.say(`sandbox: ${engine.kind} ${engine.version} with PyTorch`)
    const params = await trainingParams({
      ...{ preset: 'demo', contract: 'tiny' },
      ...{ image: engine.imageDigest, options, say: o.say, signal: o.signal },
    })
    return { competitions: [params], poolDir: null, image: 'torch' }
  } finally {
    await engine.close()
  }
}
