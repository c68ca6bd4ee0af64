/** A thread of the simulator: runs the ranges of seeds it is given, one after the other. */
import { parentPort } from 'node:worker_threads'
import { type Range, runRange } from './range.ts'

parentPort?.on('message', (range: Range) => parentPort?.postMessage(runRange(range)))
