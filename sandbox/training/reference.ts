/** The reference that every training submission is compared with first. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Its train.py. */
export function readReference(): string {
  return readFileSync(join(import.meta.dirname, '../harness/baseline/training-speed/train.py'), 'utf8')
}
