/** The command `evalmesh image build`: makes the image that submissions run in, once a machine. */
import type { Command } from 'commander'
import type { RecipeName } from '../../sandbox/index.ts'
import { recipeNames } from '../../sandbox/index.ts'
import { openSandbox } from '../demo/prepare.ts'
import { CliError, EXIT, print, printJson, progress } from './output.ts'

type Flags = {
  readonly image: string
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  readonly yes?: boolean
  readonly json?: boolean
}

const nameOf = (image: string): RecipeName => {
  const name = recipeNames.find((one) => one === image)
  if (name !== undefined) return name
  throw new CliError({ exitCode: EXIT.usage, message: `no image ${image}; there is ${recipeNames.join(', ')}` })
}

const build = async (o: Flags): Promise<void> => {
  const image = nameOf(o.image)
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stopping.abort(new CliError({ exitCode: EXIT.interrupted, message: 'interrupted' })))
  const { signal } = stopping
  const { engine: prefer, yes = false } = o
  const { engine } = await openSandbox({ engine: prefer, yes, image, hostPython: false, say: progress, signal })
  await engine.close()
  const shown = { image, digest: engine.imageDigest, engine: `${engine.kind} ${engine.version}` }
  if (o.json) printJson(shown)
  else print(`${image} ${shown.digest}, runs in ${shown.engine}`)
}

export const addImage = (program: Command): void => {
  program
    .command('image')
    .description('the image that submissions run in')
    .command('build')
    .description('build it into the cache folder, and see it run; nothing is done where it is there')
    .option('--image <name>', recipeNames.join(', '), 'numpy')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap', 'auto')
    .option('--yes', 'install missing system packages without asking')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  evalmesh image build --image numpy\n')
    .action(build)
}
