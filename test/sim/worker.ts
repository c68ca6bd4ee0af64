/** A thread of the simulator: runs the ranges that it is given, one after the other. */
import { parentPort } from 'node:worker_threads'
import type { Range } from './range.ts'
import { runTask } from './task.ts'

parentPort?.on('message', (range: Range) => parentPort?.postMessage(runTask(range)))
