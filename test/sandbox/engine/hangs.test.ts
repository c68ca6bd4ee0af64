/** Engines that answer some questions and not others: nobody waits for them for ever, and nobody gives them up for a trifle. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import { hostTag } from '../../../sandbox/engine/process-owner.ts'
import type { Image } from '../../../sandbox/image/image.ts'

const image: Image = { recipe: 'numpy', rootfs: '/no/such/image', digest: '0'.repeat(64), packages: [] }

/** What an engine in good health says to those who open it. */
const answers: readonly (readonly [path: RegExp, answer: object | string])[] = [
  [/\/_ping$/, 'OK'],
  [
    /\/info$/,
    {
      ...{ OSType: 'linux', MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true, NCPU: 2, CgroupVersion: '1' },
      ...{
        SecurityOptions: ['name=seccomp,profile=default'],
        KernelVersion: '6',
        SystemTime: new Date().toISOString(),
      },
    },
  ],
  [/\/version$/, { Version: '20.10', Components: [] }],
  [/\/images\/evalmesh-image-[^/]*\/json$/, { Id: 'sha256:1' }],
  [/\/images\/json/, []],
  // One that a process of another time left behind.
  [/\/containers\/json/, [{ Id: 'left', Labels: { 'evalmesh.host': hostTag(), 'evalmesh.until': '1' } }]],
]

type Odd = { readonly path: RegExp; readonly does: 'nothing' | 'fail' }

/** Opens an engine with one oddity, and sweeps; the clock runs ahead while it waits for nothing. */
async function openOdd({ path, does }: Odd): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-odd-'))
  const say = (response: ServerResponse, status: number, body: object | string) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  let isSilent = false
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    if (path.test(`${request.method} ${url}`)) {
      if (does === 'fail') say(response, 500, { message: 'device or resource busy' })
      else isSilent = true
    } else {
      const found = answers.find(([known]) => known.test(url))
      say(response, found === undefined ? 404 : 200, found?.[1] ?? { message: 'not found' })
    }
  })
  const socketPath = join(folder, 'docker.sock')
  server.listen(socketPath)
  await once(server, 'listening')
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const opened = openDocker({ image, address: { kind: 'unix', path: socketPath } }).then(async (engine) => {
      await engine.sweep()
      await engine.close()
    })
    let isOver = false
    const over = opened.finally(() => {
      isOver = true
    })
    over.catch(() => undefined)
    for (let turns = 0; !isOver && turns < 100_000; turns += 1) {
      await turn()
      if (isSilent) mock.timers.tick(1_000)
    }
    assert.ok(isOver, 'it waits for ever')
    await opened
  } finally {
    mock.timers.reset()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

for (const path of [
  /^GET .*\/images\/evalmesh-image/,
  /^GET .*\/containers\/json/,
  /^DELETE /,
  /^GET .*\/images\/json/,
]) {
  test(`an engine that does not answer ${path} is given up`, () =>
    assert.rejects(openOdd({ path, does: 'nothing' }), /no answer within/))
}

test('what an engine cannot remove now is left to the next sweep, and the engine is used', () =>
  openOdd({ path: /^DELETE /, does: 'fail' }))
