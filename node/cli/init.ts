/** The command `evalmesh init`: makes the home of a validator that joins a running mesh: keys, genesis document and one commented configuration. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { domainsOf, encodeSs58, type Genesis, parseGenesis } from '../../protocol/index.ts'
import { createFile, isThere } from '../files.ts'
import { configFileOf, parseConfig } from '../home/config.ts'
import { printConfig } from '../home/config-file.ts'
import { loadDelegation } from '../home/delegation.ts'
import { completeValidatorKeys, hotkeyFileOf as homeHotkeyOf, loadHotkey, type ValidatorKeys } from '../home/keys.ts'
import { toPeerId } from '../mesh/index.ts'
import { askApi, askBytes } from './api-client.ts'
import { apiPlaceOf } from './api-place.ts'
import { type Ask, withQuestions } from './ask.ts'
import { CliError, EXIT, print, printJson, table } from './output.ts'

type Flags = {
  readonly home: string
  readonly join?: string
  readonly genesis?: string
  readonly mesh?: string
  readonly chain?: string
  readonly peer?: readonly string[]
  readonly name?: string
  readonly listen?: readonly string[]
  readonly api?: string
  readonly engine?: string
  readonly image?: string
  readonly pool?: readonly string[]
  readonly hotkey?: string
  readonly wallet?: string
  readonly walletHotkey: string
  readonly walletPath: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

const usage = (message: string, hint = ''): CliError => new CliError({ exitCode: EXIT.usage, message, hint })

/** Asks for what was not given, with what the mesh and the defaults suggest. */
const complete = async (flags: Flags, ask: Ask): Promise<Flags> => {
  const from =
    flags.join ?? (flags.genesis === undefined ? await ask('HTTP interface of a validator to join by', '') : '')
  const genesis = flags.genesis ?? (from === '' ? await ask('genesis document (file)', 'genesis.json') : undefined)
  const isAlone = from === '' && flags.peer === undefined
  const named = isAlone ? await ask('addresses of other validators, with spaces between', '') : ''
  const peer = isAlone ? named.split(/\s+/).filter((one) => one !== '') : flags.peer
  const chain = flags.chain ?? (await ask('chain endpoints, the most trusted first', 'ws://127.0.0.1:9944'))
  const name = flags.name ?? (await ask('name, shown in the log and in status', 'validator'))
  const isHotkeyGiven = flags.hotkey !== undefined || flags.wallet !== undefined
  const hotkey = isHotkeyGiven ? flags.hotkey : await ask('hotkey file of a wallet (empty: a new hotkey)', '')
  const listen = flags.listen ?? [await ask('libp2p address', '/ip4/0.0.0.0/tcp/4001')]
  const api = flags.api ?? (await ask('HTTP interface, HOST:PORT', '127.0.0.1:8080'))
  const given = { ...flags, chain, name, listen, api }
  return {
    ...given,
    ...(from === '' ? {} : { join: from }),
    ...(genesis === undefined ? {} : { genesis }),
    ...(peer === undefined ? {} : { peer }),
    ...(hotkey === undefined || hotkey === '' ? {} : { hotkey }),
  }
}

const isHttp = (text: string): boolean => /^https?:\/\//.test(text)

const readGenesis = async (flags: Flags): Promise<Uint8Array> => {
  const { genesis, join: api } = flags
  if (genesis !== undefined && isHttp(genesis)) return askBytes(new URL(genesis).origin, new URL(genesis).pathname)
  if (genesis !== undefined) return readFile(genesis)
  if (api !== undefined) return askBytes(api, '/genesis')
  throw usage('give --join URL, or --genesis FILE and --peer ADDRESS', 'see `evalmesh init --help`')
}

/** Loopback addresses of another machine lead nowhere. */
const peersOf = async ({ join: api, peer }: Flags): Promise<readonly string[]> => {
  if (peer !== undefined) return peer
  if (api === undefined) return []
  const { addresses } = await askApi<{ addresses: readonly string[] }>(api, '/peers', 'addresses')
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(api).hostname)
  return addresses.filter((address) => isHere || !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address))
}

/** Null: the home's own. */
const hotkeyFileOf = (flags: Flags): string | null => {
  const { hotkey, wallet, walletHotkey, walletPath } = flags
  if (hotkey !== undefined && wallet !== undefined) throw usage('give --hotkey or --wallet, not both')
  if (hotkey !== undefined) return resolve(hotkey)
  return wallet === undefined ? null : resolve(walletPath, wallet, 'hotkeys', walletHotkey)
}

/** A home that `evalmesh genesis delegate` was run in speaks for one hotkey already: with another, or a new one, it would never have a seat. */
const checkDelegated = async (home: string, hotkeyFile: string | null): Promise<void> => {
  const delegated = (await loadDelegation(home))?.body.hotkey
  if (delegated === undefined) return
  const isMade = hotkeyFile !== null || (await isThere(homeHotkeyOf(home)))
  const hotkey = isMade ? await loadHotkey(home, hotkeyFile ?? undefined) : null
  if (hotkey?.publicKey === delegated) return
  const named = hotkey === null ? 'a new hotkey would be made' : `${encodeSs58(hotkey.publicKey)} was given`
  throw usage(
    `the delegation in ${home} is of hotkey ${encodeSs58(delegated)}, and ${named}`,
    'give --hotkey or --wallet with that hotkey, or choose another --home',
  )
}

type Layout = {
  readonly config: string
  readonly genesis: Uint8Array
  readonly document: Genesis
  readonly hotkeyFile: string | null
  readonly peers: readonly string[]
}

/** Everything that will be written, checked as a validator would check it. */
const layOut = async (flags: Flags): Promise<Layout> => {
  const { chain, name, listen, api, engine, image, pool } = flags
  if (chain === undefined)
    throw usage('give --chain', 'ws:// endpoints of Subtensor nodes, or the http:// of a local chain')
  const genesis = await readGenesis(flags)
  const document = parseGenesis(genesis)
  const { mesh } = domainsOf(document)
  if (flags.mesh !== undefined && !mesh.startsWith(flags.mesh.toLowerCase())) {
    const hint = 'you were given the document of another mesh: do not go on'
    throw new CliError({ exitCode: EXIT.contradicted, message: `this is mesh ${mesh}, not ${flags.mesh}`, hint })
  }
  const peers = await peersOf(flags)
  const hotkeyFile = hotkeyFileOf(flags)
  if (hotkeyFile !== null) await loadHotkey(flags.home, hotkeyFile)
  await checkDelegated(resolve(flags.home), hotkeyFile)
  const chosen = {
    name,
    hotkey: hotkeyFile ?? undefined,
    listen,
    peers,
    api: api === undefined ? undefined : apiPlaceOf(api),
    engine,
    image,
    pools: pool?.map((dir) => resolve(dir)),
  }
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined))
  parseConfig({ chain, ...given }, resolve(flags.home))
  return { config: printConfig({ chain, ...given }), genesis, document, hotkeyFile, peers }
}

/** Keys first, the configuration last: a home without one is an unfinished one, and the command goes on where it ended. */
const write = async (home: string, layout: Layout): Promise<ValidatorKeys> => {
  const keys = await completeValidatorKeys(home, layout.hotkeyFile)
  const genesisFile = join(home, 'genesis.json')
  if (await isThere(genesisFile)) {
    if (!Buffer.from(layout.genesis).equals(await readFile(genesisFile)))
      throw usage(`${genesisFile} is another mesh’s`, 'choose another --home')
  } else await createFile(genesisFile, layout.genesis)
  await createFile(configFileOf(home), layout.config)
  return keys
}

const run = async (given: Flags): Promise<void> => {
  const home = resolve(given.home)
  if (await isThere(configFileOf(home)))
    throw usage(`${configFileOf(home)} is there already and is never overwritten`, 'edit it, or choose another --home')
  const isComplete = given.chain !== undefined && (given.join !== undefined || given.genesis !== undefined)
  const mayAsk = process.stdin.isTTY === true && process.stderr.isTTY === true
  const flags = isComplete || !mayAsk ? given : await withQuestions((ask) => complete(given, ask))
  const layout = await layOut(flags)
  const { document, peers } = layout
  const facts = {
    home,
    mesh: domainsOf(document).mesh,
    netuid: document.netuid,
    chainGenesis: document.chainGenesis,
    peers,
  }
  if (flags.dryRun) {
    if (flags.json) return printJson({ ...facts, dryRun: true, config: layout.config })
    return print(`${layout.config}\ndry run: nothing was written to ${home}`)
  }
  const { hotkey, peerSeed } = await write(home, layout)
  const made = { ...facts, hotkey: encodeSs58(hotkey.publicKey), peerId: await toPeerId(peerSeed) }
  if (flags.json) return printJson(made)
  print(
    [
      table([
        ['what', 'value'],
        ['hotkey', made.hotkey],
        ['peer', made.peerId],
        ['mesh', `${made.mesh}  (compare it with what another operator says)`],
        ['subnet', String(made.netuid)],
        ['peers', String(peers.length)],
        ['configuration', configFileOf(home)],
      ]),
      '',
      'Next: register the hotkey and stake to it, then',
      `  evalmesh doctor --home ${given.home}`,
      `  evalmesh validator --home ${given.home}`,
    ].join('\n'),
  )
}

export const addInit = (program: Command): void => {
  program
    .command('init')
    .description('make the home of a validator that joins a running mesh; asks at a terminal, or takes flags')
    .requiredOption('--home <dir>', 'the new home; nothing in it is ever overwritten')
    .option('--join <url>', 'HTTP interface of a validator: gives the genesis document and the peers')
    .option('--genesis <file>', 'the genesis document, a file or an http address, instead of --join’s')
    .option('--mesh <digest>', 'what you were told the mesh is: another document is refused; the first digits do')
    .option('--chain <url>', 'endpoints of the chain that you trust')
    .option('--peer <multiaddr...>', 'other validators, with /p2p/, instead of --join’s')
    .option('--name <name>', 'shown in logs and status')
    .option('--listen <multiaddr...>', 'addresses to listen on')
    .option('--api <host:port>', 'where to serve the read-only HTTP interface')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap')
    .option('--image <name>', 'numpy or torch')
    .option('--pool <dir...>', 'matrix pools to serve to the committee')
    .option('--hotkey <file>', 'the hotkey’s file; a new hotkey if none is given')
    .option('--wallet <name>', 'a Bittensor wallet, whose hotkey is read where it lies')
    .option('--wallet-hotkey <name>', 'which of its hotkeys', 'default')
    .option('--wallet-path <dir>', 'where the wallets are', join(homedir(), '.bittensor', 'wallets'))
    .option('--dry-run', 'check everything, show the configuration, write nothing')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Nothing is taken on trust but the chain endpoint: compare the mesh's digest with what another operator says, or give it with --mesh.

Exit codes: 2 wrong usage or a home that is in use, 4 a key, 6 nobody answers, 9 another mesh than --mesh.

Examples:
  evalmesh init --home ./erik
  evalmesh init --home ./erik --join http://127.0.0.1:8080 --chain http://127.0.0.1:9944 --name erik \\
    --listen /ip4/127.0.0.1/tcp/4005 --api 127.0.0.1:8085
  evalmesh init --home ./erik --genesis ./genesis.json --peer /ip4/10.0.0.5/tcp/4001/p2p/12D3Koo... \\
    --chain wss://entrypoint-finney.opentensor.ai:443 --wallet erik --wallet-hotkey default`,
    )
    .action(run)
}
