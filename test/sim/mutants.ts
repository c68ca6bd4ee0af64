/** Faults to plant in the protocol's source: each must be seen by a checker, or the checkers see nothing. */

/** Every `find` stands exactly once in its file. */
type Edit = { readonly file: string; readonly find: string; readonly replace: string }
export type Mutant = {
  readonly name: string
  readonly scene: 'mixed' | 'rounds'
  readonly edits: readonly Edit[]
  /** Where it is looked for when few validators, or the first thousands of seeds, cannot show it. */
  readonly where?: { readonly n: number; readonly from: number }
}

type Change = readonly [file: string, find: string, replace: string]

const mutant = (name: string, ...changes: readonly Change[]): Mutant => ({
  name,
  scene: 'mixed',
  edits: changes.map(([file, find, replace]) => ({ file: `protocol/${file}`, find, replace })),
})

/** No fault at all: what must pass by the path that the others fail on. */
export const HEALTHY: Mutant = mutant('none')

const AGREEMENT: readonly Mutant[] = [
  mutant('a majority is a quorum', ['committee.ts', '3n * weight > 2n * total', '2n * weight > total']),
  mutant('signers are counted twice', [
    'consensus/votes.ts',
    '[vote.kind] !== null) return',
    '[vote.kind] !== null && o.weight < 0n) return',
  ]),
  mutant('votes of different values are added up', [
    'consensus/votes.ts',
    'const weights = votes.weights[vote.kind]\n  const before = weights.get(vote.body.value) ?? 0n\n  weights.set(vote.body.value,',
    "const weights = votes.weights[vote.kind]\n  const before = weights.get('') ?? 0n\n  weights.set('',",
  ]),
  mutant('votes are signed unguarded', [
    'consensus/context.ts',
    "persist(c, { kind: 'guard', height, view: o.view, phase: o.phase, value: o.value })",
    '',
  ]),
  mutant('the guard is lost in a crash', [
    'consensus/restore.ts',
    'if (record.height === state.current.height)',
    'if (record.height < 0)',
  ]),
  mutant('a leader forgets in a crash what it has proposed', [
    'consensus/progress.ts',
    "persist(c, { kind: 'guard', height, view, phase: 'proposal', value: guard.proposal })",
    '',
  ]),
  mutant('a leader proposes whenever it looks', [
    'consensus/progress.ts',
    'guard.proposal !== null || notarization !== null',
    'notarization !== null',
  ]),
  mutant('a leader proposes a fresh value though one is notarized', [
    'consensus/progress.ts',
    'if (header !== undefined) return { parentView: view, header }',
    'if (header !== undefined) continue',
  ]),
  mutant('anyone may lead a view', ['consensus/receive.ts', 'if (leaderOf(current, view) !== hotkey) return', '']),
  mutant('one member leads every view', ['consensus/leader.ts', 'view % members.length', '0']),
  mutant('the parent of a proposal is not checked', [
    'consensus/progress.ts',
    "if (parent.kind !== 'valid') return parent",
    '',
  ]),
  mutant('a fresh value needs no nullification of the views before it', [
    'consensus/progress.ts',
    'between > (parentView ?? -1)',
    'between > (parentView ?? view)',
  ]),
  mutant('another value than the notarized one may be proposed again', [
    'consensus/progress.ts',
    "if (notarization.value !== headerDigest(header)) return { kind: 'invalid', reason: 'another value was notarized' }",
    '',
  ]),
  mutant(
    'a finalised view may be nullified',
    ['consensus/guard.ts', 'return guard.finalize === null', 'return true'],
    ['consensus/progress.ts', 'notarization === null && (late || refused)', '(late || refused)'],
    ['consensus/progress.ts', '(waited || guard.nullify !== null)', 'guard.nullify !== null'],
    ['consensus/progress.ts', 'notarization !== null || nullifies', 'nullifies'],
  ),
  mutant(
    'a nullified view may be finalised',
    ['consensus/guard.ts', 'return guard.nullify === null', 'return true'],
    ['consensus/progress.ts', '(waited || guard.nullify !== null)', 'waited'],
  ),
  mutant('a notarized view is never left', ['consensus/progress.ts', '(waited || guard.nullify !== null)', 'false']),
  mutant('a view is never given up', [
    'consensus/progress.ts',
    'const late = current.deadline !== null && c.at >= current.deadline',
    'const late = false',
  ]),
  mutant('what is provably wrong is notarized', [
    'consensus/progress.ts',
    "if (check.kind !== 'valid') return",
    "if (check.kind === 'wait') return",
  ]),
  mutant('a header need not continue the log', [
    'consensus/header.ts',
    "if (!continuesLog(log, header)) return { kind: 'invalid', reason: 'does not continue the log' }",
    '',
  ]),
  mutant('a header may name another root', ['consensus/header.ts', 'header.logRoot === log.root &&', '']),
  mutant('a header may name another epoch', [
    'consensus/header.ts',
    "if (header.epoch !== current.committee.epoch) return { kind: 'invalid', reason: 'names another epoch' }",
    '',
  ]),
  mutant('votes are not sent again', [
    'consensus/sync.ts',
    'for (const phase of PHASES) repeatOwn',
    'for (const phase of PHASES.slice(3)) repeatOwn',
  ]),
  mutant('who is behind is not answered', [
    'consensus/sync.ts',
    'recent.slice(from - first, end - first)',
    'recent.slice(0, 0)',
  ]),
  mutant('a vote is signed on what is known to be decided', [
    'consensus/state.ts',
    'if (state.self === null || state.current.finalization !== null) return false',
    'if (state.self === null) return false',
  ]),
  mutant('decided heights are not durable', ['consensus/decide.ts', "persist(c, { kind: 'decided', decided })", '']),
  mutant('votes of any view are kept', [
    'consensus/receive.ts',
    'else if (view > current.view + VIEWS_AHEAD_MAX) return',
    'else if (view < 0) return',
  ]),
]

const ROUNDS: readonly Mutant[] = [
  {
    ...mutant('what a proposal leaves out is demanded for ever', [
      'backoff.ts',
      'DEMANDING_DELTAS = 120',
      'DEMANDING_DELTAS = 1_000_000',
    ]),
    // It takes two liars, and EPOCHs that come faster than views grow.
    where: { n: 7, from: 5_701 },
  },
  mutant('what a proposal named keeps its place from what the log names', [
    'round/application.ts',
    'if (state.backlog.length > 0) makeRoomForLog(state)',
    '',
  ]),
  mutant('reveals do not wait for COMMITS', [
    'round/pump.ts',
    'round.committed?.commits.get(self)',
    'round.commits.get(self)',
  ]),
  mutant('a measurement is committed before it is durable', [
    'round/application.ts',
    "return [{ kind: 'persist', records: [{ kind: 'sealed', competition, round: number, manifest, nonce, statement }] }]",
    'return []',
  ]),
  mutant('a sealed measurement is forgotten in a crash', [
    'round/application.ts',
    'if (round?.manifest === record.manifest) round.sealed = { nonce: record.nonce, statement: record.statement }',
    '',
  ]),
  mutant('a reveal need not open its commitment', [
    'round/reveal.ts',
    "if (!opens(committed, reveal, wanted.id)) return 'commitment'",
    '',
  ]),
  mutant('a statement may list what it likes', [
    'round/statement.ts',
    "['submissions', value.submissions.map((s) => s.id).join(), terms.submissions.join()],",
    '',
  ]),
  mutant('any result may be proposed', [
    'round/stages.ts',
    "if (resultDigest(deriveRound(state, inRound, attestations)) !== o.entry.result) return invalid('result')",
    '',
  ]),
  mutant('a held item may be left out', [
    'round/checks.ts',
    'const long = query.fresh ?',
    'const long = !query.fresh ?',
  ]),
  mutant('a receipt may be left out', [
    'round/manifest.ts',
    'candidate.receipts.values()]), ...receipts]',
    'candidate.receipts.values()])]',
  ]),
  mutant('a stage closes without a quorum', [
    'round/stages.ts',
    'return isQuorum(weightOf(committee, o.present), committee.total) && (',
    'return (',
  ]),
  mutant('a stage closes before its deadline', [
    'round/stages.ts',
    'o.present.length === o.possible || isLate',
    'true || isLate',
  ]),
  mutant('receipts of a replaced key stay', ['round/fold.ts', '  dropReceipts(state, bodies)\n', '']),
  mutant('a commit holds under the newest key only', [
    'round/signers.ts',
    '(open.keys.get(message.body.hotkey) ?? [])',
    '(open.keys.get(message.body.hotkey) ?? []).slice(0, 1)',
  ]),
  mutant('a key holds before it is in force', [
    'round/signers.ts',
    'const inForce = state.inForce.get(hotkey)?.sessionKey',
    'const inForce = state.delegations.get(hotkey)?.message.body.sessionKey',
  ]),
  mutant(
    'commits of any round count',
    ['round/items.ts', 'open?.manifest === body.manifest &&', 'open !== null &&'],
    // Whose keys do not follow from the round is not heard at all.
    ['round/signers.ts', 'open?.manifest === message.body.manifest ?', 'open !== null ?'],
  ),
  mutant('reveals are weighed by the committee of the day', [
    'round/stages.ts',
    'committee: round.committee,\n    attestations',
    'committee: state.committee,\n    attestations',
  ]),
  mutant('a submission needs no receipts', [
    'round/manifest.ts',
    'if (receiptBlock === null || !isQuorum(weight, state.committee.total)) return null',
    'if (receiptBlock === null) return null',
  ]),
  mutant('what has its verdict is measured again', [
    'ledger/fold.ts',
    "if (row?.board !== 'provisional') standing.finished.add(id)",
    '',
  ]),
  mutant('a payment pays twice', [
    'round/payment.ts',
    "if (spent !== undefined) return spent.submission === id ? null : 'SPENT'",
    '',
  ]),
  mutant('one manifest may name a payment twice', [
    'round/payment.ts',
    'const isFirst = !taken.has(nullifierOf(payment))',
    'const isFirst = true',
  ]),
  mutant('what nobody has paid for is receipted', [
    'round/payment.ts',
    "candidate.found = fault ?? 'PAID'",
    "candidate.found = 'PAID'",
  ]),
  mutant('a fee need not be paid', [
    'round/payment.ts',
    "return competition.params.feeRao === 0n ? null : 'UNPAID'",
    'return null',
  ]),
  mutant('a round may have two ends', ['round/fold.ts', '  competition.open = null\n', '']),
  mutant('an epoch need not follow from the chain', [
    'round/epoch-entry.ts',
    'if (fault !== null) return invalid(fault)',
    '',
  ]),
  mutant('a leader proposes an epoch that it has not checked', [
    'round/epoch-entry.ts',
    'faultOf(state, entry, metagraph)) === null ? entry : null',
    'null) === null ? entry : null',
  ]),
  mutant('a changed schedule makes epochs of the past', [
    'round/epoch-entry.ts',
    'epochStart !== entry.block || block.hash',
    'block.hash',
  ]),
]

const RESULTS: readonly Mutant[] = [
  mutant('the median is the lower one', ['round/median.ts', '2n * below > total', '2n * below >= total']),
  mutant('the median does not weigh', ['round/median.ts', 'below += weight', 'below += total / BigInt(votes.length)']),
  mutant('a pass needs a quorum of those who revealed only', [
    'round/derive.ts',
    'const judged = judge(seen, counted, committee.total)',
    'const judged = judge(seen, counted, weigh(seen))',
  ]),
  mutant('one validator alone fails a submission', ['round/derive.ts', '> weigh(seen))', '> 0n)']),
  mutant('noisy hosts vote', ['round/derive.ts', ' && seen.noisePpm <= thetaPpm', '']),
  mutant('outliers are flagged at 3 deviations', ['round/derive.ts', '6 * o.deviation', '3 * o.deviation']),
  mutant('two thirds of the stake need not agree on a takeover', [
    'ledger/takeover.ts',
    '2 * (vote.centrePpm - ONE_PPM) > o.thetaPpm',
    'true',
  ]),
  mutant('nobody need say better for a takeover', [
    'ledger/takeover.ts',
    "2n * weightWhere((vote) => vote.pair === 'better') > total",
    'true',
  ]),
  mutant('a takeover needs no confirmation', ['ledger/takeover.ts', 'o.hasIncumbent ? o.confirmRounds : 1', '1']),
  mutant('classes that disagree stop no takeover', ['round/derive.ts', 'isAhead: isAhead && !isSplit', 'isAhead']),
  mutant('a confirmation outlives a new leader', [
    'ledger/fold.ts',
    'if (isKept) next.set(id, record === undefined ? rounds : 0)',
    'if (isKept) next.set(id, rounds)',
  ]),
  mutant('a winner is paid for ever', [
    'ledger/weights.ts',
    'params.decayBlocks - (o.block - o.record.block)',
    'params.decayBlocks',
  ]),
  mutant('a convict keeps its seat', [
    'round/evidence.ts',
    'return epoch <= conviction.epoch + state.params.mesh.evidenceEpochs',
    'return epoch < conviction.epoch',
  ]),
  mutant('evidence in the header of an EPOCH costs an epoch less', [
    'round/evidence.ts',
    'const { epoch } = state.committee',
    'const { epoch } = header',
  ]),
  mutant('one key is convicted again and again', [
    'round/evidence.ts',
    "if (isConvicted(state, hotkey)) return 'evidence against a convict'",
    '',
  ]),
  mutant('evidence of a replaced key convicts', [
    'round/evidence.ts',
    "if (delegation.body.sessionKey !== speaks.sessionKey) return 'evidence of another session key'",
    '',
  ]),
  mutant('nothing is burned', ['ledger/weights.ts', '(PPM - BigInt(params.burnPpm))', 'PPM']),
  mutant('a vector is of the ledger of the day', [
    'round/vector.ts',
    'standings, competitions: competitions.map',
    'standings: new Map([...state.competitions].map(([id, { standing }]) => [id, standing])), competitions: competitions.map',
  ]),
  mutant('a vector is due whenever a header is decided', [
    'round/vector.ts',
    'last === undefined || block >= last.block + state.params.mesh.weightsEveryBlocks',
    'last === undefined || block > last.block',
  ]),
  mutant('weights are scaled to another maximum', [
    'ledger/weights.ts',
    'const U16_MAX = 65_535n',
    'const U16_MAX = 65_534n',
  ]),
  mutant('uids fall', ['ledger/weights.ts', '.sort(([a], [b]) => a - b)', '.sort(([a], [b]) => b - a)']),
  mutant('a vector is handed over unrecorded', [
    'round/pump.ts',
    "{ kind: 'persist', records: [{ kind: 'weights', block }] },",
    '',
  ]),
  mutant('a vector is set again after a crash', [
    'round/application.ts',
    'state.weightsBlock = Math.max(state.weightsBlock, record.block)',
    '',
  ]),
]

/** What is wrong with rounds shows in rounds only. */
const inRounds = (one: Mutant): Mutant => ({ ...one, scene: 'rounds' })

export const MUTANTS: readonly Mutant[] = [...AGREEMENT, ...[...ROUNDS, ...RESULTS].map(inRounds)]

/** Seen only after hundreds of schedules: left to `npm run sim -- --mutants`. */
export const RARE: ReadonlySet<string> = new Set([
  'what a proposal named keeps its place from what the log names',
  'the guard is lost in a crash',
  'a leader proposes a fresh value though one is notarized',
  'the parent of a proposal is not checked',
  'a fresh value needs no nullification of the views before it',
  'another value than the notarized one may be proposed again',
  'votes are not sent again',
  'a sealed measurement is forgotten in a crash',
  'any result may be proposed',
  'a held item may be left out',
  'a stage closes without a quorum',
  'commits of any round count',
  'an epoch need not follow from the chain',
  'a pass needs a quorum of those who revealed only',
  'one validator alone fails a submission',
  'outliers are flagged at 3 deviations',
  'two thirds of the stake need not agree on a takeover',
  'nobody need say better for a takeover',
  'classes that disagree stop no takeover',
  'a confirmation outlives a new leader',
  'a vector is set again after a crash',
])
