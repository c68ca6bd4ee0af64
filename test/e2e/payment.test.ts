/** A fee from end to end: asked for, paid by one command, looked at by every validator, and worth one submission. */
import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { evalmesh, get, lastJson, startTestMesh, type TestMesh, until } from './mesh-process.ts'

type Sent = { readonly id: string; readonly sent: boolean; readonly payment?: string }

let mesh: TestMesh
let solutions: readonly string[]

before(async () => {
  mesh = await startTestMesh({ miners: ['ann'], change: { feeRao: 100_000_000n } })
  solutions = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const path = join(mesh.dir, `${name}.py`)
      await writeFile(path, `# ${name}\ndef compress(matrix):\n    raise ValueError("${name}")\n`)
      return path
    }),
  )
})

after(() => mesh?.destroy())

const submit = (solution: string | undefined, ...flags: readonly string[]) => {
  const { home } = mesh.miner('ann')
  const peer = mesh.peerOf(mesh.member('anna'))
  const base = ['--home', home, '--genesis', mesh.genesisPath, '--peer', peer, '--json']
  return evalmesh('submit', solution ?? '', ...base, ...flags)
}

const chain = (): readonly string[] => ['--chain', mesh.chainEndpoint]
const payFlags = (): readonly string[] => ['--pay', '--coldkey', join(mesh.miner('ann').home, 'coldkey'), ...chain()]

test('a fee is asked for, paid once by one command, receipted by all, and pays for no second submission', async () => {
  const unpaid = await submit(solutions[0])
  assert.equal(unpaid.code, 2, unpaid.stderr)
  assert.match(unpaid.stderr, /a submission costs 0\.1 TAO/)

  // The devnet's own purse: money enough, and not this miner's.
  const foreign = await submit(solutions[0], '--pay', '--coldkey', join(mesh.dir, 'coldkey'), ...chain())
  assert.equal(foreign.code, 2, foreign.stderr)
  assert.match(foreign.stderr, /does not own this hotkey.*\n?.*nothing was paid/)

  const paid = await submit(solutions[0], ...payFlags())
  assert.equal(paid.code, 0, paid.stderr)
  const { id, payment } = lastJson<Sent>(paid.stdout)
  assert.match(payment ?? '', /^\d+-\d+$/)
  const [receipt, ...more] = await readdir(join(mesh.miner('ann').home, 'payments'))
  assert.ok(receipt !== undefined && more.length === 0)

  const again = await submit(solutions[0], ...payFlags())
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stderr, /paid before/)
  assert.deepEqual([lastJson<Sent>(again.stdout).id, lastJson<Sent>(again.stdout).payment], [id, payment])

  const nothing = await submit(solutions[1], '--payment', `${payment?.split('-')[0]}-99`, ...chain())
  assert.equal(nothing.code, 5, nothing.stderr)
  assert.match(nothing.stderr, /NO_EXTRINSIC/)

  // Every validator has looked for itself: the round that closes next measures it.
  await until('the verdict', async () => {
    const { status, body } = await get<{ verdict: string | null }>(mesh.member('dino'), `/submissions/${id}`)
    return status === 200 && body.verdict !== null ? body : null
  })
  const twice = await submit(solutions[1], '--payment', payment ?? '', ...chain())
  assert.equal(twice.code, 5, twice.stderr)
  assert.match(twice.stderr, /SPENT: its payment has paid for another submission/)
})
