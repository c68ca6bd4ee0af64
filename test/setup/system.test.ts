/** The set-up of system packages on this machine. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ensureSystemPackages, SetupError } from '../../node/setup/system.ts'

/** Puts programs (shell scripts) first on the path of this process for one test. */
function withPrograms(t: TestContext, programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-system-'))
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}:${path}`
  t.after(() => {
    process.env['PATH'] = path
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

const quiet = { yes: true, interactive: false, report: () => undefined, signal: AbortSignal.timeout(60_000) }
const asRoot = { skip: process.getuid?.() === 0 ? false : 'installs only as root' }

test('what is there is not installed again', async (t) => {
  const folder = withPrograms(t, { mmdebstrap: 'exit 0', 'apt-get': 'echo "$@" >> "$(dirname "$0")/calls"' })
  assert.deepEqual(await ensureSystemPackages({ ...quiet, need: ['mmdebstrap'] }), [])
  assert.throws(() => readFileSync(join(folder, 'calls')), { code: 'ENOENT' })
})

test('a missing program is installed after an update', asRoot, async (t) => {
  const folder = withPrograms(t, { 'apt-get': 'echo "$@" >> "$(dirname "$0")/calls"' })
  const path = process.env['PATH']
  // Only our apt-get and a shell: bubblewrap cannot be found, whether or not this machine has it.
  const bare = withPrograms(t, { sh: 'exec /bin/sh "$@"', dirname: 'exec /usr/bin/dirname "$@"' })
  process.env['PATH'] = `${folder}:${bare}`
  try {
    assert.deepEqual(await ensureSystemPackages({ ...quiet, need: ['bubblewrap'] }), ['bubblewrap'])
  } finally {
    process.env['PATH'] = path
  }
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
  assert.match(calls[0] ?? '', /^update /)
  assert.match(calls[1] ?? '', /^install .* bubblewrap$/)
  assert.equal(calls.length, 2)
})

test('a failed install is an error with the command and what apt-get said', asRoot, async (t) => {
  const folder = withPrograms(t, { 'apt-get': 'echo "E: no space left" >&2; exit 100' })
  const path = process.env['PATH']
  process.env['PATH'] = folder
  try {
    await assert.rejects(ensureSystemPackages({ ...quiet, need: ['bubblewrap'] }), (error: unknown) => {
      assert.ok(error instanceof SetupError)
      assert.equal(error.code, 'INSTALL_FAILED')
      assert.match(error.facts['command'] ?? '', /^apt-get update/)
      assert.match(error.message, /no space left/)
      return true
    })
  } finally {
    process.env['PATH'] = path
  }
})
