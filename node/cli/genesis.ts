/** The commands `evalmesh genesis delegate`, `params`, `make` and `check`: how validators found a mesh together, and how anyone checks one. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import {
  COMPETITIONS,
  type CompetitionParams,
  competitionParams,
  domainsOf,
  encodeSs58,
  type Genesis,
  type MeshParams,
  meshParams,
  ProtocolError,
  parseGenesis,
  parseSignedDelegation,
  printGenesis,
  printSignedDelegation,
  type SignedDelegation,
} from '../../protocol/index.ts'
import { contractNames, type RecipeName, readPool, recipeNames } from '../../sandbox/index.ts'
import { openChain } from '../chain/open.ts'
import { type Chain, ChainError } from '../chain/port.ts'
import { matrixParams, openSandbox, type PresetName } from '../demo/prepare.ts'
import { trainingParams } from '../demo/prepare-training.ts'
import { createFile, replaceFile } from '../files.ts'
import { delegationFileOf, loadDelegation, planDelegation } from '../home/delegation.ts'
import { completeValidatorKeys } from '../home/keys.ts'
import { signWithHotkey } from '../machine/signer.ts'
import { toPeerId } from '../mesh/index.ts'
import { type Absent, checkGenesis, delegationDomains, makeGenesis } from '../owner/genesis.ts'
import { recipientOf } from '../owner/params.ts'
import { createVerifier } from '../peers/verify.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

type Common = { readonly json?: boolean }
type SubnetFlags = { readonly chain: string; readonly netuid: string; readonly mechanism: string }
type DelegateFlags = Common & SubnetFlags & { readonly home: string; readonly hotkey?: string }
type ParamsFlags = Common & {
  readonly competition: string
  readonly pool?: string
  readonly contract: string
  readonly image?: string
  readonly demo?: boolean
  readonly set: readonly string[]
  readonly engine: string
  readonly yes?: boolean
}
type MakeFlags = Common &
  SubnetFlags & {
    readonly delegation: readonly string[]
    readonly params: readonly string[]
    readonly set: readonly string[]
    readonly out: string
    readonly dryRun?: boolean
  }
type CheckFlags = Common & { readonly chain: string }

const usage = (message: string, hint = ''): CliError => new CliError({ exitCode: EXIT.usage, message, hint })

const oneOf = <T extends string>(flag: string, value: string, names: readonly T[]): T => {
  const found = names.find((name) => name === value)
  if (found === undefined) throw usage(`${flag} is one of ${names.join(', ')}`)
  return found
}

const numberOf = (flag: string, text: string, max: number): number => {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (value <= max) return value
  throw usage(`${flag} is a whole number of at most ${max}`)
}

/** Opens the chain for `work` alone; its errors say which endpoint. */
const withChain = async <T>(flags: { chain: string; mechanism?: number }, work: (chain: Chain) => Promise<T>) => {
  const { mechanism } = flags
  const chain = await openChain(flags.chain, mechanism === undefined ? {} : { mechanism })
  try {
    return await work(chain)
  } catch (error) {
    if (!(error instanceof ChainError)) throw error
    const hint = `${error.message}; is ${flags.chain} the chain, and the subnet right?`
    throw new CliError({ exitCode: EXIT.unavailable, message: 'the chain could not say what was asked', hint })
  } finally {
    await chain.close()
  }
}

const subnetOf = (flags: SubnetFlags) => ({
  netuid: numberOf('--netuid', flags.netuid, 65_535),
  mechanism: numberOf('--mechanism', flags.mechanism, 255),
})

/** Values by name, over the defaults; the codec checks each. */
const withSet = (defaults: object, set: readonly string[]): Record<string, unknown> => {
  const values: Record<string, unknown> = { ...defaults }
  for (const one of set) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(one) ?? []
    if (name === 'id' || !Object.hasOwn(values, name))
      throw usage(
        `--set ${one}: no such parameter`,
        Object.keys(values)
          .filter((known) => known !== 'id')
          .join(', '),
      )
    values[name] = name === 'feeRecipient' ? recipientOf(value) : value
  }
  return values
}

const delegate = async (flags: DelegateFlags): Promise<void> => {
  const { netuid, mechanism } = subnetOf(flags)
  const home = resolve(flags.home)
  const keys = await completeValidatorKeys(home, flags.hotkey === undefined ? null : resolve(flags.hotkey))
  const { chainGenesis, head } = await withChain({ ...flags, mechanism }, async (chain) => ({
    chainGenesis: await chain.genesisHash(),
    head: await chain.finalizedHead(),
  }))
  const speaker = {
    ...{ netuid, hotkey: keys.hotkey.publicKey, scheme: keys.hotkey.scheme, sessionKey: keys.session.publicKey },
    ...{ sealingKey: keys.sealing.publicKey, peerId: await toPeerId(keys.peerSeed) },
  }
  const kept = await loadDelegation(home)
  const unixSeconds = Math.floor(Date.now() / 1_000)
  const plan = planDelegation({ speaker, newest: null, kept: kept?.body ?? null, block: head.number, unixSeconds })
  const sign = (body: SignedDelegation['body']): SignedDelegation => {
    const domains = delegationDomains({ chainGenesis, netuid, mechanism })
    const { signature } = signWithHotkey({ kind: 'delegation', body }, { hotkey: keys.hotkey, domains })
    return { body, signature }
  }
  const delegation = plan.kind === 'sign' ? sign(plan.body) : kept
  if (delegation === null) throw new Error('a delegation was planned to be kept, and there is none')
  const file = delegationFileOf(home)
  if (plan.kind === 'sign') await replaceFile(file, printSignedDelegation(delegation))
  const { fromBlock, toBlock, peerId } = delegation.body
  const told = { hotkey: encodeSs58(keys.hotkey.publicKey), peerId, fromBlock, toBlock, file }
  if (flags.json) return printJson(told)
  print(
    [
      table([
        ['what', 'value'],
        ['hotkey', told.hotkey],
        ['peer', peerId],
        ['in force', `blocks ${fromBlock} to ${toBlock}`],
        ['file', file],
      ]),
      '',
      'Nothing in the file is secret: send it to whoever makes the genesis document.',
    ].join('\n'),
  )
}

/** Interrupted by Ctrl-C or SIGTERM. */
const stopSignal = (): AbortSignal => {
  const stopping = new AbortController()
  const interrupted = new CliError({ exitCode: EXIT.interrupted, message: 'interrupted; nothing was written' })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(interrupted))
  return stopping.signal
}

const params = async (flags: ParamsFlags): Promise<void> => {
  const { competition } = flags
  const rules = COMPETITIONS.get(competition)
  if (rules === undefined) {
    const hint = `there is ${[...COMPETITIONS.keys()].join(', ')}`
    throw new CliError({ exitCode: EXIT.notFound, message: `no competition ${competition}`, hint })
  }
  if (rules.kind === 'matrix' && flags.pool === undefined)
    throw usage(`${competition} draws from a pool: give --pool`, '`evalmesh pool build` makes one')
  const pool = flags.pool === undefined ? null : await readPool(resolve(flags.pool))
  const signal = stopSignal()
  const image: RecipeName = oneOf('--image', flags.image ?? (rules.kind === 'matrix' ? 'numpy' : 'torch'), recipeNames)
  const sandbox = {
    engine: oneOf('--engine', flags.engine, ['auto', 'docker', 'podman', 'bubblewrap'] as const),
    ...{ image, hostPython: false, yes: flags.yes ?? false, say: progress, signal },
  }
  const { engine, options } = await openSandbox(sandbox)
  try {
    if (engine.imageDigest === null) throw new Error('an engine without an image')
    const preset: PresetName = flags.demo ? 'demo' : 'real'
    const common = { preset, image: engine.imageDigest, options, signal }
    progress(`${competition}: the reference runs here, to say how long it takes`)
    const measured =
      pool === null
        ? await trainingParams({
            ...common,
            contract: oneOf('--contract', flags.contract, contractNames),
            say: progress,
          })
        : await matrixParams({ ...common, competition, pool })
    const json = competitionParams.toJson(measured) as object
    const chosen = competitionParams.fromWire(withSet(json, flags.set), competition)
    const shown = competitionParams.toJson(chosen)
    if (flags.json) printJson(shown)
    else print(JSON.stringify(shown, null, 2))
  } finally {
    await engine.close()
  }
}

/** As a mesh on the chain's own blocks begins; `evalmesh params sign` changes them later. */
const MESH_DEFAULTS: MeshParams = {
  deltaMs: 1_000,
  weightCapPpm: 330_000,
  // As often as Tournament sets weights: every ten minutes.
  weightsEveryBlocks: 100,
  evidenceEpochs: 30,
}

/** A file that is not what it should be is named. */
const readAs = async <T>(path: string, parse: (bytes: Uint8Array) => T): Promise<T> => {
  const bytes = await readFile(path)
  try {
    return parse(bytes)
  } catch (error) {
    if (!(error instanceof ProtocolError) && !(error instanceof SyntaxError)) throw error
    throw new CliError({ exitCode: EXIT.rejected, message: `${path}: ${error.message}` })
  }
}

const readParams = (path: string): Promise<CompetitionParams> =>
  readAs(path, (bytes) => competitionParams.fromWire(JSON.parse(Buffer.from(bytes).toString('utf8')), path))

const share = (part: bigint, whole: bigint): string => `${(Number((part * 1_000n) / whole) / 10).toFixed(1)} %`

const describe = (genesis: Genesis): string => {
  const total = genesis.members.reduce((sum, { weight }) => sum + weight, 0n)
  const members = genesis.members.map(({ hotkey, weight }) => [encodeSs58(hotkey), share(weight, total)])
  const competitions = genesis.competitions.map(({ id, sharePpm, roundBlocks }) => [
    id,
    `${sharePpm / 10_000} %`,
    `${roundBlocks} blocks`,
  ])
  return [
    table([['member', 'weight'], ...members]),
    '',
    table([['competition', 'share', 'rounds'], ...competitions]),
    '',
    `mesh ${domainsOf(genesis).mesh}`,
  ].join('\n')
}

const absence = (absent: readonly Absent[], genesis: Genesis): string => {
  if (absent.length === 0) return 'everyone with a permit is a member'
  const out = absent.reduce((sum, { stakeRao }) => sum + stakeRao, 0n)
  const seated = genesis.members.reduce((sum, { weight }) => sum + weight, 0n)
  const names = absent.map(({ hotkey }) => encodeSs58(hotkey)).join(', ')
  return `not a member, with ${share(out, out + seated)} of the weight: ${names}`
}

const make = async (flags: MakeFlags): Promise<void> => {
  const subnet = subnetOf(flags)
  const mesh = meshParams.fromWire(withSet(MESH_DEFAULTS, flags.set), 'mesh')
  const delegations = await Promise.all(flags.delegation.map((path) => readAs(path, parseSignedDelegation)))
  const competitions = await Promise.all(flags.params.map(readParams))
  const { genesis, absent } = await withChain({ ...flags, ...subnet }, (chain) =>
    makeGenesis({ chain, ...subnet, delegations, mesh, competitions, verify: createVerifier() }),
  ).catch((error: unknown) => {
    if (!(error instanceof ProtocolError)) throw error
    throw new CliError({ exitCode: EXIT.rejected, message: error.message, hint: 'see `evalmesh genesis make --help`' })
  })
  if (!flags.dryRun) {
    await createFile(flags.out, printGenesis(genesis)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      throw usage(`${flags.out} is there already and is never overwritten`, 'choose another --out')
    })
  }
  const told = {
    mesh: domainsOf(genesis).mesh,
    block: genesis.block,
    members: genesis.members.map(({ hotkey, weight }) => ({ hotkey: encodeSs58(hotkey), weight: `${weight}` })),
    absent: absent.map(({ hotkey, stakeRao }) => ({ hotkey: encodeSs58(hotkey), stakeRao: `${stakeRao}` })),
    out: flags.dryRun ? null : resolve(flags.out),
  }
  if (flags.json) return printJson(told)
  const end = flags.dryRun
    ? 'dry run: nothing was written'
    : `written to ${flags.out}: send it to every member, byte for byte; each runs \`evalmesh genesis check\` and \`init\``
  print([describe(genesis), absence(absent, genesis), '', end].join('\n'))
}

const check = async (path: string, flags: CheckFlags): Promise<void> => {
  const genesis = await readAs(path, parseGenesis)
  const { mechanism } = genesis
  const checks = await withChain({ chain: flags.chain, mechanism }, (chain) =>
    checkGenesis(genesis, { chain, verify: createVerifier() }),
  )
  const ok = checks.every((one) => one.ok)
  if (flags.json) printJson({ ok, mesh: domainsOf(genesis).mesh, checks })
  else {
    const rows = checks.map((one) => [one.ok ? 'ok' : 'NO', one.name, one.detail])
    print([describe(genesis), '', table([['', 'check', 'found'], ...rows])].join('\n'))
  }
  if (!ok) process.exitCode = EXIT.contradicted
}

const addSubnet = (command: Command): Command =>
  command
    .requiredOption('--chain <url>', 'endpoints of the chain that you trust')
    .requiredOption('--netuid <number>', 'the subnet')
    .option('--mechanism <number>', 'of its mechanisms', '0')
    .option('--json', 'print one JSON object')

export const addGenesis = (program: Command): void => {
  const genesis = program.command('genesis').description('found a mesh together, and check its genesis document')
  addSubnet(
    genesis
      .command('delegate')
      .description('make a validator’s keys and let its hotkey sign for them: what a founding member hands in'),
  )
    .requiredOption('--home <dir>', 'the validator’s home; keys that are there are kept')
    .option('--hotkey <file>', 'the hotkey’s file, as in a Bittensor wallet; a new hotkey if none is given')
    .addHelpText(
      'after',
      `
Example:
  evalmesh genesis delegate --home ./anna --chain ws://127.0.0.1:9944 --netuid 3 \\
    --hotkey ~/.bittensor/wallets/anna/hotkeys/default`,
    )
    .action(delegate)
  genesis
    .command('params')
    .description('print the parameters of one competition: the published rules, and the reference’s time on this host')
    .requiredOption('--competition <id>', `one of ${[...COMPETITIONS.keys()].join(', ')}`)
    .option('--pool <dir>', 'the pool that matrices are drawn from')
    .option('--contract <name>', `what training is held to: ${contractNames.join(', ')}`, 'tiny')
    .option('--image <name>', `one of ${recipeNames.join(', ')}; all competitions of a mesh share one`)
    .option('--set <name=value...>', 'change a parameter', [])
    .option('--demo', 'the parameters of a demo on one machine instead of the published ones')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap', 'auto')
    .option('--yes', 'install missing system packages without asking')
    .option('--json', 'print it on one line')
    .addHelpText(
      'after',
      `
The reference’s time becomes part of every score: run it on a host like those that validators will use, and quiet.

Example:
  evalmesh genesis params --competition matrix-lossless --pool ./pool --set sharePpm=500000 > lossless.json`,
    )
    .action(params)
  addSubnet(
    genesis.command('make').description('make a mesh’s genesis document from the chain, delegations and parameters'),
  )
    .requiredOption('--delegation <file...>', 'of each founding member')
    .requiredOption('--params <file...>', 'of each competition, as `genesis params` prints it')
    .option('--set <name=value...>', `of the mesh: ${Object.keys(MESH_DEFAULTS).join(', ')}`, [])
    .option('--out <file>', 'where to write it; never over a file that is there', 'genesis.json')
    .option('--dry-run', 'check everything, show the committee, write nothing')
    .addHelpText(
      'after',
      `
Members and weights follow from the chain’s newest final block and the delegations; whoever has a permit and did not
delegate joins later with \`evalmesh init\`.

Exit codes: 2 wrong usage, 3 no such file, 5 a delegation or parameter that no validator would take, 6 the chain does not answer.

Example:
  evalmesh genesis make --chain ws://127.0.0.1:9944 --netuid 3 --delegation anna.json bela.json cora.json dino.json \\
    --params lossless.json --out genesis.json`,
    )
    .action(make)
  genesis
    .command('check')
    .description('compare a genesis document with the chain, and say which mesh it is')
    .argument('<file>', 'the genesis document')
    .requiredOption('--chain <url>', 'endpoints of the chain that you trust')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Compare the mesh’s digest with what the other members see.

Exit codes: 3 no such file, 5 no genesis document, 6 the chain does not answer, 9 the chain says otherwise.

Example:
  evalmesh genesis check genesis.json --chain ws://127.0.0.1:9944`,
    )
    .action(check)
}
