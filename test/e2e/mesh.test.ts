/** What a mesh of four validators promises when submissions are hostile or wrong, members die or freeze, and somebody audits it. */
import assert from 'node:assert/strict'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ParamsView } from '../../node/api/params-view.ts'
import type { CertifiedRoundView, CompetitionView } from '../../node/api/views.ts'
import type { AuditReport } from '../../node/audit/checks.ts'
import type { DevnetMember } from '../../node/demo/devnet.ts'
import { waitForWindow } from '../../node/demo/mesh.ts'
import { apiOf, statusOf } from '../../node/demo/watch.ts'
import { type Digest, domainsOf, encodeSs58 } from '../../protocol/index.ts'
import { withLiar } from './liar.ts'
import { betweenRounds, certified, decided, decidedBy, measuredBy, type Outcome, sameLog } from './look.ts'
import { evalmesh, get, lastJson, signalled, startTestMesh, type TestMesh, until } from './mesh-process.ts'
import { tamperings } from './tamper.ts'

const COMPETITION = 'matrix-lossless'

/** Folder of test/submissions by miner: what each must get is written down beside its source. */
const WRONG = ['endless-loop', 'exception', 'syntax-error', 'memory'] as const
const MINERS = ['byte-planes', ...WRONG, 'size-at-the-limit', 'oversize', 'liar'] as const

const folder = new URL('../submissions/', import.meta.url)
const pathOf = (name: string): string => fileURLToPath(new URL(`${name}/submission/solution.py`, folder))

/** What lies beside a submission: its verdict, and the codes it may come with. */
type Expected = { readonly verdict: string; readonly reason: string | readonly string[] }
type Submission = CertifiedRoundView['submissions'][number]
/** What /submissions/{id} says before and after the verdict. */
type Submitted = { readonly verdict?: string; readonly reason?: string; readonly receipts?: readonly string[] }

let mesh: TestMesh
const ids = new Map<string, Digest>()

/**
 * A round that one member does not take part in takes seconds; what takes longer waits for a quorum up to the extension. Between two
 * rounds there must be time on a slow machine too: one whose submissions closed during the round before would begin at once.
 */
const LIMITS = { roundBlocks: 24, commitBlocks: 8, revealBlocks: 4, extendBlocks: 400 }

before(async () => {
  mesh = await startTestMesh({ miners: MINERS, change: LIMITS })
  await waitForWindow(mesh, AbortSignal.timeout(60_000))
  const { members } = mesh.devnet
  await Promise.all(
    ['byte-planes', ...WRONG].map(async (miner, index) => {
      const to = members[index % members.length]
      assert.ok(to)
      ids.set(miner, await mesh.submit({ miner, solution: await readFile(pathOf(miner)), to }))
    }),
  )
})

after(() => mesh?.destroy())

const idOf = (miner: string): Digest => {
  const id = ids.get(miner)
  assert.ok(id, `${miner} has submitted`)
  return id
}

const peerFlags = (member: DevnetMember): readonly string[] => [
  '--genesis',
  mesh.genesisPath,
  '--peer',
  mesh.peerOf(member),
]

const others = (...absent: readonly DevnetMember[]): readonly DevnetMember[] =>
  mesh.devnet.members.filter((member) => !absent.includes(member))

const first = <T>(all: readonly T[]): T => {
  const [one] = all
  assert.ok(one)
  return one
}

test('a solution of 20,001 bytes is refused before running, by the command line with the reason', async () => {
  const { home } = mesh.miner('oversize')
  const end = await evalmesh('submit', pathOf('oversize'), '--home', home, ...peerFlags(mesh.member('cora')))
  assert.equal(end.code, 5, end.stderr)
  assert.match(end.stderr, /refused before running: the file has 20001 bytes; the limit is 20000, inclusive/)
})

test('a validator itself refuses 20,001 bytes from a client that skips the check', async () => {
  const solution = await readFile(pathOf('oversize'))
  const params = { ...mesh.params, bundleBytesMax: 1_000_000 }
  const sent = mesh.submit({ miner: 'oversize', solution, to: mesh.member('dino'), params })
  await assert.rejects(sent, { code: 'REFUSED', message: /OVERSIZE.*20001.*20000/ })
})

test('a submission that no validator keeps is refused with the reason: its hotkey is not registered', async () => {
  const home = join(mesh.dir, 'stranger')
  assert.equal((await evalmesh('keys', 'new', '--home', home)).code, 0)
  const end = await evalmesh('submit', pathOf('baseline'), '--home', home, ...peerFlags(mesh.member('bela')))
  assert.equal(end.code, 5, end.stdout + end.stderr)
  assert.match(end.stderr, /refused by the validator: UNREGISTERED: this hotkey has no uid on the subnet/)
})

test('20,000 bytes are accepted, and gossip gets no oversized bundle past the validators, whatever it claims', async () => {
  const solution = await readFile(pathOf('oversize'))
  await withLiar(mesh, 'liar', async (liar) => {
    const frank = await liar.claim({ solution, claimedBytes: 20_001 })
    const false20k = await liar.claim({ solution: Buffer.concat([solution, solution]), claimedBytes: 20_000 })
    await until('every validator having looked at the false claim’s bundle', async () =>
      liar.served(false20k) >= mesh.devnet.members.length ? true : null,
    )
    const { home } = mesh.miner('size-at-the-limit')
    const flags = ['--home', home, ...peerFlags(mesh.member('anna')), '--json']
    const end = await evalmesh('submit', pathOf('size-at-the-limit'), ...flags)
    assert.equal(end.code, 0, end.stderr)
    const { id } = lastJson<{ id: Digest }>(end.stdout)
    ids.set('size-at-the-limit', id)
    for (const member of mesh.devnet.members) {
      // What came later has receipts of all: the liar's would have them too if anyone had given one.
      await until(`all receipts for 20,000 bytes at ${member.name}`, async () => {
        const { body } = await get<Submitted>(member, `/submissions/${id}`)
        return body.receipts?.length === 4 || body.verdict ? true : null
      })
      assert.equal((await get(member, `/submissions/${frank}`)).status, 404)
      const { body } = await get<Submitted>(member, `/submissions/${false20k}`)
      assert.deepEqual(body.receipts ?? [], [], `${member.name} knows of receipts for an oversized bundle`)
      assert.equal(body.verdict ?? null, null)
    }
  })
})

test('the HTTP interface tells what is contested, and why a question is wrong or has no answer', async () => {
  const anna = mesh.member('anna')
  const competitions = await get<{ competitions: readonly CompetitionView[] }>(anna, '/competitions')
  assert.equal(competitions.status, 200)
  const { id, bundleBytesMax, closesAtBlock } = first(competitions.body.competitions)
  assert.deepEqual({ id, bundleBytesMax }, { id: COMPETITION, bundleBytesMax: 20_000 })
  assert.ok(closesAtBlock > mesh.genesis.block)
  const none = '0'.repeat(64)
  for (const [path, status] of [
    [`/submissions/${none}`, 404],
    [`/submissions/${none}/evaluations`, 404],
    ['/leaderboard?competition=no-such', 404],
    [`/rounds/${COMPETITION}/4000000000`, 404],
    ['/no-such-page', 404],
    ['/submissions/not-a-digest', 400],
    ['/submissions/..%2f..%2fetc/evaluations', 400],
    ['/leaderboard?competition=NOT%20AN%20ID', 400],
    [`/rounds/${COMPETITION}/first`, 400],
  ] as const) {
    const answer = await get<{ status: number; detail: string }>(anna, path)
    assert.equal(answer.status, status, path)
    assert.match(answer.type, /^application\/problem\+json/, path)
    assert.equal(answer.body.status, status, path)
    assert.ok(answer.body.detail.length > 0, path)
  }
})

test('an endless loop, an exception, a syntax error and 10 GB get their own verdicts from every validator, which all stay healthy', async () => {
  const { members } = mesh.devnet
  const views = await Promise.all(
    members.map((member) =>
      until(
        `the first round at ${member.name}`,
        () => certified(member, { competition: COMPETITION, round: 1 }),
        240_000,
      ),
    ),
  )
  const [view] = views
  assert.ok(view)
  // Any quorum's signatures make a certificate: each may have heard another one first.
  const content = ({ certificate, ...result }: CertifiedRoundView) => ({ ...result, digest: certificate.digest })
  for (const other of views) assert.deepEqual(content(other), content(view))
  for (const miner of WRONG) {
    const expected = JSON.parse(await readFile(new URL(`${miner}/expect.json`, folder), 'utf8')) as Expected
    const isExpected = ({ verdict, reason }: Outcome): boolean =>
      verdict === expected.verdict && [expected.reason].flat().includes(reason)
    const id = idOf(miner)
    const submission: Submission | undefined = view.submissions.find((one) => one.id === id)
    assert.ok(submission, miner)
    const { verdict, reason, evaluations } = submission
    assert.ok(verdict !== null && isExpected({ verdict, reason }), `${miner}: ${verdict} ${reason}`)
    assert.ok(evaluations.length >= 3, 'a quorum of the four has measured it')
    for (const one of evaluations) {
      assert.ok(isExpected({ verdict: one.verdict, reason: one.code }), `${miner}: ${one.verdict} ${one.code}`)
    }
    // Whoever was still at it when the round was over may have stopped.
    for (const member of members) {
      const measured = measuredBy(await mesh.logOf(member), id)
      assert.ok(measured === null || isExpected(measured), `${miner} at ${member.name}: ${JSON.stringify(measured)}`)
    }
  }
  const winner = view.submissions.find(({ id }) => id === idOf('byte-planes'))
  assert.equal(winner?.verdict, 'pass')
  assert.equal(view.winner, idOf('byte-planes'))
  for (const member of members) assert.equal((await get(member, '/health')).status, 200, member.name)
})

test('the HTTP interface tells a decided round: leaderboard, submissions and their evaluations', async () => {
  const bela = mesh.member('bela')
  const id = idOf('byte-planes')
  const submission = await get<Submission>(bela, `/submissions/${id}`)
  assert.equal(submission.status, 200)
  assert.deepEqual([submission.body.verdict, submission.body.board, submission.body.rank], ['pass', 'record', 1])
  const evaluations = await get<{ evaluations: readonly { validator: string; verdict: string; centrePpm: number }[] }>(
    bela,
    `/submissions/${id}/evaluations`,
  )
  const hotkeys = new Set(mesh.devnet.members.map(({ keys }) => encodeSs58(keys.hotkey.publicKey)))
  assert.ok(evaluations.body.evaluations.length >= 3)
  for (const { validator, verdict, centrePpm } of evaluations.body.evaluations) {
    assert.ok(hotkeys.delete(validator), `${validator} is a member, named once`)
    assert.equal(verdict, 'pass')
    assert.ok(centrePpm > 1_050_000, `byte planes beat the baseline by more than θ: ${centrePpm}`)
  }
  const board = await get<{ competition: string; leader: { submission: string } }>(bela, '/leaderboard')
  assert.equal(board.body.competition, COMPETITION)
  assert.equal(board.body.leader.submission, id)
  const health = await get<{ ready: boolean; reason: string }>(bela, '/health')
  assert.deepEqual([health.status, health.body.ready, health.body.reason], [200, true, 'a quorum is connected'])
})

test('exactly 20,000 bytes are measured and pass', async () => {
  const id = idOf('size-at-the-limit')
  const found = await until('the verdict on 20,000 bytes', async () => {
    const { body } = await get<Submitted>(mesh.member('anna'), `/submissions/${id}`)
    return body.verdict ? body : null
  })
  assert.deepEqual([found.verdict, found.reason], ['pass', ''])
})

test('an auditor without stake verifies a running validator, and every check is named', async () => {
  const flags = ['--chain', mesh.chainEndpoint, ...peerFlags(mesh.member('cora'))]
  const [shown, json] = await Promise.all([
    evalmesh('audit', 'verify', ...flags),
    evalmesh('audit', 'verify', ...flags, '--json'),
  ])
  assert.equal(shown.code, 0, shown.stdout + shown.stderr)
  assert.equal(json.code, 0, json.stderr)
  const report = lastJson<AuditReport>(json.stdout)
  assert.equal(report.ok, true)
  assert.ok(report.heights >= 3 && report.signaturesChecked > 3 * report.heights)
  assert.match(report.logRoot, /^[0-9a-f]{64}$/)
  const weights = mesh.devnet.members.map(({ keys }) => `weights ${encodeSs58(keys.hotkey.publicKey)}`)
  const names = [
    'delegations',
    'chain',
    'owner',
    'committee',
    'certificates',
    'blocking',
    'links',
    'results',
    'evidence',
    'parameters',
    'payments',
  ]
  assert.deepEqual(report.checks.map(({ name }) => name).sort(), [...names, ...weights].sort())
  for (const { name, ok, detail } of report.checks) {
    assert.ok(ok && detail.length > 0, name)
    assert.ok(shown.stdout.includes(`ok    ${name}: `), `${name} is printed:\n${shown.stdout}`)
  }
  assert.equal(first(report.standings).submission, idOf('byte-planes'))
})

/** Kills the leader of the next height before that height is due; resolves to the height and the leader. */
const killedLeader = async (): Promise<readonly [number, DevnetMember]> => {
  const height = await betweenRounds(mesh, first(mesh.devnet.members))
  const victim = mesh.leaderOf(height)
  await mesh.kill(victim, 'SIGKILL')
  return [height, victim]
}

const blocksLater = async (witness: DevnetMember, blocks: number): Promise<void> => {
  const { block } = await mesh.status(witness)
  await until(`block ${block + blocks}`, async () =>
    (await mesh.status(witness)).block >= block + blocks ? true : null,
  )
}

test('killing the leader of the next height does not stop certification, and it catches up when it is started again', async () => {
  const [height, victim] = await killedLeader()
  const [witness] = others(victim)
  assert.ok(witness)
  // Manifest, commits, result: a whole round without it.
  await decided(witness, height + 2)
  assert.equal(await statusOf(victim), null, 'the killed one is gone')
  const { certificate, signers } = await decidedBy(mesh, { member: witness, height })
  assert.ok(certificate.view > 0, 'the view of the killed leader was given up')
  assert.ok(!signers.includes(victim), 'it has signed nothing')
  assert.equal(signers.length, 3)
  await mesh.start(victim)
  await sameLog(mesh.devnet.members)
})

test('a validator that froze and goes on later catches up', async () => {
  const victim = mesh.member('cora')
  const [witness] = others(victim)
  assert.ok(witness)
  // Between rounds it measures nothing: frozen inside a measurement it would hold the turn of this host's others.
  const height = await betweenRounds(mesh, witness)
  assert.ok(signalled(mesh.pidOf(victim), 'SIGSTOP'))
  try {
    await decided(witness, height + 2)
  } finally {
    signalled(mesh.pidOf(victim), 'SIGCONT')
  }
  const { size } = await sameLog(mesh.devnet.members)
  assert.ok(size >= height + 2)
})

test('the subnet’s owner changes parameters with one command: decided everywhere, also at who was killed meanwhile', async () => {
  const victim = mesh.member('dino')
  const [witness] = others(victim)
  assert.ok(witness)
  await mesh.kill(victim, 'SIGKILL')
  const flags = ['--home', join(mesh.devnet.dir, 'owner'), '--api', apiOf(witness), ...peerFlags(witness), '--json']
  const sign = (...set: readonly string[]) => evalmesh('params', 'sign', ...flags, '--set', ...set)
  const signed = await sign('dailySubmissionsMax=9', '--competition', COMPETITION, '--activation', '+3')
  assert.equal(signed.code, 0, signed.stderr)
  assert.deepEqual(lastJson<{ sent: boolean }>(signed.stdout).sent, true)
  const own = await evalmesh('params', 'sign', ...flags, '--home', mesh.miner('liar').home, '--set', 'deltaMs=500')
  assert.equal(own.code, 4, 'a miner is not the owner')
  const decidedAt = (member: DevnetMember) =>
    until(`new parameters at ${member.name}`, async () => {
      const { body } = await get<ParamsView>(member, '/params')
      const target = body.targets.find(({ competition }) => competition === COMPETITION)
      // In force only once the heights between are decided too, which a long measurement may hold up.
      const params: Readonly<Record<string, unknown>> = { ...(target?.pending?.params ?? target?.params) }
      return target?.counter === 1 ? params['dailySubmissionsMax'] : null
    })
  assert.deepEqual(await Promise.all(others(victim).map(decidedAt)), [9, 9, 9])
  await mesh.start(victim)
  assert.equal(await decidedAt(victim), 9)
  await sameLog(mesh.devnet.members)
})

test('without the two heaviest nothing is decided, everyone says why, and weights stay certified; with them back all is certified', async () => {
  const gone = [mesh.member('anna'), mesh.member('bela')]
  const left = others(...gone)
  const [witness] = left
  assert.ok(witness)
  await betweenRounds(mesh, witness)
  await Promise.all(gone.map((member) => mesh.kill(member, 'SIGKILL')))
  // What they had sent off has arrived by then.
  await blocksLater(witness, 3)
  const rows = await Promise.all(gone.map(mesh.rowOf))
  const before = await Promise.all(left.map(mesh.status))
  // Two closes of submissions: with a quorum two rounds would have begun.
  await blocksLater(witness, 2 * mesh.params.roundBlocks + 1)
  for (const [index, member] of left.entries()) {
    assert.equal((await mesh.status(member)).logRoot, before[index]?.logRoot, `${member.name} has decided alone`)
    const health = await get<{ ready: boolean; reason: string }>(member, '/health')
    assert.equal(health.status, 503)
    assert.match(
      health.body.reason,
      /^waits for members: 2 of 4 are away .*nothing is decided, the last certified weights stay/,
    )
  }
  const [status, audit] = await Promise.all([
    evalmesh('status', '--api', apiOf(witness)),
    evalmesh('audit', 'verify', '--chain', mesh.chainEndpoint, ...peerFlags(witness), '--json'),
  ])
  assert.equal(status.code, 7, status.stderr)
  assert.match(status.stdout, /NOT DECIDING {2}waits for members: 2 of 4 are away/)
  assert.equal(audit.code, 0, `every row on chain is a certified vector: ${audit.stdout}`)
  assert.deepEqual(await Promise.all(gone.map(mesh.rowOf)), rows, 'the rows of those who are away stay')
  await Promise.all(gone.map(mesh.start))
  await decided(witness, (before[0]?.height ?? 0) + 2)
  const { size } = await sameLog(mesh.devnet.members)
  assert.ok(size > (before[0]?.logSize ?? 0) + 2)
})

test('an audit of an archive in which one thing was changed names the check that contradicts it', async () => {
  const dino = mesh.member('dino')
  await mesh.kill(dino, 'SIGTERM')
  const verify = async (home: string) => {
    const flags = ['--genesis', mesh.genesisPath, '--chain', mesh.chainEndpoint, '--archive', home, '--json']
    const end = await evalmesh('audit', 'verify', ...flags)
    return { ...end, report: lastJson<Pick<AuditReport, 'ok' | 'checks'>>(end.stdout) }
  }
  const whole = await verify(dino.home)
  assert.equal(whole.code, 0, whole.stdout)
  assert.equal(whole.report.ok, true)
  for (const { name, check, applyTo } of tamperings) {
    const copy = join(mesh.dir, 'tampered')
    await cp(dino.home, copy, { recursive: true })
    await applyTo(copy, domainsOf(mesh.genesis))
    const { code, stderr, report } = await verify(copy)
    assert.equal(code, 9, `${name}: ${stderr}`)
    assert.equal(report.ok, false, name)
    assert.deepEqual(
      report.checks.map(({ name: at, ok }) => [at, ok]),
      [[check, false]],
      `${name}: ${stderr}`,
    )
    await rm(copy, { recursive: true })
  }
})
