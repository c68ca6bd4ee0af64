/** Faults to plant in the machine's source: each must be found by the simulator, or the checkers see nothing. */

/** Every `find` stands exactly once in its file. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string }
export type Mutant = { readonly name: string; readonly edits: readonly Edit[] }

const one = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  edits: [{ file, find, replace }],
})

export const MUTANTS: readonly Mutant[] = [
  one('a majority is a quorum', 'protocol/committee.ts', '3n * weight > 2n * total', '2n * weight > total'),
  one(
    'signers are counted twice',
    'protocol/consensus/votes.ts',
    'if (ballot[vote.kind] !== null) return',
    'if (ballot[vote.kind] !== null && o.weight < 0n) return',
  ),
  one(
    'votes are signed unguarded',
    'protocol/consensus/context.ts',
    "persist(c, { kind: 'guard', height, view: o.view, phase: o.phase, value: o.value })",
    '',
  ),
  one(
    'the guard is lost in a crash',
    'protocol/consensus/restore.ts',
    'if (record.height === state.current.height)',
    'if (record.height < 0)',
  ),
  one(
    'the parent of a proposal is not checked',
    'protocol/consensus/progress.ts',
    "if (parent.kind !== 'valid') return parent",
    '',
  ),
  {
    name: 'a finalised view may be nullified',
    edits: [
      { file: 'protocol/consensus/guard.ts', find: 'return guard.finalize === null', replace: 'return true' },
      {
        file: 'protocol/consensus/progress.ts',
        find: 'notarization === null && (late || refused)',
        replace: '(late || refused)',
      },
      {
        file: 'protocol/consensus/progress.ts',
        find: '(waited || guard.nullify !== null)',
        replace: 'guard.nullify !== null',
      },
    ],
  },
  {
    name: 'a nullified view may be finalised',
    edits: [
      { file: 'protocol/consensus/guard.ts', find: 'return guard.nullify === null', replace: 'return true' },
      { file: 'protocol/consensus/progress.ts', find: '(waited || guard.nullify !== null)', replace: 'waited' },
    ],
  },
  one('a re-proposal must include what is held', 'test/sim/toy.ts', "if (!fresh) return { kind: 'valid' }", ''),
  one(
    'votes are not sent again',
    'protocol/consensus/sync.ts',
    'for (const phase of PHASES) repeatOwn(c, { view: current.view, phase })',
    'PHASES.length + repeatOwn.length',
  ),
  one(
    'who is behind is not answered',
    'protocol/consensus/sync.ts',
    'const decided = c.state.recent.slice(o.from - first, o.from - first + o.countMax)',
    'const decided = c.state.recent.slice(0, 0)',
  ),
]
