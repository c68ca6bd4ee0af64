/** The first step of the README's two commands, in a project of its own without packages. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const bootstrap = join(import.meta.dirname, '..', '..', 'node', 'setup', 'bootstrap.mjs')

/** A project whose lock file names no package and whose demo is `main`. */
function createProject(t: TestContext, main: string): { folder: string; start: string } {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-bootstrap-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const setup = join(folder, 'node', 'setup')
  mkdirSync(setup, { recursive: true })
  copyFileSync(bootstrap, join(setup, 'bootstrap.mjs'))
  writeFileSync(join(folder, 'package.json'), '{"name":"p","version":"1.0.0","type":"module"}')
  writeFileSync(
    join(folder, 'package-lock.json'),
    '{"name":"p","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"p","version":"1.0.0"}}}',
  )
  writeFileSync(join(folder, 'node', 'main.ts'), main)
  return { folder, start: join(setup, 'bootstrap.mjs') }
}

test('packages are installed once, standard output stays the command’s, and its exit code is kept', (t) => {
  const { folder, start } = createProject(t, 'console.log(JSON.stringify(process.argv.slice(2)))\nprocess.exit(7)\n')
  const first = spawnSync(process.execPath, [start, 'demo', '--json', 'a b'], { encoding: 'utf8' })
  assert.equal(first.status, 7, first.stderr)
  assert.equal(first.stdout, '["demo","--json","a b"]\n')
  assert.match(first.stderr, /packages installed in \d+ s/)
  // npm leaves no folder where there is nothing to install; a hidden lock file is what it leaves otherwise.
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{"packages":{}}')
  const second = spawnSync(process.execPath, [start, 'demo'], { encoding: 'utf8' })
  assert.equal(second.status, 7)
  assert.equal(second.stderr, '')
})

test('a package in another version than the locked one leads to an install, whose failure is told', (t) => {
  const { folder, start } = createProject(t, 'process.exit(0)\n')
  const lock = (version: string) =>
    JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/left': { version } } })
  writeFileSync(join(folder, 'package-lock.json'), lock('2.0.0'))
  // A demand that the lock file does not know, of a folder: npm ci refuses it without asking a registry.
  writeFileSync(join(folder, 'package.json'), '{"name":"p","dependencies":{"right":"file:right"}}')
  mkdirSync(join(folder, 'right'))
  writeFileSync(join(folder, 'right', 'package.json'), '{"name":"right","version":"1.0.0"}')
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), lock('1.0.0'))
  const { status, stderr } = spawnSync(process.execPath, [start, 'demo'], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /npm ci failed/)
})

test('a signal reaches the command, and the bootstrap waits for its end', async (t) => {
  const { folder, start } = createProject(
    t,
    "import { writeFileSync } from 'node:fs'\nprocess.on('SIGTERM', () => {\n  writeFileSync('ended', '')\n  process.exit(5)\n})\nconsole.log('ready')\nsetInterval(() => {}, 1000)\n",
  )
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{"packages":{}}')
  const child = spawn(process.execPath, [start, 'demo'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [exitCode] = await once(child, 'exit')
  assert.equal(exitCode, 5)
  assert.ok(existsSync(join(folder, 'ended')))
})

test('an unknown command is refused with the usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [bootstrap, 'constructor'], { encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /usage: bootstrap\.mjs demo\|test/)
})
