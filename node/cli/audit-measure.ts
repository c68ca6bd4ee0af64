/** The command `evalmesh audit measure`: runs a certified submission again on its round's own matrices. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { COMPETITIONS, type Digest, matrixRulesOf } from '../../protocol/index.ts'
import { createEvaluator, type RecipeName, recipeFor, recipeNames } from '../../sandbox/index.ts'
import type { CodeView } from '../api/code.ts'
import type { ParamsView } from '../api/params-view.ts'
import type { CertifiedRoundView } from '../api/views.ts'
import { measureAgain, type Remeasured } from '../audit/measure.ts'
import { AuditError } from '../audit/replay.ts'
import { openSandbox } from '../demo/prepare.ts'
import type { DrawnInputs } from '../measure/pool-blobs.ts'
import { askApi, askBytes } from './api-client.ts'
import { CliError, EXIT, print, printJson, progress } from './output.ts'

type Flags = {
  readonly api: string
  readonly competition: string
  readonly round: string
  readonly code?: string
  readonly engine: string
  readonly image: string
  readonly yes?: boolean
  readonly json?: boolean
}

const API = 'http://127.0.0.1:8080'
const ENGINES = ['auto', 'docker', 'podman', 'bubblewrap'] as const

const SENTENCES: Readonly<Record<Remeasured['finding'], string>> = {
  identical: 'the same verdict, and the same C to the last digit',
  random: 'its sizes differ from run to run: chance is in the code, and C cannot be repeated',
  contradicts: 'this host finds something else than what was certified',
  inconclusive:
    'nothing can be said: this machine could not measure it, its image is not the mesh’s, or the round had no verdict',
}

const show = ({ finding, certified, here, ratioPpb }: Remeasured): string =>
  [
    `certified  ${certified.verdict} ${certified.code}`.trimEnd(),
    `here       ${here.verdict} ${here.code}`.trimEnd(),
    ...(ratioPpb === null
      ? [`           ${here.line}`]
      : [`C          certified ${ratioPpb.certified} ppb, here ${ratioPpb.here} ppb`]),
    `${finding}: ${SENTENCES[finding]}`,
  ].join('\n')

const codeOf = async (id: string, flags: Flags): Promise<Uint8Array> => {
  if (flags.code !== undefined) return readFile(flags.code)
  const open = await askApi<Extract<CodeView, { kind: 'open' }>>(flags.api, `/submissions/${id}/code`, 'files')
  const content = open.files[0]?.content ?? ''
  // What is no UTF-8 does not come through as it was: that is nobody's lie.
  if (content.includes('\uFFFD')) {
    const hint = 'give its file with --code'
    throw new CliError({ exitCode: EXIT.unavailable, message: `the code of ${id} is not all UTF-8`, hint })
  }
  return new TextEncoder().encode(content)
}

/** The image that was named, or that has what the code imports. */
export const imageOf = (image: string, code: Uint8Array): RecipeName => {
  if (image === 'auto') return recipeFor(new TextDecoder().decode(code))
  const name = recipeNames.find((one) => one === image)
  if (name !== undefined) return name
  throw new CliError({ exitCode: EXIT.usage, message: `--image is one of auto, ${recipeNames.join(', ')}` })
}

/** Of the image in which the mesh measures; null where the validator does not say. */
const meshImage = async ({ api, competition }: Flags): Promise<Digest | null> => {
  const { targets } = await askApi<ParamsView>(api, '/params', 'targets')
  const params = targets.find((target) => target.competition === competition)?.params
  return params !== undefined && 'image' in params ? params.image : null
}

const checkFlags = ({ competition, round }: Flags): void => {
  if (!/^\d{1,15}$/.test(round))
    throw new CliError({ exitCode: EXIT.usage, message: `--round ${round} is no round`, hint: 'give 12' })
  if (matrixRulesOf(competition) !== undefined) return
  const matrices = [...COMPETITIONS].filter(([, { kind }]) => kind === 'matrix').map(([id]) => id)
  const message = `only rounds of ${matrices.join(', ')} can be measured again: all else is a matter of time`
  throw new CliError({ exitCode: EXIT.usage, message })
}

const run = async (id: string, flags: Flags): Promise<void> => {
  const engineKind = ENGINES.find((name) => name === flags.engine)
  if (engineKind === undefined)
    throw new CliError({ exitCode: EXIT.usage, message: `--engine is one of ${ENGINES.join(', ')}` })
  checkFlags(flags)
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stopping.abort(new CliError({ exitCode: EXIT.interrupted, message: 'interrupted' })))
  }
  const { signal } = stopping
  const path = `/rounds/${flags.competition}/${flags.round}`
  const code = await codeOf(id, flags)
  const image = imageOf(flags.image, code)
  const wanted = await meshImage(flags)
  const sandbox = { engine: engineKind, image, hostPython: false, yes: flags.yes ?? false }
  const { engine, options } = await openSandbox({ ...sandbox, say: progress, signal })
  const isSameImage = engine.imageDigest === wanted
  if (!isSameImage)
    progress(`WARNING: image ${image} here is not the one that the mesh measures in: see --image, and docs/SANDBOX.md`)
  const evaluator = createEvaluator({ engine: options })
  try {
    const found = await measureAgain({
      competition: flags.competition,
      submission: id,
      code,
      source: {
        round: () => askApi<CertifiedRoundView>(flags.api, path, 'certificate'),
        inputs: () => askApi<DrawnInputs>(flags.api, `${path}/inputs`, 'matrices'),
        matrix: (digest) => askBytes(flags.api, `/matrices/${digest}`),
      },
      evaluator,
      isSameImage,
      say: progress,
      signal,
    })
    if (flags.json) printJson(found)
    else print(show(found))
    if (found.finding === 'contradicts') process.exitCode = EXIT.contradicted
    if (found.finding === 'inconclusive') process.exitCode = EXIT.unavailable
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    const exitCode = error.check === 'round' ? EXIT.notFound : EXIT.contradicted
    throw new CliError({ exitCode, message: `${error.check}: ${error.message}` })
  } finally {
    await evaluator.close()
    await engine.close()
  }
}

export const addAuditMeasure = (audit: Command): void => {
  audit
    .command('measure')
    .description('run a certified submission again on its round’s matrices, and compare what does not depend on time')
    .argument('<id>', 'the submission’s id')
    .requiredOption('--round <number>', 'the round that measured it; one of the newest 64')
    .option('--competition <id>', 'whose round', 'matrix-lossless')
    .option('--code <file>', 'its solution.py, where it is not public yet')
    .option('--api <url>', 'a validator’s HTTP interface: it is believed in nothing but the certified numbers', API)
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap', 'auto')
    .option('--image <name>', `${recipeNames.join(', ')}, or auto: what the code imports`, 'auto')
    .option('--yes', 'install missing system packages without asking')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Checks that the seed draws these matrices, that each stands in the pool’s Merkle tree, and that the code has the certified
digest. That the round is what the log says, evalmesh audit verify shows.

In another image than the mesh’s nothing contradicts: other libraries compress to other sizes.

Exit code 0: identical, or the code has chance in it; 3: no such round, or not in it; 7: the code is sealed; 9: something
contradicts the record; 6: this machine could not measure, or in another image.

Example:
  evalmesh audit measure 39c343f6… --competition matrix-lossy --round 1 --api ${API}`,
    )
    .action(run)
}
