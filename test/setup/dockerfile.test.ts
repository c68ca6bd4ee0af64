/** The Dockerfile on a Debian base that came from no container registry: it builds, and its command runs as an ordinary user. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { printGenesis } from '../../protocol/index.ts'
import { type Daemon, startDaemon } from '../../sandbox/engine/daemon.ts'
import { defaultCacheDirectory, imageDirectory } from '../../sandbox/index.ts'
import { genesisOf } from '../protocol/round/mesh.ts'

const top = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
const certificates = '/etc/ssl/certs/ca-certificates.crt'
const sources = '/etc/apt/sources.list.d/debian.sources'
// Root on Debian has all that it takes: there it must pass, not be passed over.
const skip = process.getuid?.() === 0 && existsSync(sources) ? false : 'needs root on Debian 12 or later'

/** A build writes about 2 GB twice over; on a disk it mostly waits for each file. */
const roomBytesMin = 6 * 2 ** 30

/** A new folder, in memory where there is room. */
function createFolder(): string {
  const memory = '/dev/shm'
  const isRoomy = existsSync(memory) && statfsSync(memory).bavail * statfsSync(memory).bsize > roomBytesMin
  return mkdtempSync(join(isRoomy ? memory : tmpdir(), 'evalmesh-image-'))
}

/** Makes the tar of a small Debian with this machine's own package sources and certificates. */
async function createBase(folder: string): Promise<string> {
  const tar = join(folder, 'base.tar')
  const trust = existsSync(certificates) ? [`--customize-hook=copy-in ${certificates} /etc/ssl/certs`] : []
  await run(
    'mmdebstrap',
    ['--mode=root', '--variant=minbase', '--include=ca-certificates', ...trust, 'bookworm', tar, sources],
    { env: { ...process.env, TMPDIR: folder } },
  )
  return tar
}

/** What deploy/compose.yaml asks of the engine. */
const AS_COMPOSED = [
  ...['--rm', '--network', 'none', '--user', '0:0', '--read-only', '--init', '--volume', '/tmp:/tmp'],
  ...['--cap-drop', 'ALL', '--cap-add', 'DAC_OVERRIDE', '--cap-add', 'FOWNER', '--security-opt', 'no-new-privileges'],
]

describe('the image of a validator', { skip }, () => {
  let folder: string
  let daemon: Daemon | undefined
  const docker = async (...args: string[]) => {
    assert.ok(daemon !== undefined)
    const env = { ...process.env, DOCKER_HOST: `unix://${daemon.socketPath}`, DOCKER_BUILDKIT: '0' }
    const { stdout } = await run('docker', args, { cwd: top, env, maxBuffer: 16 << 20 })
    return stdout.trim()
  }

  before(async () => {
    folder = createFolder()
    daemon = await startDaemon({ root: join(folder, 'docker'), kind: 'docker' })
    await docker('import', await createBase(folder), 'evalmesh-base')
    await docker('build', '--network', 'host', '--build-arg', 'BASE=evalmesh-base', '--tag', 'evalmesh', '.')
  })

  after(async () => {
    await daemon?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('evalmesh answers with the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
    assert.equal(await docker('run', '--rm', '--network', 'none', 'evalmesh', '--version'), version)
  })

  test('it runs as an ordinary user under Node 24 and holds no development package', async () => {
    const look =
      'id -u; node -p "parseInt(process.versions.node)"; ls /app/node_modules | grep -cx -e typescript -e knip'
    const lines = await docker(
      'run',
      '--rm',
      '--network',
      'none',
      '--entrypoint',
      'sh',
      'evalmesh',
      '-c',
      `${look}; true`,
    )
    assert.deepEqual(lines.split('\n'), ['64010', '24', '0'])
  })

  test('as the compose file runs it, it makes a home in its volume and the doctor finds it', async () => {
    const genesis = join(folder, 'genesis.json')
    writeFileSync(genesis, printGenesis({ ...genesisOf(), competitions: [] }))
    assert.ok(daemon !== undefined)
    const cache = defaultCacheDirectory()
    const mounts = [
      ...['--volume', 'home:/var/lib/evalmesh', '--volume', `${genesis}:/genesis.json:ro`],
      ...[
        '--volume',
        `${daemon.socketPath}:/var/run/docker.sock`,
        '--volume',
        `${cache}:/cache`,
        '--env',
        'EVALMESH_CACHE=/cache',
      ],
    ]
    const evalmesh = (...args: string[]) =>
      docker('run', ...AS_COMPOSED, ...mounts, 'evalmesh', ...args, '--home', '/var/lib/evalmesh/home')
    await evalmesh('init', '--genesis', '/genesis.json', '--chain', 'http://127.0.0.1:1', '--engine', 'docker')
    const doctor = await evalmesh('doctor', '--json').catch((error: { code: number; stdout: string }) => {
      assert.equal(error.code, 6, 'no chain answers in there')
      return error.stdout
    })
    const { checks } = JSON.parse(doctor) as { checks: readonly { name: string; state: string }[] }
    const isOk = (name: string) => checks.find((check) => check.name === name)?.state === 'ok'
    for (const name of ['configuration', 'keys', 'genesis', 'store', 'node', 'ports']) assert.ok(isOk(name), name)
    // It is the host's: from in there submissions run in it as well, where their image was built.
    if (existsSync(imageDirectory(cache))) for (const name of ['engine', 'image']) assert.ok(isOk(name), doctor)
  })

  test('it watches its own health', async () => {
    const check = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config.Healthcheck}}', 'evalmesh'))
    assert.match(check.Test.join(' '), /\/health/)
  })
})
