/** The commands `evalmesh pool build`, `add` and `show`: matrices for a mesh's rounds, generated here or brought along. */
import type { Command } from 'commander'
import { addToPool, buildPool, type PoolInfo, readPool, SandboxError } from '../../sandbox/index.ts'
import { openSandbox, tellPool } from '../demo/prepare.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

type Common = { readonly json?: boolean }
type BuildFlags = Common & {
  readonly out: string
  readonly preset: string
  readonly engine: string
  readonly yes?: boolean
}
type AddFlags = Common & {
  readonly tensor?: readonly string[]
  readonly shape?: string
  readonly layer?: string
  readonly step?: string
  readonly direction?: string
}

const usage = (message: string, hint = ''): CliError => new CliError({ exitCode: EXIT.usage, message, hint })

const oneOf = <T extends string>(flag: string, value: string, names: readonly T[]): T => {
  const found = names.find((name) => name === value)
  if (found === undefined) throw usage(`${flag} is one of ${names.join(', ')}`)
  return found
}

const countOf = (flag: string, text: string, max: number): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= max) return value
  throw usage(`${flag} is a whole number of at most ${max}`)
}

const shapeOf = (text: string): { readonly rows: number; readonly columns: number } => {
  const [, rows, columns] = /^([1-9]\d{0,6})x([1-9]\d{0,6})$/.exec(text) ?? []
  if (rows === undefined || columns === undefined)
    throw usage(`--shape ${text} is none`, 'give ROWSxCOLUMNS, such as 256x192')
  return { rows: Number(rows), columns: Number(columns) }
}

/** Interrupted by Ctrl-C or SIGTERM. */
const stopSignal = (): AbortSignal => {
  const stopping = new AbortController()
  const interrupted = new CliError({ exitCode: EXIT.interrupted, message: 'interrupted; the pool is as it was' })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(interrupted))
  return stopping.signal
}

const summaryOf = ({ dir, root, manifestDigest, digests, preset }: PoolInfo) => ({
  dir,
  root,
  manifestDigest,
  matrices: digests.length,
  preset,
})

const describe = (pool: PoolInfo): string =>
  [
    `${pool.digests.length} matrices in ${pool.dir} (${pool.preset})`,
    `poolRoot      ${pool.root}`,
    `poolManifest  ${pool.manifestDigest}`,
  ].join('\n')

const build = async (flags: BuildFlags): Promise<void> => {
  const preset = oneOf('--preset', flags.preset, ['demo', 'full'] as const)
  const engineKind = oneOf('--engine', flags.engine, ['auto', 'docker', 'bubblewrap'] as const)
  const signal = stopSignal()
  const { engine } = await openSandbox({
    engine: engineKind,
    image: 'numpy',
    hostPython: false,
    yes: flags.yes ?? false,
    say: progress,
    signal,
  })
  try {
    const pool = await buildPool({ engine, preset, outDir: flags.out, onProgress: tellPool(progress), signal })
    if (flags.json) printJson(summaryOf(pool))
    else print(describe(pool))
  } finally {
    await engine.close()
  }
}

/** A file that cannot be taken is the caller's to mend; a damaged pool is this machine's. */
const explain = (error: unknown): never => {
  if (!(error instanceof SandboxError) || error.code !== 'POOL_ADD_FAILED') throw error
  const { file, reason, ...facts } = error.facts
  const more = Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  throw new CliError({
    exitCode: reason === 'ENOENT' ? EXIT.notFound : EXIT.rejected,
    message: [`${file}: ${reason}`, ...more].join(', '),
    hint: 'nothing was added',
  })
}

const add = async (dir: string, files: readonly string[], flags: AddFlags): Promise<void> => {
  const { tensor: tensors, shape, layer, step, direction } = flags
  const { pool, added } = await addToPool({
    dir,
    files,
    tensors,
    shape: shape === undefined ? undefined : shapeOf(shape),
    traits: {
      ...(layer !== undefined && { layer: countOf('--layer', layer, 9_999) }),
      ...(step !== undefined && { step: countOf('--step', step, 999_999_999) }),
      ...(direction !== undefined && { direction: oneOf('--direction', direction, ['forward', 'backward'] as const) }),
    },
    signal: stopSignal(),
  }).catch(explain)
  if (flags.json) return printJson({ ...summaryOf(pool), added })
  const rows = added.map(({ row, strange, isNew }) => [
    row.name,
    `${row.rows}x${row.columns}`,
    `${row.layer}`,
    `${row.step}`,
    row.direction,
    strange === 0 ? '-' : `${strange}`,
    isNew ? row.digest.slice(0, 16) : 'was there',
  ])
  print(table([['name', 'shape', 'layer', 'step', 'direction', 'not finite', 'sha256'], ...rows]))
  print(`\n${describe(pool)}`)
}

const show = async (dir: string, flags: Common): Promise<void> => {
  const pool = await readPool(dir)
  if (flags.json) printJson({ ...summaryOf(pool), digests: pool.digests, losses: pool.losses })
  else print(describe(pool))
}

export const addPool = (program: Command): void => {
  const pool = program.command('pool').description('make, extend and look at a pool of matrices')
  pool
    .command('build')
    .description('train small transformers in a sandbox and keep their activations and gradients')
    .requiredOption('--out <dir>', 'directory of the pool; one that is there already and whole is kept')
    .option('--preset <name>', 'demo (128 matrices of 64 KiB, seconds) or full (256x192 to 2048x2048, minutes)', 'demo')
    .option('--engine <kind>', 'auto, docker or bubblewrap', 'auto')
    .option('--yes', 'install missing system packages without asking')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  evalmesh pool build --preset full --out ./pool')
    .action(build)
  pool
    .command('add')
    .description('add tensors of your own: .npy, .safetensors, or raw bfloat16 as .bin')
    .argument('<dir>', 'directory of the pool; made when it is not there')
    .argument('<files...>', 'files to take')
    .option('--tensor <name...>', 'take only these of .safetensors files')
    .option('--shape <rowsxcolumns>', 'of .bin files; one row if not given')
    .option('--layer <number>', 'instead of what the name says')
    .option('--step <number>', 'instead of what the name says')
    .option('--direction <word>', 'forward or backward, instead of what the name says')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
float32 and float16 become bfloat16, to the nearest, ties to even; other types are refused. All dimensions but the
last are rows. Names such as layers.3, step120 and grad tell layer, step and direction. All files are added, or none.
The pool's root changes: it belongs into the parameters of a mesh that is to use it.

Exit code 3: no such file; 5: a file that cannot be taken, and why; 6: the pool is damaged.

Examples:
  evalmesh pool add ./pool layers.3.mlp-step120.npy
  evalmesh pool add ./pool activations.safetensors --tensor layers.0.out layers.0.out.grad
  evalmesh pool add ./pool raw.bin --shape 256x192 --direction backward`,
    )
    .action(add)
  pool
    .command('show')
    .description('check a pool’s manifest against its record, and say what it is')
    .argument('<dir>', 'directory of the pool')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  evalmesh pool show ./pool --json')
    .action(show)
}
