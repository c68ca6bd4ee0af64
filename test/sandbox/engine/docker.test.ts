/** Docker against the promises of every engine. */
import { test } from 'node:test'
import { describeDaemon } from './daemon.ts'
import { mustRun, strong } from './setup.ts'

if (mustRun) describeDaemon({ name: 'docker', kind: 'docker', strength: strong })
else test('docker', { skip: 'needs root on Debian to start an engine of its own' }, () => undefined)
