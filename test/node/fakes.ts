/** Fake ports around the driver, and small values to send through it. */
import { createDriver } from '../../node/machine/driver.ts'
import type { DriverPorts } from '../../node/machine/ports.ts'
import {
  type Domains,
  type Effect,
  type Evidence,
  type Input,
  type JournalRecord,
  messageId,
  type Signed,
  type Unsigned,
} from '../../protocol/index.ts'

export const DIGEST = 'ab'.repeat(32)
export const SIGNATURE = 'cd'.repeat(64)

type Call = readonly [level: string, facts: Readonly<Record<string, unknown>>, event: string]

/** A log that remembers. */
export const createFakeLog = () => {
  const calls: Call[] = []
  const at = (level: string) => (facts: object, event?: string) => {
    calls.push([level, { ...facts }, event ?? ''])
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), calls }
}

export const wake = (at: number): Input => ({ kind: 'wake', at })
export const receipt = (block: number): Unsigned<'receipt'> => ({
  kind: 'receipt',
  body: { submission: DIGEST, hotkey: DIGEST, block },
})

/** A promise and what settles it. */
const notarize = (value: string): Signed => ({
  kind: 'notarize',
  body: { height: 1, view: 0, value, hotkey: DIGEST },
  signature: SIGNATURE,
})
/** Evidence that DIGEST notarized two values, for any domains, its signatures of the right size only. */
export const evidenceIn = (domains: Domains): Evidence => {
  const [first, second] = [notarize(DIGEST), notarize('00'.repeat(32))]
  const body = { netuid: 1, hotkey: DIGEST, scheme: 'sr25519', sessionKey: DIGEST, sealingKey: DIGEST } as const
  const delegation: Evidence['delegation'] = {
    kind: 'delegation',
    body: { ...body, peerId: 'p', fromBlock: 0, toBlock: 9, counter: 1 },
    signature: SIGNATURE,
  }
  const isFirst = messageId(first, domains) < messageId(second, domains)
  return { delegation, messages: isFirst ? [first, second] : [second, first] }
}
export const gate = () => Promise.withResolvers<void>()

/** A driver over a machine whose state is the list of inputs it was given and whose effects the test chooses. */
export const createFakeDriver = (o: {
  readonly effectsOf?: (input: Input, seen: readonly Input[]) => readonly Effect[]
  readonly append?: (records: readonly JournalRecord[]) => Promise<void>
  readonly ports?: Partial<DriverPorts>
}) => {
  const done: string[] = []
  const fatal: unknown[] = []
  const alarms: { at: number | null; ring: () => void }[] = []
  const note = (what: string) => () => {
    done.push(what)
  }
  const ports: DriverPorts = {
    clock: {
      now: () => 7,
      setAlarm: (at, ring) => {
        alarms.push({ at, ring })
        done.push(`alarm ${at}`)
      },
    },
    journal: {
      append: async (records) => {
        await o.append?.(records)
        done.push('persisted')
      },
    },
    signer: {
      sign: (message) => {
        done.push('signed')
        return { ...message, signature: SIGNATURE } as Signed
      },
    },
    network: { broadcast: note('broadcast'), relay: note('relay'), fetch: note('fetch') },
    chain: {
      readBlock: note('readBlock'),
      readMetagraph: note('readMetagraph'),
      readPayment: note('readPayment'),
      setWeights: note('setWeights'),
    },
    measurer: { evaluate: note('evaluate') },
    accuse: note('accuse'),
    notice: note('notice'),
    ...o.ports,
  }
  const driver = createDriver<readonly Input[]>({
    state: [],
    step: (state, input) => ({ state: [...state, input], effects: o.effectsOf?.(input, state) ?? [] }),
    ports,
    onFatal: (error) => fatal.push(error),
  })
  return { driver, done, fatal, alarms, seen: () => driver.read((state) => state) }
}
