/** Podman by its Docker-compatible socket against the promises of every engine. */
import { test } from 'node:test'
import { describeDaemon } from './daemon.ts'
import { skipReason, strong } from './setup.ts'

const skip = skipReason('podman')

if (skip === null) describeDaemon({ name: 'podman', kind: 'podman', strength: strong })
else test('podman', { skip }, () => undefined)
