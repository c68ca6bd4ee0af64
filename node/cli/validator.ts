/** The command `evalmesh validator`: runs a validator until it is told to stop. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { startValidator } from '../compose.ts'
import type { StopReason } from '../head-watch.ts'
import { loadConfig } from '../home/config.ts'
import { createLineCounter, createLog } from '../log.ts'
import { apiPlaceOf } from './api-place.ts'
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
  readonly stopAtBlock?: string
  readonly lifeline?: boolean
}

/** A sandbox is ended within seconds; below what systemd and Docker wait before they kill. */
const STOP_MS = 20_000

const run = async (flags: Flags, version: string): Promise<void> => {
  const { home, peer, pool, api, lifeline, stopAtBlock, ...rest } = flags
  const here = (path: string): string => resolve(path)
  const config = await loadConfig(home, {
    ...rest,
    genesis: rest.genesis && here(rest.genesis),
    peers: peer,
    pools: pool?.map(here),
    api: api === undefined ? undefined : apiPlaceOf(api),
    stopAtBlock: stopAtBlock === undefined ? undefined : Number(stopAtBlock),
  })
  const lines = createLineCounter()
  const log = createLog({ name: config.name, level: config.logLevel, count: lines.count })
  const onFatal = (error: unknown): void => {
    log.fatal({ error: error instanceof Error ? (error.stack ?? error.message) : `${error}` }, 'cannot go on')
    // Nothing may be signed or sent after a failed write or a broken invariant: end at once, the journal is whole.
    process.exit(EXIT.bug)
  }
  process.on('uncaughtException', onFatal)
  process.on('unhandledRejection', onFatal)
  const { stop, close, ...validator } = await startValidator({ config, log, logLines: lines.counts, version, onFatal })
  printJson({ event: 'ready', ...validator, pid: process.pid })
  const told = new Promise<null>((end) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(null))
    if (lifeline) process.stdin.once('end', () => end(null)).resume()
  })
  const reason = await Promise.race([told, stop])
  progress('stopping')
  // A second signal, or an engine that hangs, does not wait: the journal is whole whenever the process ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT.interrupted))
  const timer = setTimeout(() => {
    log.warn({ afterMs: STOP_MS }, 'stopping takes too long: ended at once')
    process.exit(exitCodeFor(reason))
  }, STOP_MS)
  await close()
  clearTimeout(timer)
  process.exit(exitCodeFor(reason))
}

/** A configuration that stops the node at once is wrong: whoever starts it again and again should stop to. */
const exitCodeFor = (reason: StopReason | null): number => (reason === 'passed' ? EXIT.usage : EXIT.ok)

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
    .option('--stop-at-block <n>', 'stop at this finalised block, for an upgrade that all make at once')
    .option('--lifeline', 'stop when stdin ends')
    .addHelpText(
      'after',
      `
Flags win over HOME/config.json, which has the same names (see docs/VALIDATOR.md).
Prints one JSON line when it is ready; logs are JSON lines on stderr; SIGTERM stops it.

Exit codes: 0 stopped as told, 1 it cannot go on, 2 wrong usage or configuration or a stop block that has passed, 3 a file is not there,
4 a key, or a home that was moved, rolled back or damaged, 5 the genesis document is none, 6 this machine or its surroundings.

Examples:
  evalmesh validator --home ./anna
  evalmesh validator --home ./anna --stop-at-block 4800000
  evalmesh validator --home ./anna --chain http://127.0.0.1:9944 --genesis ./genesis.json \\
    --listen /ip4/127.0.0.1/tcp/4001 --peer /ip4/127.0.0.1/tcp/4002/p2p/12D3Koo...`,
    )
    .action((flags: Flags) => run(flags, program.version() ?? ''))
}
