/** The command `evalmesh bench run` for training speed: the options that differ, and the report in plain words. */
import { randomBytes } from 'node:crypto'
import type { Gate, TrainingRules } from '../../protocol/index.ts'
import { type ContractName, contractByDigest, contractNames, readContract } from '../../sandbox/index.ts'
import { type MeshNow, type Outlook, outlookOf } from '../bench/mesh.ts'
import { runTrainingBench, type TrainingReport } from '../bench/training.ts'
import { openSandbox } from '../demo/prepare.ts'
import { showMesh } from './bench-show.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

export type TrainingFlags = {
  readonly competition: string
  readonly preset: string | undefined
  readonly device: string | undefined
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  readonly seed: string | undefined
  readonly quads: number | undefined
  readonly yes: boolean
  readonly json: boolean
}

const GATE_NAMES: Readonly<Record<Gate['name'], string>> = {
  memoryPpb: 'memory: every training sequence left its trace in the weights',
  logitsPpb: 'logits of the last batch, the worst row, relative',
  lossPpb: 'the last loss that was told',
  updatePpb: 'way of the weights, relative to the reference’s',
  tensorPpb: 'the same of each tensor, the worst',
  checkpointPpb: 'weights at a secret step',
}

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(2)} %`
const times = (ppm: number): string => (ppm / 1_000_000).toFixed(4)
const part = (ppb: number): string => (ppb / 1e9).toExponential(2)

const showGates = (gates: readonly Gate[]): string =>
  table([
    ['check', 'found at most', 'passes up to', ''],
    ...gates.map(({ name, foundPpb, limitPpb }) => [
      GATE_NAMES[name],
      part(foundPpb),
      part(limitPpb),
      foundPpb <= limitPpb ? 'ok' : 'FAILED',
    ]),
  ])

const showQuads = (quads: TrainingReport['quads'], ratios: readonly number[]): string =>
  table([
    ['quad', 'steps', 'ms', 'ms against', 'speed ratio'],
    ...quads.map(({ steps, candidateNs, partnerNs }, index) => [
      String(index + 1),
      String(steps),
      ...[candidateNs, partnerNs].map((pair) => pair.map((ns) => (Number(ns) / 1e6).toFixed(1)).join(', ')),
      times(ratios[index] ?? 0),
    ]),
  ])

const show = (report: TrainingReport, outlook: Outlook | null): string => {
  const { score, host, verdict, code, line, gates, printed } = report
  const again = `again: --seed ${report.seed}`
  const mesh = outlook === null ? [] : showMesh(outlook)
  const told = [...mesh, ...(printed === '' ? [] : ['It printed:', printed])]
  const checks = gates.length === 0 ? [] : [showGates(gates), '']
  if (score === null || host === null) return [...checks, `${verdict}  ${code}: ${line}`, ...told, again].join('\n')
  const { thetaPpm, centrePpm, madPpm, pair, takesLead, rawTps, referenceTps } = score
  const isNoisy = host.noisePpm > thetaPpm
  return [
    ...checks,
    showQuads(report.quads, score.quadsPpm),
    '',
    `speed       ${times(centrePpm)} of what it was compared with (lower median of the quads, ± ${times(madPpm)}); the lead needs more than ${times(1_000_000 + thetaPpm)}`,
    `tokens/s    ${rawTps.toFixed(0)} here; the reference alone ${referenceTps.toFixed(0)} (${host.referenceStepMs.toFixed(1)} ms a step)`,
    `host        its own noise is ${percent(host.noisePpm)}${isNoisy ? `, above θ = ${percent(thetaPpm)}: a validator here would have no vote; close other programs` : ''}`,
    `PAIR-1      ${pair}`,
    `on a mesh   ${takesLead ? 'it would take the lead' : 'it would not take the lead'}, if the validators measured as this host did`,
    ...told,
    again,
  ].join('\n')
}

const usage = (message: string): CliError => new CliError({ exitCode: EXIT.usage, message })

/** The contract that a preset names, else the mesh's, on the device that was asked for. */
const contractOf = ({ preset, device }: TrainingFlags, mesh: MeshNow | null) => {
  const name = contractNames.find((known): known is ContractName => known === (preset ?? 'tiny'))
  if (name === undefined) throw usage(`--preset is one of ${contractNames.join(', ')}`)
  const theirs = mesh === null ? undefined : contractByDigest(mesh.params.poolManifest)
  if (mesh !== null && theirs === undefined) {
    const message = `this version does not have the contract that the mesh of ${mesh.api} trains by: take the mesh’s version`
    throw new CliError({ exitCode: EXIT.notFound, message })
  }
  const contract = preset === undefined && theirs !== undefined ? theirs : readContract(name).contract
  if (device === undefined || device === contract.device) return contract
  if (device !== 'cpu' && device !== 'cuda') throw usage('--device is cpu or cuda')
  progress(
    `WARNING: contract ${contract.name} was calibrated on ${contract.device}: on ${device} its tolerances may refuse what is honest.`,
  )
  return { ...contract, device } as const
}

/** Runs, prints, and sets the exit code. @throws CliError, SetupError or SandboxError */
export const runTraining = async (o: {
  readonly rules: TrainingRules
  readonly flags: TrainingFlags
  readonly solution: Uint8Array
  readonly against: string | undefined
  /** A running mesh to compare with; null where none was named. */
  readonly mesh: MeshNow | null
  readonly signal: AbortSignal
}): Promise<void> => {
  const { rules, flags, solution, against, mesh, signal } = o
  const { competition } = flags
  const contract = contractOf(flags, mesh)
  const onGpu = contract.device === 'cuda'
  // One GPU, the first: a training run has no use for more.
  const where = onGpu ? ({ image: 'cuda', gpus: ['0'] } as const) : ({ image: 'torch' } as const)
  const prepared = await openSandbox({ ...flags, ...where, hostPython: false, say: progress, signal })
  try {
    const seed = flags.seed ?? randomBytes(16).toString('hex')
    const quads = flags.quads ?? rules.presets[contract.name === 'tiny' ? 'demo' : 'real'](NO_FACTS).matrixCount
    const codes = { solution, against, seed, quads, thetaPpm: mesh?.params.thetaPpm }
    const preset = contract.name
    const report = await runTrainingBench({
      ...{ competition, rules, preset, contract, ...codes, options: prepared.options },
      say: progress,
      signal,
    })
    const isAgainstLeader = against !== undefined && against === mesh?.leader?.source
    const outlook = mesh === null ? null : outlookOf(mesh, { solution, report, isAgainstLeader })
    if (flags.json) printJson({ ...report, mesh: outlook })
    else print(show(report, outlook))
    if (report.verdict !== 'pass') process.exitCode = report.verdict === 'miner' ? EXIT.rejected : EXIT.unavailable
  } finally {
    await prepared.engine.close()
  }
}

const NONE = '0'.repeat(64)
const NO_FACTS = { image: NONE, poolManifest: NONE, poolRoot: NONE, referenceNanos: 1n }
