/** The command `evalmesh submit`: signs a miner's solution and hands it to a validator. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import {
  type CompetitionParams,
  domainsOf,
  encodeSs58,
  type Key,
  type PaymentRef,
  parseGenesis,
} from '../../protocol/index.ts'
import type { MinerView } from '../api/miners.ts'
import type { ParamsView } from '../api/params-view.ts'
import { loadHotkey } from '../home/keys.ts'
import { MeshError } from '../mesh/index.ts'
import { receiptPathOf, type Subject } from '../miner/payments.ts'
import { prepareSubmission } from '../miner/submit.ts'
import { askApi } from './api-client.ts'
import { type FeeFlags, paymentName, settleFee } from './fee.ts'
import { explainRefusal, handOver } from './hand-over.ts'
import { CliError, EXIT, print, printJson, progress } from './output.ts'

type Flags = FeeFlags & {
  readonly competition: string
  readonly genesis: string
  readonly peer: readonly string[]
  readonly dryRun?: boolean
  readonly wait?: boolean
  readonly api: string
  readonly json?: boolean
}

const WAIT_POLL_MS = 2_000

const readSolution = async (file: string): Promise<Uint8Array> =>
  readFile(file).catch(() => {
    throw new CliError({
      exitCode: EXIT.notFound,
      message: `cannot read ${file}`,
      hint: 'give the path of your solution.py or train.py',
    })
  })

type Seen = {
  readonly verdict: string | null
  readonly reason?: string
  readonly board?: string
  readonly metricPpm?: number
}

/** As long as it takes: a validator that is away for a while, or starts again, is asked again. */
export const waitForVerdict = async (id: string, api: string): Promise<Seen> => {
  let isAway = false
  for (;;) {
    try {
      const seen = await askApi<Seen>(api, `/submissions/${id}`, 'verdict')
      if (typeof seen.verdict === 'string') return seen
      isAway = false
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      // Without a receipt it is not known there yet.
      const isUnknown = error.exitCode === EXIT.notFound
      if (!isUnknown && !isAway) progress(`${error.message}; it is asked again: what was submitted is not lost`)
      isAway = !isUnknown
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_POLL_MS))
  }
}

/** What a round without a verdict leaves open the next one measures again, up to the fifth. */
export const exitCodeOf = (verdict: string | null): number =>
  verdict === 'pass' ? EXIT.ok : verdict === 'miner' ? EXIT.rejected : EXIT.pending

/** Whoever has used up the day would pay for what nobody takes. A validator that does not tell stops nobody. */
const checkDay = async ({ api, competition }: Flags, hotkey: Key): Promise<void> => {
  const view = await askApi<MinerView>(api, `/miners/${encodeSs58(hotkey)}`, 'competitions').catch(() => null)
  const day = view?.competitions?.find((one) => one.competition === competition)
  if (day === undefined || day.usedToday < day.dailyMax) return
  const message = `${day.usedToday} of ${day.dailyMax} submissions of this day are used, by this hotkey or its coldkey`
  throw new CliError({ exitCode: EXIT.quota, message, hint: 'try again later: nothing was paid' })
}

/** A receipt stands in the way of a second payment, also of one that is wanted. */
const hintOf = (home: string, { subject, payment }: { subject: Subject; payment: PaymentRef | null }): string =>
  payment === null
    ? ''
    : `extrinsic ${paymentName(payment)} stays good for the same command; to pay anew move ${receiptPathOf(home, subject)} away`

/** Those of the genesis document, with the limit and the fee that a validator at `--api` says are in force; it decides in any case. */
const paramsInForce = async (founded: CompetitionParams, api: string): Promise<CompetitionParams> => {
  const view = await askApi<ParamsView>(api, '/params', 'targets').catch(() => null)
  const inForce = view?.targets.find((target) => target.competition === founded.id)?.params
  if (inForce === undefined || !('bundleBytesMax' in inForce)) return founded
  const { bundleBytesMax, feeRao, feeRecipient } = inForce
  return { ...founded, bundleBytesMax, feeRao: BigInt(feeRao), feeRecipient }
}

/** A validator may see a block as final a little later than who paid. */
const NOT_FINAL_TRIES_MAX = 15

const isNotFinal = (error: unknown): boolean =>
  error instanceof MeshError && error.code === 'REFUSED' && String(error.facts['reason']).startsWith('NOT_FINAL')

const insist = async <T>(send: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send()
    } catch (error) {
      if (!isNotFinal(error) || tries >= NOT_FINAL_TRIES_MAX) throw error
      progress('the payment is not final at the validator yet; waiting')
      await new Promise((resolve) => setTimeout(resolve, WAIT_POLL_MS))
    }
  }
}

const run = async (file: string, flags: Flags): Promise<void> => {
  const genesis = parseGenesis(await readFile(flags.genesis))
  const founded = genesis.competitions.find(({ id }) => id === flags.competition)
  if (founded === undefined) {
    const known = genesis.competitions.map(({ id }) => id).join(', ')
    throw new CliError({
      exitCode: EXIT.notFound,
      message: `no competition ${flags.competition} in this mesh`,
      hint: `it runs: ${known}`,
    })
  }
  // Before anything is paid or sent: a wrong address would never have a verdict.
  if (flags.wait && !flags.dryRun) await askApi<{ readonly ready: boolean }>(flags.api, '/health', 'ready')
  const params = await paramsInForce(founded, flags.api)
  const solution = await readSolution(file)
  const hotkey = await loadHotkey(flags.home)
  let hint = ''
  try {
    const parts = { params, solution, hotkey, domains: domainsOf(genesis) }
    // Once without: nothing is paid for what no validator would take.
    const draft = prepareSubmission(parts)
    if (flags.dryRun)
      return flags.json ? printJson({ id: draft.id, sent: false }) : print(`${draft.id} (dry run, not sent)`)
    const { bundle } = draft.message.body
    const subject = { competition: params.id, bundle }
    const due = { subject, fee: params, founded, hotkey: hotkey.publicKey, netuid: genesis.netuid }
    const payment = await settleFee(flags, { ...due, checkDay: () => checkDay(flags, hotkey.publicKey) })
    if (flags.payment === undefined) hint = hintOf(flags.home, { subject, payment })
    const submission = prepareSubmission({ ...parts, payment })
    const paid = payment === null ? {} : { payment: paymentName(payment) }
    const { id, peer } = await insist(() => handOver({ name: 'submit', item: submission, genesis, peers: flags.peer }))
    if (!flags.wait)
      return flags.json
        ? printJson({ id, sent: true, peer, ...paid })
        : print(`${id}\nsubmitted; see /submissions/${id}`)
    progress(`submitted ${id}; waiting for its round`)
    const seen = await waitForVerdict(id, flags.api)
    if (flags.json) printJson({ id, sent: true, peer, ...paid, ...seen })
    else print(`${id}\n${seen.verdict} ${seen.reason ?? ''} ${seen.board ?? ''} metric ${(seen.metricPpm ?? 0) / 1e6}`)
    process.exitCode = exitCodeOf(seen.verdict)
  } catch (error) {
    explainRefusal(error, hint)
  }
}

export const addSubmit = (program: Command): void => {
  program
    .command('submit')
    .description('submit a solution to a competition')
    .argument('<file>', 'your solution.py or train.py')
    .option('--competition <id>', 'which competition', 'matrix-lossless')
    .requiredOption('--home <dir>', 'directory with your hotkey (evalmesh keys new)')
    .requiredOption('--genesis <file>', 'the mesh’s genesis document')
    .requiredOption('--peer <multiaddr...>', 'validators to hand it to, with /p2p/; tried in turn')
    .option('--pay', 'pay the fee that the competition asks for; never twice for the same code')
    .option('--coldkey <dir>', 'directory with the key that pays: the coldkey that owns the hotkey')
    .option('--fee-max <tao>', 'what may be paid at most; the fee of the genesis document if not given')
    .option('--fee-to <ss58>', 'who may be paid, an address or owner; as in the genesis document if not given')
    .option('--payment <block-index>', 'the extrinsic of a fee that was paid elsewhere, as 4711000-12')
    .option('--chain <url>', 'the chain to pay on, or to look a payment up on')
    .option('--dry-run', 'check and sign, pay and send nothing')
    .option('--wait', 'wait for the verdict (asks the validator at --api)')
    .option('--api <url>', 'a validator’s HTTP interface', 'http://127.0.0.1:8080')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The same code under the same hotkey has the same id: submitting again is harmless. What was paid stands in
HOME/payments before anything is sent: after a crash the same command goes on from there.

Example:
  evalmesh submit ./solution.py --home ./miner --genesis ./genesis.json \\
    --peer /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo... --wait
  evalmesh submit ./solution.py --home ./miner --genesis ./genesis.json --peer /ip4/…/p2p/12D3Koo… \\
    --pay --coldkey ./miner/coldkey --chain http://127.0.0.1:9944
  evalmesh submit ./solution.py --home ./miner --genesis ./genesis.json --peer /ip4/…/p2p/12D3Koo… \\
    --payment 4711000-12 --chain wss://entrypoint-finney.opentensor.ai:443`,
    )
    .action(run)
}
