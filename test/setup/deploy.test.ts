/** Promises of what is deployed: systemd accepts the unit, and unit, compose file and guide agree with the command line. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { EXIT } from '../../node/cli/output.ts'

const run = promisify(execFile)
const top = join(import.meta.dirname, '..', '..')
const unit = readFileSync(join(top, 'deploy', 'evalmesh.service'), 'utf8')
const analyze = '/usr/bin/systemd-analyze'

/** The value of a setting that stands once. */
const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? assert.fail(name)

test('systemd finds no fault in the unit', {
  skip: existsSync(analyze) ? false : 'needs systemd-analyze',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-unit-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'evalmesh.service')
  const verify = async (text: string): Promise<string> => {
    writeFileSync(path, text)
    const { stdout, stderr } = await run(analyze, ['verify', '--man=no', '--recursive-errors=no', path]).catch(
      (error: { stdout: string; stderr: string }) => error,
    )
    return `${stdout}${stderr}`
  }
  // It must name programs that are there: this checkout stands in for /opt/evalmesh.
  const here = unit
    .replaceAll('/opt/evalmesh/node_modules/node/bin/node', process.execPath)
    .replaceAll('/opt/evalmesh', top)
  assert.equal(await verify(here), '')
  assert.match(await verify(here.replace('Restart=on-failure', 'Restart=sometimes')), /sometimes/)
})

test('the unit starts a command of ours again unless only a person can mend it', () => {
  const [, entry, command, flag] = setting('ExecStart').split(' ')
  assert.deepEqual([entry, command, flag], ['/opt/evalmesh/node/main.ts', 'validator', '--home'])
  assert.equal(setting('Restart'), 'on-failure')
  assert.equal(setting('RestartPreventExitStatus'), `${EXIT.usage} ${EXIT.notFound} ${EXIT.key} ${EXIT.rejected}`)
  assert.ok(Number(setting('TimeoutStopSec')) > 20, 'the node is given the time that it gives itself')
})

test('the unit writes only where its home and cache are, and the compose file mounts the same', () => {
  assert.match(setting('ExecStart'), new RegExp(`--home /var/lib/${setting('StateDirectory')}/home$`))
  assert.equal(setting('Environment'), `EVALMESH_CACHE=/var/cache/${setting('CacheDirectory')}`)
  const compose = readFileSync(join(top, 'deploy', 'compose.yaml'), 'utf8')
  const [, home = ''] = /- home:(\S+)/.exec(compose) ?? []
  assert.ok(compose.includes(`"--home", "${home}/home"`))
  assert.ok(readFileSync(join(top, 'Dockerfile'), 'utf8').includes(`VOLUME ${home}`))
})

test('the guide shows both files where they lie', () => {
  const guide = readFileSync(join(top, 'docs', 'VALIDATOR.md'), 'utf8')
  for (const path of ['deploy/evalmesh.service', 'deploy/compose.yaml']) assert.ok(guide.includes(path), path)
})
