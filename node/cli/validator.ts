/** The command `evalmesh validator`: runs a validator until it is told to stop. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { startValidator } from '../compose.ts'
import { loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { EXIT, printJson, progress } from './output.ts'

type Flags = {
  readonly home: string
  readonly name?: string
  readonly genesis?: string
  readonly chain?: string
  readonly listen?: readonly string[]
  readonly peer?: readonly string[]
  readonly api?: string
  readonly engine?: string
  readonly pool?: readonly string[]
  readonly logLevel?: string
  readonly lifeline?: boolean
}

const toApi = (text: string | undefined) => {
  if (text === undefined) return undefined
  const url = new URL(`http://${text}`)
  return { host: url.hostname, port: Number(url.port) }
}

const run = async (flags: Flags): Promise<void> => {
  const { home, peer, pool, api, lifeline, ...rest } = flags
  const here = (path: string): string => resolve(path)
  const config = await loadConfig(home, {
    ...rest,
    genesis: rest.genesis && here(rest.genesis),
    peers: peer,
    pools: pool?.map(here),
    api: toApi(api),
  })
  const log = createLog({ name: config.name, level: config.logLevel })
  const onFatal = (error: unknown): void => {
    log.fatal({ error: error instanceof Error ? (error.stack ?? error.message) : `${error}` }, 'cannot go on')
    // Nothing may be signed or sent after a failed write or a broken invariant: end at once, the journal is whole.
    process.exit(EXIT.bug)
  }
  process.on('uncaughtException', onFatal)
  process.on('unhandledRejection', onFatal)
  const validator = await startValidator({ config, log, onFatal })
  printJson({ event: 'ready', ...validator, pid: process.pid })
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop())
    if (lifeline) process.stdin.once('end', () => stop()).resume()
  })
  progress('stopping')
  await validator.close()
  process.exit(EXIT.ok)
}

export const addValidator = (program: Command): void => {
  program
    .command('validator')
    .description('run a validator: evaluate, agree, set weights')
    .requiredOption('--home <dir>', 'its keys, its config.json and its store')
    .option('--name <name>', 'shown in logs and status')
    .option('--genesis <file>', 'the mesh’s genesis document')
    .option('--chain <url>', 'endpoint of the chain')
    .option('--listen <multiaddr...>', 'addresses to listen on, such as /ip4/0.0.0.0/tcp/4001')
    .option('--peer <multiaddr...>', 'other validators, with /p2p/')
    .option('--api <host:port>', 'where to serve the read-only HTTP interface')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap')
    .option('--pool <dir...>', 'matrix pools to serve to the committee')
    .option('--log-level <level>', 'debug, info, warn or error')
    .option('--lifeline', 'stop when stdin ends')
    .addHelpText(
      'after',
      `
Flags win over HOME/config.json, which has the same names (see docs/VALIDATOR.md).
Prints one JSON line when it is ready; logs are JSON lines on stderr; SIGTERM stops it.

Example:
  evalmesh validator --home ./anna --chain http://127.0.0.1:9944 --genesis ./genesis.json \\
    --listen /ip4/127.0.0.1/tcp/4001 --peer /ip4/127.0.0.1/tcp/4002/p2p/12D3Koo...`,
    )
    .action(run)
}
