/** Submissions that try the engine itself, on a Docker engine that the test starts and ends. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Daemon, startDaemon } from '../../sandbox/engine/daemon.ts'
import { triesEngine } from '../verdicts/engine-cases.ts'
import { describeSubmissions } from './submissions-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'evalmesh-docker-'))
process.once('exit', () => rmSync(root, { recursive: true, force: true }))
let daemon: Daemon | undefined

describeSubmissions({
  prefer: 'docker',
  isCase: triesEngine,
  start: async () => {
    daemon = await startDaemon({ root, kind: 'docker' })
    // The referee is a process of its own: it finds the engine as it would anywhere.
    process.env['DOCKER_HOST'] = `unix://${daemon.socketPath}`
  },
  stop: async () => {
    delete process.env['DOCKER_HOST']
    await daemon?.stop()
  },
})
