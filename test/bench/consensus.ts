/** The suite of the agreement and the mesh: which rows there are, and how much of each is measured. */
import { measureCertificate } from './certificate.ts'
import type { Group } from './harness.ts'
import { measureStatements } from './statements.ts'
import { measureVotes } from './votes.ts'

/** Statements of two submissions have 2 KiB, of sixteen 8 KiB. */
const STATEMENTS = [
  { submissions: 2, targetRatio: 0.65 },
  { submissions: 17, targetRatio: 0.35 },
]

export const CONSENSUS: readonly Group[] = [
  {
    name: 'votes',
    about: 'votes from the wire into the machine per CPU-second',
    measure: async ({ tiny }) => [
      await measureVotes(tiny ? { members: 4, heights: 2, runs: 1 } : { members: 100, heights: 20, runs: 15 }),
    ],
  },
  {
    name: 'statements',
    about: 'whole reveals per CPU-second, statements of 2 and 8.7 KiB',
    measure: ({ tiny }) =>
      Promise.all(
        STATEMENTS.map((size) =>
          measureStatements({ ...size, ...(tiny ? { reveals: 2, runs: 1 } : { reveals: 600, runs: 15 }) }),
        ),
      ),
  },
  {
    name: 'certificate',
    about: 'size and CPU time of one certificate at n = 100',
    measure: ({ tiny }) => measureCertificate(tiny ? { members: 4, runs: 1 } : { members: 100, runs: 51 }),
  },
]
