/** A process that measures an endless submission and waits to be killed; run by the test of evaluators. Argument: the job as JSON. */
import process from 'node:process'
import type { Job } from '../../sandbox/index.ts'
import { testEvaluator } from './evaluator-setup.ts'

const { job, folder } = JSON.parse(process.argv[2] ?? '') as { job: Job; folder: string }
const evaluator = await testEvaluator(folder)
await evaluator.evaluate(job)
