/** Training speed: the same training in less time, checked by what the weights remember. */
import type { TrainingRules } from '../rules.ts'
import { checkTraining } from './check.ts'
import { planTraining } from './contract.ts'
import { trainingPresets } from './params.ts'
import { certifyTraining, scoreTraining } from './score.ts'

export const trainingSpeed: TrainingRules = {
  kind: 'training',
  file: 'train.py',
  presets: trainingPresets,
  values: ['tpsMilli'],
  formula: 'the reference’s time a step / the submission’s',
  plan: planTraining,
  check: checkTraining,
  score: scoreTraining,
  certifyHost: certifyTraining,
}
