/** The commands `evalmesh params show` and `params sign`: which parameters are in force, and the subnet owner's changes of them. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import {
  type CompetitionParams,
  domainsOf,
  encodeSs58,
  type Genesis,
  type MeshParams,
  ProtocolError,
  parseGenesis,
} from '../../protocol/index.ts'
import type { ChangeView, ParamsView, TargetView } from '../api/params-view.ts'
import { loadHotkey } from '../home/keys.ts'
import { nextCounter, type PreparedChange, prepareChange } from '../owner/params.ts'
import { askApi } from './api-client.ts'
import { explainRefusal, handOver } from './hand-over.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

type ShowFlags = { readonly api: string; readonly json?: boolean }
type SignFlags = ShowFlags & {
  readonly home: string
  readonly genesis: string
  readonly set: readonly string[]
  readonly competition?: string
  readonly activation: string
  readonly peer?: readonly string[]
  readonly dryRun?: boolean
}

const API = 'http://127.0.0.1:8080'
/** Heights that a change has to be decided in, where the owner says nothing. */
const ACTIVATION_HEIGHTS = '+10'

const nameOf = (target: TargetView): string => target.competition ?? 'mesh'

const showTarget = (target: TargetView): string => {
  const next = (change: ChangeView | null, name: string, value: unknown, what: string): string => {
    const other = change?.params[name]
    if (change === null || `${other}` === `${value}`) return ''
    return `${other} from height ${change.activationHeight}${what}`
  }
  const rows = Object.entries(target.params).map(([name, value]) => {
    const coming = [next(target.pending, name, value, ''), next(target.proposed, name, value, ' (not decided)')]
    return [name, `${value}`, coming.filter((text) => text !== '').join('; ')]
  })
  return table([[nameOf(target), 'in force', 'to come'], ...rows])
}

const show = async (flags: ShowFlags): Promise<void> => {
  const view = await askApi<ParamsView>(flags.api, '/params', 'targets')
  if (flags.json) return printJson(view)
  print([`height ${view.height}  owner ${view.owner}`, ...view.targets.map(showTarget)].join('\n\n'))
}

const targetNamed = (view: ParamsView, competition: string | undefined): TargetView => {
  const target = view.targets.find((one) => one.competition === (competition ?? null))
  if (target !== undefined) return target
  const known = view.targets.flatMap((one) => one.competition ?? []).join(', ')
  const hint = `it runs: ${known}`
  throw new CliError({ exitCode: EXIT.notFound, message: `no competition ${competition} in this mesh`, hint })
}

const counterOf = (target: TargetView, api: string): number => {
  const next = nextCounter(target)
  if (next !== null) return next
  const message = `${api} tells a counter of ${nameOf(target)} that no owner comes to`
  throw new CliError({ exitCode: EXIT.unavailable, message, hint: 'ask another validator with --api' })
}

/** `+N`: so many heights above the one being decided. */
const activationOf = (text: string, height: number): number => {
  const [, plus, digits] = /^(\+?)(\d{1,15})$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits) + (plus === '+' ? height : 0)
  throw new CliError({ exitCode: EXIT.usage, message: `--activation ${text} is no height`, hint: 'give 120, or +10' })
}

/** As the mesh began. */
const foundedOf = (genesis: Genesis, competition: string | undefined): MeshParams | CompetitionParams => {
  if (competition === undefined) return genesis
  const found = genesis.competitions.find(({ id }) => id === competition)
  if (found !== undefined) return found
  throw new CliError({ exitCode: EXIT.notFound, message: `no competition ${competition} in the genesis document` })
}

const prepare = async (flags: SignFlags, view: ParamsView, genesis: ReturnType<typeof parseGenesis>) => {
  const hotkey = await loadHotkey(flags.home)
  if (encodeSs58(hotkey.publicKey) !== view.owner) {
    const hint = `this is ${encodeSs58(hotkey.publicKey)}; the owner is ${view.owner}`
    throw new CliError({ exitCode: EXIT.key, message: 'only the subnet owner’s hotkey changes parameters', hint })
  }
  const activationHeight = activationOf(flags.activation, view.height)
  const target = targetNamed(view, flags.competition)
  const founded = foundedOf(genesis, flags.competition)
  const counter = counterOf(target, flags.api)
  const { set } = flags
  try {
    return prepareChange({ target, founded, set, counter, activationHeight, hotkey, domains: domainsOf(genesis) })
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new CliError({ exitCode: EXIT.usage, message: error.message, hint: 'see `evalmesh params show`' })
  }
}

const summaryOf = ({ id, message, changes, along }: PreparedChange) => {
  const { counter, activationHeight, change } = message.body
  return { id, target: change.kind === 'mesh' ? 'mesh' : change.id, counter, activationHeight, changes, along }
}

const sign = async (flags: SignFlags): Promise<void> => {
  const genesis = parseGenesis(await readFile(flags.genesis))
  const view = await askApi<ParamsView>(flags.api, '/params', 'targets')
  const prepared = await prepare(flags, view, genesis)
  const { peer } = flags
  if (peer === undefined && !flags.dryRun) {
    throw new CliError({ exitCode: EXIT.usage, message: 'give --peer, or --dry-run to send nothing' })
  }
  for (const { name, from, to } of prepared.along)
    progress(`signed along, as in force by the word of ${flags.api}: ${name} ${to} (the genesis document: ${from})`)
  const item = { ...prepared, bundle: new Uint8Array() }
  const sent =
    flags.dryRun || peer === undefined
      ? null
      : await handOver({ name: 'params', item, genesis, peers: peer }).catch((error: unknown) => explainRefusal(error))
  const summary = summaryOf(prepared)
  if (flags.json) return printJson({ ...summary, sent: sent !== null, ...(sent === null ? {} : { peer: sent.peer }) })
  const rows = prepared.changes.map(({ name, from, to }) => [name, from, to])
  const end = sent === null ? 'dry run, not sent' : 'sent; `evalmesh params show` tells when it is decided'
  print(
    [
      table([[summary.target, 'in force', `from height ${summary.activationHeight}`], ...rows]),
      `${prepared.id} (${end})`,
    ].join('\n'),
  )
}

export const addParams = (program: Command): void => {
  const params = program.command('params').description('show the parameters in force, and change them as the owner')
  params
    .command('show')
    .description('list the parameters in force and those to come')
    .option('--api <url>', 'the validator’s HTTP interface', API)
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  evalmesh params show --api ${API}\n`)
    .action(show)
  params
    .command('sign')
    .description('sign a change of parameters as the subnet’s owner, and hand it to a validator')
    .requiredOption('--home <dir>', 'directory with the owner’s hotkey')
    .requiredOption('--genesis <file>', 'the mesh’s genesis document')
    .requiredOption('--set <name=value...>', 'what to change; everything else stays as it is in force')
    .option('--competition <id>', 'change a competition’s parameters instead of the mesh’s')
    .option(
      '--activation <height>',
      'in force from this height on; +N is above the one being decided',
      ACTIVATION_HEIGHTS,
    )
    .option('--api <url>', 'a validator’s HTTP interface: says what is in force', API)
    .option('--peer <multiaddr...>', 'validators to hand it to, with /p2p/; tried in turn')
    .option('--dry-run', 'check and sign, send nothing')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
All parameters are signed, those that are not set as the validator at --api says they are in force: what differs from the genesis
document is told. Look at it with --dry-run, and ask a validator that is yours.

A round that is open keeps the parameters of its manifest. A change that no height has decided before its
activation height is void: sign it again.

Exit codes: 2 a name or value that is none, 3 no such competition, 4 not the owner’s hotkey, 5 refused by the validator,
6 none answers at --api, or it tells what cannot be.

Example:
  evalmesh params sign --home ./owner --genesis ./genesis.json --competition matrix-lossless \\
    --set thetaPpm=20000 --activation +50 --peer /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo...`,
    )
    .action(sign)
}
