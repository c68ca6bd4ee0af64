/** A real local chain process for tests: spawned on a temporary folder, killed and restarted at will, gone at the end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ed25519 } from '@noble/curves/ed25519.js'
import { getPublicKey, secretFromSeed, sign } from '@scure/sr25519'
import type { GenesisSpec } from '../../../node/chain/local/genesis.ts'
import type { HotkeySigner } from '../../../node/chain/port.ts'

/** The program under test. */
export const main = new URL('../../../node/chain/local/main.ts', import.meta.url).pathname

/** The same name, the same key: tests need no secrets. */
export function signerOf(name: string, scheme: HotkeySigner['scheme'] = 'sr25519'): HotkeySigner {
  const seed = hash('sha256', `evalmesh test key ${name}`, 'buffer')
  if (scheme === 'ed25519') {
    const publicKey = Buffer.from(ed25519.getPublicKey(seed)).toString('hex')
    return { publicKey, scheme, sign: (bytes) => ed25519.sign(bytes, seed) }
  }
  const secret = secretFromSeed(seed)
  const publicKey = Buffer.from(getPublicKey(secret)).toString('hex')
  return { publicKey, scheme: 'sr25519', sign: (bytes) => sign(secret, bytes) }
}

export type Devnet = {
  readonly dir: string
  readonly endpoint: string
  readonly genesisHash: string
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again on the same folder and port. */
  restart(): Promise<void>
  /** One raw RPC call: the whole answer, errors included. */
  rpc(method: string, params?: object): Promise<RpcAnswer>
  /** Kills it and removes its folder. */
  destroy(): Promise<void>
}

export type RpcAnswer = {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly data?: { readonly code: string; readonly facts: object } }
}

/** `args` are more arguments for the process. */
export async function startDevnet(spec: GenesisSpec, args: readonly string[] = []): Promise<Devnet> {
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-chain-'))
  await writeFile(join(dir, 'genesis.json'), JSON.stringify(spec))
  let running = await start(['--dir', dir, ...args])
  const { endpoint, genesisHash } = running.ready
  const kill = async (): Promise<void> => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return
    const gone = once(running.child, 'exit')
    running.child.kill('SIGKILL')
    await gone
  }
  return {
    dir,
    endpoint,
    genesisHash,
    kill,
    async restart() {
      running = await start(['--dir', dir, '--port', new URL(endpoint).port, ...args])
    },
    async rpc(method, params = {}) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const response = await fetch(endpoint, { method: 'POST', body })
      return (await response.json()) as RpcAnswer
    },
    async destroy() {
      await kill()
      await rm(dir, { recursive: true })
    },
  }
}

type Ready = { readonly endpoint: string; readonly genesisHash: string }

/** The lifeline takes the chain along when the test's own process dies. */
async function start(args: readonly string[]): Promise<{ readonly child: ChildProcess; readonly ready: Ready }> {
  const child = spawn(process.execPath, [main, '--lifeline', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ready: JSON.parse(line) as Ready }
  }
  throw new Error(`the chain ended before it was ready: ${child.exitCode}`)
}
