/** Podman by its Docker-compatible socket against the promises of every engine. */
import { test } from 'node:test'
import { describeDaemon } from './engine-daemon.ts'
import { skipReason, strong } from './engine-setup.ts'

const skip = skipReason('podman')

if (skip === null) describeDaemon({ name: 'podman', kind: 'podman', strength: strong })
else test('podman', { skip }, () => undefined)
