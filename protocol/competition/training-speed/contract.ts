/** What a training run is held to: model, data, optimizer, limits and tolerances, as one document whose digest stands in the parameters. */
import type { Digest } from '../../crypto.ts'
import { drawWithoutReplacement, subSeed } from '../seed.ts'

/** Largest value of each check that is still honest: three times the worst of honest variants, in parts per billion. */
export type Tolerances = {
  /** V2: the worst row of the last batch's logits, relative to the reference's. */
  readonly logitsPpb: number
  /** V3: the last loss that was told, against the reference's. */
  readonly lossPpb: number
  /** V4: distance of the weights from the reference's, relative to how far those went. */
  readonly updatePpb: number
  /** V4 by tensor: how much shorter or longer than the reference's the way of any one tensor is. */
  readonly tensorPpb: number
  /** V5, the memory probe: root mean square over a batch's sequences of the loss's difference. */
  readonly memoryPpb: number
  /** V7: distance of the weights at a secret step from the reference's way there, relative to its length. */
  readonly checkpointPpb: number
}

/** The document. Whole numbers only; what it calls `Ppm` and `Nanos` are parts of one. */
export type TrainingContract = {
  readonly name: string
  readonly device: 'cpu' | 'cuda'
  readonly precision: 'float32' | 'bfloat16'
  readonly model: {
    readonly width: number
    readonly layers: number
    readonly heads: number
    readonly vocabulary: number
    readonly sequence: number
  }
  /** Sequences a step. */
  readonly batch: number
  /** A round takes 90 to 110 % of this. */
  readonly steps: number
  readonly optimizer: {
    readonly rateNanos: number
    readonly beta1Ppm: number
    readonly beta2Ppm: number
    readonly weightDecayPpm: number
  }
  readonly limits: {
    readonly startMs: number
    readonly loadMs: number
    /** One run, and the first, in which kernels may be compiled. */
    readonly segmentMs: number
    readonly warmupMs: number
    readonly memoryBytes: number
    readonly cpus: number
    /** Scratch space from which programs may be started: for what compiles. */
    readonly cacheBytes: number
  }
  readonly tolerances: Tolerances
}

/** One parameter of the model. */
export type TensorShape = { readonly name: string; readonly shape: readonly number[] }

/** The model's parameters in its own order. */
export const tensorsOf = ({ model }: TrainingContract): readonly TensorShape[] => {
  const { width, layers, vocabulary } = model
  const matrix = (name: string, rows: number, columns: number) => ({ name, shape: [rows, columns] })
  const block = (index: number): TensorShape[] => {
    const of = (name: string) => `layers.${index}.${name}.weight`
    return [
      { name: of('attention_norm'), shape: [width] },
      matrix(of('qkv'), 3 * width, width),
      matrix(of('out'), width, width),
      { name: of('mlp_norm'), shape: [width] },
      matrix(of('up'), 4 * width, width),
      matrix(of('down'), width, 4 * width),
    ]
  }
  return [
    matrix('embed.weight', vocabulary, width),
    ...Array.from({ length: layers }, (_, index) => block(index)).flat(),
    { name: 'norm.weight', shape: [width] },
  ]
}

export const elementsOf = ({ shape }: TensorShape): number => shape.reduce((product, size) => product * size, 1)

export const parametersOf = (contract: TrainingContract): number =>
  tensorsOf(contract).reduce((sum, tensor) => sum + elementsOf(tensor), 0)

/** Tokens that a step is handed. */
export const tokensPerStep = ({ batch, model }: TrainingContract): number => batch * model.sequence

/** What a round's seed decides: the same for every validator, known to nobody who submits. */
export type TrainingPlan = {
  readonly steps: number
  /** Steps of the run before the clock counts. */
  readonly warmupSteps: number
  /** Of each quad's data and first weights; the first is the warm-up's. */
  readonly seeds: readonly { readonly data: Digest; readonly weights: Digest }[]
}

const oneOf = (seed: Digest, from: number, to: number): number => {
  const [drawn] = drawWithoutReplacement(
    seed,
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
    1,
  )
  return drawn ?? from
}

/** steps are drawn evenly from 90 to 110 % of the preset's and the warm-up from 2 to 5; each quad has data and weights of its own. */
export const planTraining = (o: { seed: Digest; contract: TrainingContract; quads: number }): TrainingPlan => {
  const { seed, contract, quads } = o
  const ninetieth = Math.floor(contract.steps / 10)
  return {
    steps: oneOf(subSeed(seed, 'training steps'), contract.steps - ninetieth, contract.steps + ninetieth),
    warmupSteps: oneOf(subSeed(seed, 'training warm-up'), 2, 5),
    seeds: Array.from({ length: quads + 1 }, (_, index) => ({
      data: subSeed(seed, `training data ${index}`),
      weights: subSeed(seed, `training weights ${index}`),
    })),
  }
}
