/** A validator that takes a turn in an engine, says so and waits to be killed; run by the test of engines elsewhere. Argument: the address as JSON. */
import process from 'node:process'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import { testImage } from './setup.ts'

const engine = await openDocker({ image: await testImage(), address: JSON.parse(process.argv[2] ?? '') })
await engine.takeTurn?.(0)
process.stdout.write('mine\n')
setInterval(() => undefined, 60_000)
