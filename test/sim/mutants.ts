/** Faults to plant in the machine's source: each must be found by the simulator, or the checkers see nothing. */

/** Every `find` stands exactly once in its file. */
type Edit = { readonly file: string; readonly find: string; readonly replace: string }
export type Mutant = {
  readonly name: string
  /** The promise that must be seen broken. */
  readonly promise: string
  readonly scene: 'toy' | 'rounds'
  readonly edits: readonly Edit[]
}

const STEPS = 'protocol/consensus/progress.ts'
const GUARD = 'protocol/consensus/guard.ts'
const SYNC = 'protocol/consensus/sync.ts'

const toy = (name: string, promise: string, ...edits: readonly Edit[]): Mutant => ({
  name,
  promise,
  scene: 'toy',
  edits,
})

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

/** No fault at all: what must pass by the path that the others fail on. */
export const HEALTHY: Mutant = toy('none', '')

export const MUTANTS: readonly Mutant[] = [
  toy(
    'a majority is a quorum',
    'certificates hold a quorum',
    edit('protocol/committee.ts', '3n * weight > 2n * total', '2n * weight > total'),
  ),
  toy(
    'signers are counted twice',
    'certificates hold a quorum',
    edit(
      'protocol/consensus/votes.ts',
      '[vote.kind] !== null) return',
      '[vote.kind] !== null && o.weight < 0n) return',
    ),
  ),
  toy(
    'votes are signed unguarded',
    'guarded before it is sent',
    edit(
      'protocol/consensus/context.ts',
      "persist(c, { kind: 'guard', height, view: o.view, phase: o.phase, value: o.value })",
      '',
    ),
  ),
  toy(
    'the guard is lost in a crash',
    'no honest node',
    edit('protocol/consensus/restore.ts', 'if (record.height === state.current.height)', 'if (record.height < 0)'),
  ),
  toy(
    'a leader proposes whenever it looks',
    'inputs come to rest',
    edit(STEPS, 'guard.proposal !== null || notarization !== null', 'notarization !== null'),
  ),
  toy(
    'the parent of a proposal is not checked',
    'one value a height',
    edit(STEPS, "if (parent.kind !== 'valid') return parent", ''),
  ),
  toy(
    'a finalised view may be nullified',
    'no honest node both nullifies and finalizes',
    edit(GUARD, 'return guard.finalize === null', 'return true'),
    edit(STEPS, 'notarization === null && (late || refused)', '(late || refused)'),
    edit(STEPS, '(waited || guard.nullify !== null)', 'guard.nullify !== null'),
    edit(STEPS, 'notarization !== null || nullifies', 'nullifies'),
  ),
  toy(
    'a nullified view may be finalised',
    'no honest node both nullifies and finalizes',
    edit(GUARD, 'return guard.nullify === null', 'return true'),
    edit(STEPS, '(waited || guard.nullify !== null)', 'waited'),
  ),
  toy(
    'a re-proposal must include what is held',
    'everything due is decided after healing',
    edit('test/sim/toy.ts', "if (!fresh) return { kind: 'valid' }", ''),
  ),
  toy(
    'votes are not sent again',
    'everything due is decided after healing',
    edit(SYNC, 'for (const phase of PHASES) repeatOwn', 'for (const phase of PHASES.slice(3)) repeatOwn'),
  ),
  toy(
    'who is behind is not answered',
    'everything due is decided after healing',
    edit(SYNC, 'recent.slice(o.from - first, o.from - first + o.countMax)', 'recent.slice(0, 0)'),
  ),
  {
    name: 'reveals do not wait for COMMITS',
    promise: 'no reveal before COMMITS is held',
    scene: 'rounds',
    edits: [edit('protocol/round/pump.ts', '!round.committed?.commits.has(self) || ', '')],
  },
]
