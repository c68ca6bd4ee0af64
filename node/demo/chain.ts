/** The demo's chain as a process of its own: the local chain, or the test chain that speaks as a Subtensor node does. */
import { join } from 'node:path'
import { CliError, EXIT } from '../cli/output.ts'
import { type Child, startProcess } from './process.ts'

export const CHAIN_KINDS = ['local', 'substrate'] as const
export type ChainKind = (typeof CHAIN_KINDS)[number]

type Start = { readonly dir: string; readonly host: string; readonly blockMs: number }

/** How each is started; `endpoint`: where it was before, to come back there. */
const CHAINS: Readonly<
  Record<ChainKind, { readonly entry: string; readonly args: (o: Start, endpoint: string | null) => readonly string[] }>
> = {
  local: {
    entry: 'node/chain/local/main.ts',
    args: ({ host }, endpoint) => ['--host', host, ...(endpoint === null ? [] : ['--port', new URL(endpoint).port])],
  },
  substrate: {
    // A program of the tests, started by its path: it needs packages that no validator does, and the key of a beacon.
    entry: 'test/node/chain/substrate/main.ts',
    // The endpoint that is asked first calls blocks final that are left now and then.
    args: (_, endpoint) => [
      ...[
        '--ports',
        endpoint === null
          ? '0,0,0'
          : endpoint
              .split(',')
              .map((each) => new URL(each).port)
              .join(),
      ],
      ...['--liar', '0', '--finality-lag', '3', '--fork-every', '10'],
    ],
  },
}

export type ChainProcess = {
  /** As `--chain` takes it. */
  readonly endpoint: string
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Starts it again, at the same endpoints. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Resolves when it answers. @throws CliError with what to do, where the test chain has no metadata to serve. */
export const startChain = async (kind: ChainKind, o: Start): Promise<ChainProcess> => {
  const { entry, args } = CHAINS[kind]
  const begin = async (before: string | null): Promise<{ readonly child: Child; readonly endpoint: string }> => {
    const more = ['--dir', o.dir, '--block-ms', `${o.blockMs}`, '--lifeline']
    const child = startProcess({ entry, args: [...more, ...args(o, before)], logFile: join(o.dir, 'log') })
    const ready = await child.ready
    const { hint } = ready
    if (typeof hint === 'string')
      throw new CliError({ exitCode: EXIT.unavailable, message: 'the test chain has nothing to serve', hint })
    return { child, endpoint: String(ready['endpoint']) }
  }
  let { child, endpoint } = await begin(null)
  return {
    endpoint,
    kill: () => child.kill('SIGKILL'),
    start: async () => {
      ;({ child, endpoint } = await begin(endpoint))
    },
    stop: () => child.kill('SIGTERM'),
  }
}
