/** A controller that starts one endless sandbox, says `ready` and waits to be killed; run by the compliance suite. */
import { once } from 'node:events'
import process from 'node:process'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import { ownerTag } from '../../../sandbox/engine/process-owner.ts'
import { startProgram, testImage } from './setup.ts'

const [kind, socketPath] = process.argv.slice(2)
const image = await testImage()
const engine =
  kind === 'docker'
    ? await openDocker({ image, address: { kind: 'unix', path: socketPath ?? '' } })
    : await openBubblewrap({ root: { kind: 'built', rootfs: image.rootfs, digest: image.digest } })
const sandbox = await startProgram(engine, { file: 'greedy.py', args: ['loop'] })
await once(sandbox.stdout, 'readable')
process.stdout.write(`${ownerTag()}\n`)
