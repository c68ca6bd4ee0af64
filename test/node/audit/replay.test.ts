/** An auditor's replay of logs that a whole quorum has signed: it follows the honest one and names what a lying one got wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkEvidence } from '../../../node/audit/checks.ts'
import { AuditError, replay } from '../../../node/audit/replay.ts'
import type { Chain } from '../../../node/chain/port.ts'
import {
  buildStatement,
  type Decided,
  type Digest,
  encodeSs58,
  evidenceId,
  headerDigest,
  messageId,
  rounds,
  type Signed,
} from '../../../protocol/index.ts'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { evidenceOf } from '../../../protocol/message/evidence.ts'
import { parseStatement } from '../../../protocol/round/statement.ts'
import { meshChange } from '../../protocol/round/changes.ts'
import {
  blockAt,
  createMesh,
  delegationOf,
  digestOf,
  evidenceInput,
  kindsOf,
  type Mesh,
  MINERS,
  metagraphAt,
  nodeAt,
  settle,
  submissionOf,
  VALIDATORS,
} from '../../protocol/round/mesh.ts'
import { SIGNATURE } from '../../protocol/round/signing.ts'

type Header = Decided['header']
type Result = EntryOf<'result'>

const decidedRound = (): { mesh: Mesh; headers: readonly Header[]; result: Header & { readonly entry: Result } } => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const headers = mesh.log.map(({ header }) => header)
  const last = headers.at(-1)
  assert.ok(last?.entry.kind === 'result')
  return { mesh, headers: headers.slice(0, -1), result: { ...last, entry: last.entry } }
}

/** Signed by everyone: what no honest mesh would certify, two thirds of liars do. */
const certified = (header: Header): Decided => {
  const signatures = VALIDATORS.map((_, member) => ({ member, signature: SIGNATURE }))
  const { height } = header
  return { header, certificate: { phase: 'finalize', height, view: 0, value: headerDigest(header), signatures } }
}

const audit = (mesh: Mesh, headers: readonly Header[], isGrowing = false) =>
  replay({
    genesis: mesh.genesis,
    source: {
      isGrowing,
      decidedFrom: async (height) => headers.slice(height - 1).map(certified),
      item: async (id) => {
        const evidence = mesh.proofs.get(id)
        if (evidence !== undefined) return { kind: 'evidence', evidence }
        const message = mesh.archive.get(id)
        return message === undefined ? null : { kind: 'message', message }
      },
      close: async () => {},
    },
    // Of the chain a replay reads these alone.
    chain: {
      finalizedHead: async () => blockAt(mesh.clock.head),
      blockAt: async (number: number) => blockAt(number),
      metagraphAt: async ({ block }: { block: number }) => metagraphAt(block),
    } as unknown as Chain,
    verify: async (claims) => claims.map(() => true),
    onHeight: () => {},
  })

const contradicted = (check: string, about: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AuditError)
  assert.equal(error.check, check)
  assert.match(error.message, about)
  return true
}

/** The first reveal with another measurement inside, well formed and signed, but not the one that was committed. */
const swapReveal = (mesh: Mesh, entry: Result): readonly Digest[] => {
  const [first = '', ...others] = entry.reveals
  const message = mesh.archive.get(first)
  assert.ok(message?.kind === 'reveal')
  const statement = buildStatement({ ...parseStatement(message.body.statement), hostNoisePpm: 1 })
  const swapped = { ...message, body: { ...message.body, statement } }
  const id = messageId(swapped, mesh.domains)
  mesh.archive.set(id, swapped)
  return [id, ...others]
}

test('an auditor derives an honest round again from its log, its messages and the chain', async () => {
  const { mesh, headers, result } = decidedRound()
  const replayed = await audit(mesh, [...headers, result])
  assert.equal(replayed.decided.length, headers.length + 1)
  assert.equal(replayed.machine.rounds.competitions.get(result.entry.competition)?.results.length, 1)
  assert.equal(replayed.untilBlock, result.block, 'a stopped validator knows nothing of later rows')
})

test('what stands on chain must follow from a running validator’s log up to the head that was there before it was read', async () => {
  const { mesh, headers, result } = decidedRound()
  mesh.run(() => mesh.clock.head > result.block + 3)
  const { head } = mesh.clock
  assert.equal((await audit(mesh, [...headers, result], true)).untilBlock, head)
})

test('an auditor refuses a reveal that does not open its commitment, though a quorum has counted and certified it', async () => {
  const { mesh, headers, result } = decidedRound()
  const entry = { ...result.entry, reveals: swapReveal(mesh, result.entry) }
  await assert.rejects(audit(mesh, [...headers, { ...result, entry }]), contradicted('results', /commitment/))
})

test('an auditor refuses a result that its reveals do not derive, though a quorum has certified it', async () => {
  const { mesh, headers, result } = decidedRound()
  const entry = { ...result.entry, result: digestOf('another result') }
  await assert.rejects(
    audit(mesh, [...headers, { ...result, entry }]),
    contradicted('results', /what its reveals derive/),
  )
})

/** A round whose manifest's header names evidence: two votes, or a proposal. */
const convicting = (o: { entry?: (entry: Header['entry']) => Header['entry'] }) => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'best'))
  for (let block = 0; block < 20; block += 1) mesh.head()
  const [hotkey = ''] = VALIDATORS
  const due = rounds.due(nodeAt(mesh, 1).state) ?? assert.fail()
  const body = { height: 1, view: 0, hotkey }
  const header = mesh.headerFor(o.entry?.(due) ?? due)
  const proposal = { kind: 'proposal', body: { ...body, parentView: null, header } } as const
  const votes = ['one', 'two'].map((value) => ({ kind: 'notarize', body: { ...body, value: digestOf(value) } }))
  const messages = (o.entry === undefined ? votes : [proposal]).map(
    (one) => ({ ...one, signature: SIGNATURE }) as Signed,
  )
  const delegation = { kind: 'delegation', body: delegationOf(hotkey), signature: SIGNATURE } as const
  const evidence = evidenceOf({ delegation, messages }, mesh.domains) ?? assert.fail()
  for (const node of mesh.nodes) mesh.queue.push({ node, input: evidenceInput(mesh, evidence) })
  settle(mesh)
  mesh.decide(due, [evidenceId(evidence, mesh.domains)])
  return { mesh, headers: mesh.log.map((one) => one.header), hotkey }
}

test('an auditor checks evidence again from the archive, and says whom it convicts and of what', async () => {
  const { mesh, headers, hotkey } = convicting({})
  const check = checkEvidence(await audit(mesh, headers))
  assert.ok(check.detail.includes(`${encodeSs58(hotkey)} (notarizes, height 1; no seat up to epoch 4)`), check.detail)
  assert.equal(checkEvidence(await audit(mesh, [])).detail, 'nobody was ever convicted')
  mesh.proofs.clear()
  await assert.rejects(audit(mesh, headers), contradicted('archive', /lacks/))
})

test('an auditor judges an invalid proposal again where the log stood, and refuses a conviction for a valid one', async () => {
  const wrong = convicting({ entry: (entry) => ({ ...entry, round: 7 }) as Header['entry'] })
  const replayed = await audit(wrong.mesh, wrong.headers)
  assert.deepEqual([...replayed.machine.rounds.convicted.keys()], [wrong.hotkey])
  assert.equal(replayed.unshown, 0)
  const right = convicting({ entry: (entry) => entry })
  await assert.rejects(audit(right.mesh, right.headers), contradicted('evidence', /valid proposal/))
})

/** A mesh that decided a change of parameters, and its header with another change named instead. */
const decidedChange = (other: Parameters<typeof meshChange>) => {
  const mesh = createMesh()
  mesh.head()
  mesh.tell(meshChange({ deltaMs: 500 }, { activationHeight: 2 }))
  mesh.run(() => kindsOf(mesh).includes('params'))
  const [header] = mesh.log.map((one) => one.header)
  assert.ok(header)
  const message = mesh.tell(meshChange(...other))
  return { mesh, header, forged: { ...header, entry: { kind: 'params' as const, message } } }
}

test('an auditor follows the owner’s changes of parameters', async () => {
  const { mesh, header } = decidedChange([{}])
  const { machine } = await audit(mesh, [header])
  assert.equal(machine.rounds.params.mesh.deltaMs, 500)
})

test('an auditor refuses a change of parameters that is not the owner’s, too late or mad, though a quorum has certified it', async () => {
  const wrong: readonly (readonly [Parameters<typeof meshChange>, RegExp])[] = [
    [[{ deltaMs: 700 }, { hotkey: MINERS[0] ?? '', activationHeight: 2 }], /height 1: .* its owner$/],
    [[{ deltaMs: 700 }, { activationHeight: 1 }], /its activation$/],
    [[{ deltaMs: 1 }, { activationHeight: 2 }], /its deltaMs$/],
  ]
  for (const [other, about] of wrong) {
    const { mesh, forged } = decidedChange(other)
    await assert.rejects(audit(mesh, [forged]), contradicted('results', about))
  }
})
