/** Promises of `evalmesh leaderboard`, `records` and `code`: what they print of a mesh's boards, and their exit codes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { params } from '../../protocol/round/mesh.ts'
import { create, world } from '../api/world.ts'

const app = create()
let api = ''
before(async () => {
  api = await app.listen({ host: '127.0.0.1', port: 0 })
})
after(() => app.close())

const evalmesh = async (...args: string[]) => {
  const entry = join(import.meta.dirname, '../../../node/main.ts')
  const child = spawn(process.execPath, [entry, ...args, '--api', api], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

test('records are a staircase with named values in people’s units', async () => {
  const { code, stdout } = await evalmesh('records', '--competition', params.id)
  assert.equal(code, 0)
  const [head = '', row = ''] = stdout.split('\n')
  assert.match(head, /^# +round +block +submission +miner +beat by +score +link +ratio +time$/)
  assert.ok(row.includes(world.id.slice(0, 16)))
  assert.match(row, / 1\.2000 +0\.360000000 +1\.0000 +0\.700000000 +0\.001000$/)
  assert.match(stdout, /^the lead pays \d\.\d\d % of the competition’s share now$/m)
  const { records } = JSON.parse((await evalmesh('records', '--json')).stdout)
  assert.equal(records[0].submission, world.id)
})

test('the leaderboard shows the newest round and, below it, the link board', async () => {
  const { code, stdout } = await evalmesh('leaderboard')
  assert.equal(code, 0)
  assert.match(stdout, /^round 1, leader from here on: [0-9a-f]{64}$/m)
  assert.match(stdout, new RegExp(`^1 +${world.id.slice(0, 16)} .* record +1\\.2000 `, 'm'))
  assert.match(stdout, new RegExp(`^Link board: [^]*^1 +${world.id.slice(0, 16)} .* 1\\.0000$`, 'm'))
})

test('sealed code, and what is not there, have their exit codes', async () => {
  const sealed = await evalmesh('code', world.id)
  assert.deepEqual([sealed.code, sealed.stdout], [7, ''])
  assert.match(sealed.stderr, /^error: this code is sealed up to block \d+$/m)
  assert.equal((await evalmesh('code', 'f'.repeat(64))).code, 3)
  assert.equal((await evalmesh('records', '--competition', 'chess')).code, 3)
  assert.equal((await evalmesh('audit', 'measure', world.id, '--round', '1')).code, 7)
  assert.equal((await evalmesh('audit', 'measure', world.id, '--round', '1', '--engine', 'chroot')).code, 2)
})
