/** First step of `npm run demo` and `npm test`: plain JavaScript for the machine's own Node (20 or later) that installs what package-lock.json names and hands over to Node 24. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** What each npm script becomes under Node 24. */
const targets = {
  demo: [join(root, 'node', 'main.ts'), 'demo'],
  test: [join(root, 'node', 'setup', 'run-tests.ts')],
}

/** Progress goes to standard error: standard output belongs to the command (`--json`). */
function report(line) {
  process.stderr.write(`evalmesh: ${line}\n`)
}

function fail(line, exitCode = 1) {
  report(line)
  process.exit(exitCode)
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {}
  } catch {
    // No file, or half a file after a killed install: nothing is known to be installed.
    return undefined
  }
}

/** True when every package that the lock file demands on each machine stands in node_modules in the locked version. npm writes its hidden lock file last, so a killed install reads as none. */
function isInstalled() {
  const locked = readPackages(join(root, 'package-lock.json'))
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (locked === undefined) return fail('package-lock.json is missing or damaged: restore it with git')
  if (present === undefined) return false
  return Object.entries(locked).every(
    ([path, entry]) => path === '' || entry.optional === true || present[path]?.version === entry.version,
  )
}

function install() {
  const started = Date.now()
  report('installing the packages of package-lock.json (once, up to a minute) …')
  const npm = spawnSync('npm', ['ci', '--loglevel=error'], { cwd: root, encoding: 'utf8' })
  if (npm.error !== undefined)
    fail(`npm could not be started (${npm.error.message}): install Node 20 or later with npm`)
  if (npm.status !== 0) fail(`npm ci failed:\n${npm.stdout}${npm.stderr}`)
  report(`packages installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** The Node 24 that came with the packages; without it, this very Node if it is new enough. */
function findNode() {
  const bundled = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(bundled)) return bundled
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath
  return fail(
    `Node ${process.versions.node} is too old and no Node 24 package exists for this machine: install Node 24`,
  )
}

/** Runs `args` in the foreground with our terminal and ends as it ends. */
function handOver(node, args) {
  // npm's own folder of binaries goes first, so that whatever the command spawns as `node` is Node 24 too.
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` }
  const child = spawn(node, args, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child itself; passing it on would count as a second one.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`could not start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
}

const [name, ...rest] = process.argv.slice(2)
const target = Object.hasOwn(targets, name ?? '') ? targets[name] : undefined
if (target === undefined) fail(`usage: bootstrap.mjs ${Object.keys(targets).join('|')} [arguments]`, 2)
if (!isInstalled()) install()
handOver(findNode(), [...target, ...rest])
