/** Promises of the command line where a stranger answers, or a path leads nowhere: a sentence and an exit code, and a terminal that obeys nobody. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { EXIT, print, printContent, printJson, progress } from '../../../node/cli/output.ts'
import { printGenesis } from '../../../protocol/index.ts'
import { genesisOf } from '../../protocol/round/mesh.ts'
import { newFolder } from '../store/folder.ts'

const evalmesh = async (...args: string[]) => {
  const entry = join(import.meta.dirname, '../../../node/main.ts')
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

const serve = async (t: TestContext, status: number, body: string): Promise<string> => {
  const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ESCAPES = '\u001b]0;mine\u0007 \u009b31m\r2 \u007f'

test('a terminal is shown what it would obey, in text and in JSON alike', (t) => {
  const written: string[] = []
  for (const stream of [process.stdout, process.stderr])
    t.mock.method(stream, 'write', (chunk: unknown) => written.push(`${chunk}`))
  print(`${ESCAPES}\ta\r\nb`)
  progress(ESCAPES)
  printJson({ name: ESCAPES })
  printContent(ESCAPES)
  t.mock.restoreAll()
  const shown = '\\u001b]0;mine\\u0007 \\u009b31m\\u000d2 \\u007f'
  assert.deepEqual(written.slice(0, 2), [`${shown}\ta\r\nb\n`, `${shown}\n`])
  const [, , json = '', content] = written
  assert.doesNotMatch(json.trimEnd(), /\p{Cc}/u)
  assert.deepEqual(JSON.parse(json), { name: ESCAPES })
  assert.equal(content, `${process.stdout.isTTY ? shown : ESCAPES}\n`)
})

test('a miner’s code goes into a pipe as it is, and a validator’s reasons to a terminal without escapes', async (t) => {
  const content = `# ${ESCAPES}\nprint(1)`
  const code = JSON.stringify({ kind: 'open', id: 'x', bundle: 'y', files: [{ path: 'solution.py', content }] })
  assert.equal((await evalmesh('code', 'x', '--api', await serve(t, 200, code))).stdout, `${content}\n`)
  const refused = await evalmesh('code', 'x', '--api', await serve(t, 404, JSON.stringify({ detail: ESCAPES })))
  assert.equal(refused.code, EXIT.notFound)
  assert.match(refused.stderr, /^error: \\u001b\]0;mine\\u0007/)
})

for (const [what, status, body] of [
  ['a page', 200, '<html>welcome</html>'],
  ['a page of a proxy', 503, '<html>away</html>'],
  ['nothing at all', 200, ''],
  ['null', 200, 'null'],
] as const) {
  test(`who answers with ${what} is told to be no validator`, async (t) => {
    const api = await serve(t, status, body)
    const { code, stdout, stderr } = await evalmesh('status', '--api', api, '--json')
    assert.equal(code, EXIT.unavailable, stderr)
    assert.match(JSON.parse(stdout).error.message, /is no validator/)
    assert.match(JSON.parse(stdout).error.hint, /--api/)
  })
}

test('who answers with JSON of something else is told to be no validator by each command that asks', async (t) => {
  const api = await serve(t, 200, '{"status":"ok"}')
  const commands = ['status', 'competitions', 'leaderboard', 'params show', 'code x', 'audit measure x --round 1']
  for (const command of commands) {
    const { code, stderr } = await evalmesh(...command.split(' '), '--api', api)
    assert.equal(code, EXIT.unavailable, `${command}: ${stderr}`)
    assert.match(stderr, /is no validator: what it says of \/\S+ has no \w+\n/, command)
  }
})

test('a problem of a proxy is no status', async (t) => {
  const { code, stderr } = await evalmesh('status', '--api', await serve(t, 503, '{"detail":"no upstream"}'))
  assert.deepEqual([code, stderr], [EXIT.unavailable, 'error: no upstream\n'])
})

test('what cannot be measured again is said before anything is built, and contradicts nothing', async (t) => {
  const measure = (...args: string[]) => evalmesh('audit', 'measure', 'x', ...args)
  const timed = await measure('--round', '1', '--competition', 'training-speed', '--api', 'http://127.0.0.1:1')
  assert.equal(timed.code, EXIT.usage, timed.stderr)
  assert.match(timed.stderr, /only rounds of matrix-lossless, matrix-lossy can be measured again/)
  assert.equal((await measure('--round', 'x')).code, EXIT.usage)
  const code = { kind: 'open', id: 'x', bundle: 'y', files: [{ path: 'solution.py', content: '# caf\uFFFD\n' }] }
  const lossy = await measure('--round', '1', '--api', await serve(t, 200, JSON.stringify(code)))
  assert.equal(lossy.code, EXIT.unavailable)
  assert.match(lossy.stderr, /not all UTF-8\ngive its file with --code/)
})

test('an archive that is none is not found, and none is made', async (t) => {
  const dir = newFolder(t)
  const genesis = join(dir, 'genesis.json')
  writeFileSync(genesis, printGenesis(genesisOf()))
  const archive = join(dir, 'anan')
  const command = ['audit', 'verify', '--genesis', genesis, '--chain', 'http://127.0.0.1:1', '--archive', archive]
  const { code, stdout, stderr } = await evalmesh(...command, '--json')
  assert.equal(code, EXIT.notFound, stderr)
  assert.match(JSON.parse(stdout).error.message, /anan holds no archive$/)
  assert.equal(existsSync(archive), false)
})

test('a document or value that no validator would take is refused, and a pool that is not there not found', async (t) => {
  const file = join(newFolder(t), 'genesis.json')
  writeFileSync(file, '{}')
  const chain = ['--chain', 'http://127.0.0.1:1']
  const audit = await evalmesh('audit', 'verify', '--genesis', file, ...chain, '--peer', 'x')
  assert.equal(audit.code, EXIT.rejected, audit.stderr)
  const make = ['genesis', 'make', '--netuid', '1', '--delegation', file, '--params', file, ...chain]
  const made = await evalmesh(...make, '--set', 'deltaMs=soon')
  assert.equal(made.code, EXIT.rejected, made.stderr)
  const nowhere = await evalmesh('yuma', '--netuid', '1', '--chain', 'nowhere')
  assert.equal(nowhere.code, EXIT.usage, nowhere.stderr)
  const pool = await evalmesh('pool', 'show', join(file, '..', 'pool'))
  assert.equal(pool.code, EXIT.notFound, pool.stderr)
})
