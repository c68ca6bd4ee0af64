/** A chain reader over a chain of which a test plays the calls that it needs. */
import type { TestContext } from 'node:test'
import { type BlockRef, type Chain, ChainError } from '../../../node/chain/port.ts'
import { createChainReader } from '../../../node/chain/reader.ts'
import type { Input } from '../../../protocol/index.ts'
import { createFakeLog, DIGEST } from '../fakes.ts'

export const block = (number: number): BlockRef => ({ number, hash: DIGEST })
export const lost = () => new ChainError('CHAIN_UNREACHABLE', {}, { retryable: true })
export const refused = (name: string) => new ChainError('EXTRINSIC_FAILED', { name })
export const receipt = (at: number) => ({ block: block(at), extrinsicIndex: 0, path: 'plain' as const, reveal: null })
export const vector = { uids: [1], values: [65_535] }
export const hotkey = { publicKey: DIGEST, scheme: 'sr25519' as const, sign: () => new Uint8Array(64) }

export const unasked = (): never => {
  throw new Error('not asked for in this test')
}
const chainOf = (calls: Partial<Chain>): Chain => ({
  genesisHash: unasked,
  finalizedHead: unasked,
  followFinalized: unasked,
  blockAt: unasked,
  metagraphAt: unasked,
  yumaInputAt: unasked,
  setWeights: unasked,
  unrevealed: async () => [],
  weightsOf: unasked,
  transfer: unasked,
  transfersAt: unasked,
  close: unasked,
  ...calls,
})

/** `until(count)` resolves when so many inputs have come, or events were logged. */
export const create = (t: TestContext, calls: Partial<Chain>, o: { observer?: boolean; certified?: number } = {}) => {
  const stopping = new AbortController()
  t.after(() => stopping.abort())
  const inputs: Input[] = []
  const fake = createFakeLog()
  const waiting: { done: () => boolean; resolve: () => void }[] = []
  const look = (): void => {
    for (const one of waiting) if (one.done()) one.resolve()
  }
  const told = <A extends readonly unknown[]>(call: (...args: A) => void) => {
    return (...args: A): void => {
      call(...args)
      look()
    }
  }
  const reader = createChainReader({
    chain: chainOf(calls),
    netuid: 1,
    hotkey: o.observer ? null : hotkey,
    certified: () => o.certified ?? null,
    submit: told((input: Input) => inputs.push(input)),
    now: () => 7,
    signal: stopping.signal,
    log: { info: told(fake.info), warn: told(fake.warn), error: told(fake.error) },
    retryMs: 1,
  })
  const until = (done: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ done, resolve })
      look()
    })
  return { reader, inputs, log: fake.calls, until, stop: () => stopping.abort() }
}
