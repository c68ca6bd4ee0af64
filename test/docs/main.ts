/** Writes the documents that come from tables of the code: `npm run docs`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generated, simulated } from './generated.ts'

for (const [path, write] of Object.entries({ ...generated, ...simulated })) {
  writeFileSync(join(import.meta.dirname, '../..', path), write())
  process.stderr.write(`${path}\n`)
}
