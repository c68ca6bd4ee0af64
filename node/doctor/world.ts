/** What the doctor asks of the world: the chain and this hotkey's place on it, the time that others have, and whether they can be reached. */
import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import type { Genesis, Key } from '../../protocol/index.ts'
import type { StatusView } from '../api/views.ts'
import { openChain } from '../chain/open.ts'
import type { Chain, Metagraph, Neuron } from '../chain/port.ts'
import type { ValidatorConfig } from '../home/config.ts'
import { fail, messageOf, ok, skip, type Verdict, warn } from './check.ts'

const PATIENCE_MS = 10_000
/** HTTP tells whole seconds. Hidden weights are encrypted to a moment some blocks ahead: with ten seconds that may be missed. */
const CLOCK_MS = { off: 2_000, wrong: 10_000 }

const within = async <T>(work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}

/** An endpoint that was asked alone. */
const askEndpoint = async (endpoint: string): Promise<{ readonly genesis: Key; readonly block: number }> => {
  const chain = await openChain(endpoint)
  try {
    const [genesis, head] = await within(Promise.all([chain.genesisHash(), chain.finalizedHead()]))
    return { genesis, block: head.number }
  } finally {
    await chain.close()
  }
}

export const endpointsOf = ({ chain }: Pick<ValidatorConfig, 'chain'>): readonly string[] =>
  chain.split(',').map((one) => one.trim())

export const checkChain = async (config: ValidatorConfig, genesis: Genesis | null): Promise<Verdict> => {
  const looks = endpointsOf(config).map(async (endpoint) => {
    try {
      return { endpoint, ...(await askEndpoint(endpoint)) }
    } catch (error) {
      return { endpoint, fault: messageOf(error) }
    }
  })
  const all = await Promise.all(looks)
  const told = all.map((one) => `${one.endpoint} ${'fault' in one ? one.fault : `block ${one.block}`}`).join('; ')
  const answers = all.flatMap((one) => ('fault' in one ? [] : [one]))
  const mend = 'look at the chain’s node, or change `chain` in config.json'
  if (answers.length === 0) return fail(told, mend)
  const other = answers.find((one) => genesis !== null && one.genesis !== genesis.chainGenesis)
  if (other !== undefined)
    return fail(`${other.endpoint} is another chain than the mesh’s`, 'change `chain` in config.json')
  return answers.length < all.length ? warn(told, mend) : ok(told)
}

export type Place = {
  readonly registration: Verdict
  readonly permit: Verdict
  readonly stake: Verdict
  readonly weights: Verdict
}

const same = (verdict: Verdict): Place => ({ registration: verdict, permit: verdict, stake: verdict, weights: verdict })

const tao = (rao: bigint): string => `${rao / 1_000_000_000n}.${`${rao % 1_000_000_000n}`.padStart(9, '0').slice(0, 3)}`

const permitOf = (neuron: Neuron, { epochStart, tempo }: Metagraph): Verdict => {
  if (neuron.permit) return ok('yes')
  if (neuron.stakeRao === 0n) return fail('no', 'stake to the hotkey: permits go to the largest stakes')
  return warn('no', `permits are given at block ${epochStart + tempo}, to the largest stakes`)
}

const weightsOf = (neuron: Neuron, block: number, cutoff: number): Verdict => {
  if (neuron.lastUpdate === 0) return ok('none set yet')
  const age = block - neuron.lastUpdate
  const found = `last set ${age} blocks ago; silent after ${cutoff}`
  return neuron.permit && age > cutoff / 2
    ? warn(found, 'see “weights” in the log: what was refused, and why')
    : ok(found)
}

const readPlace = async (chain: Chain, netuid: number, hotkey: Key): Promise<Place> => {
  const { number: block } = await chain.finalizedHead()
  const metagraph = await chain.metagraphAt({ netuid, block })
  const neuron = metagraph.neurons.find((one) => one.hotkey === hotkey)
  if (neuron === undefined) {
    const registration = fail(
      `the hotkey has no uid on subnet ${netuid}`,
      'register it: btcli subnet register, or evalmesh devnet fund',
    )
    return { ...same(skip('the hotkey is not registered')), registration }
  }
  const { stakeThreshold, activityCutoff } = await chain.yumaInputAt({ netuid, block })
  const rank = metagraph.neurons.filter((one) => one.stakeRao > neuron.stakeRao).length + 1
  const stake = `${tao(neuron.stakeRao)}, rank ${rank} of ${metagraph.neurons.filter((one) => one.stakeRao > 0n).length}`
  const isEnough = neuron.stakeRao > 0n && neuron.stakeRao >= stakeThreshold
  return {
    registration: ok(`uid ${neuron.uid} on subnet ${netuid}`),
    permit: permitOf(neuron, metagraph),
    stake: isEnough ? ok(stake) : fail(stake, `stake to the hotkey; weights need ${tao(stakeThreshold)} at least`),
    weights: weightsOf(neuron, block, activityCutoff),
  }
}

/** Where the hotkey stands on the subnet. */
export const checkPlace = async (config: ValidatorConfig, netuid: number, hotkey: Key): Promise<Place> => {
  let chain: Chain | null = null
  try {
    chain = await openChain(config.chain)
    return await within(readPlace(chain, netuid, hotkey))
  } catch (error) {
    return same(skip(`the chain does not tell: ${messageOf(error)}`))
  } finally {
    await chain?.close()
  }
}

/** Milliseconds that this clock is ahead of the one behind an address; null when it tells no time. */
const aheadOf = async (endpoint: string): Promise<number | null> => {
  const before = Date.now()
  try {
    const url = endpoint.replace(/^ws/, 'http')
    const response = await fetch(url, { method: 'GET', signal: AbortSignal.timeout(PATIENCE_MS) })
    await response.body?.cancel()
    const date = Date.parse(response.headers.get('date') ?? '')
    // The second that it names began up to a second ago.
    return Number.isNaN(date) ? null : (before + Date.now()) / 2 - (date + 500)
  } catch {
    return null
  }
}

/** The clock against the chain's endpoints: of several the middle one. */
export const checkClock = async (config: ValidatorConfig): Promise<Verdict> => {
  const asked = await Promise.all(endpointsOf(config).map(aheadOf))
  const told = asked.filter((ahead) => ahead !== null).sort((a, b) => a - b)
  const middle = told[Math.floor((told.length - 1) / 2)]
  const mend = 'timedatectl set-ntp true'
  if (middle === undefined)
    return warn('no endpoint of the chain tells the time', `look yourself: timedatectl; then ${mend}`)
  const found = `${(Math.abs(middle) / 1_000).toFixed(1)} s ${middle < 0 ? 'behind' : 'ahead of'} the chain’s endpoints`
  if (Math.abs(middle) > CLOCK_MS.wrong) return fail(found, mend)
  return Math.abs(middle) > CLOCK_MS.off ? warn(found, mend) : ok(found)
}

const isReachable = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const parts = multiaddr(address).getComponents()
    const host = parts.find(({ name }) => ['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(name))?.value
    const port = Number(parts.find(({ name }) => name === 'tcp')?.value)
    if (host === undefined || !Number.isInteger(port)) return resolve(false)
    const socket = connect({ host, port, timeout: PATIENCE_MS })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })

export const checkPeers = async ({ peers }: ValidatorConfig): Promise<Verdict> => {
  if (peers.length === 0)
    return warn('none named', 'name other validators in `peers`, or wait until they name this one')
  const answers = await Promise.all(peers.map(isReachable))
  const away = peers.filter((_, index) => !answers[index])
  const found = `${peers.length - away.length} of ${peers.length} answer`
  if (away.length === peers.length) return fail(found, 'a firewall, or old addresses in `peers`')
  return away.length > 0 ? warn(`${found}; away: ${away.join(', ')}`, 'their operators know') : ok(found)
}

/** What the running validator says of itself. */
export const checkMesh = async ({ api }: ValidatorConfig): Promise<Verdict> => {
  const host = api.host.includes(':') ? `[${api.host}]` : api.host
  const url = `http://${host}:${api.port}/status`
  let status: Pick<StatusView, 'ready' | 'reason' | 'members' | 'height'>
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    status = (await response.json()) as typeof status
  } catch (error) {
    return warn(`${url} does not answer: ${messageOf(error)}`, 'it may still be starting; see its log')
  }
  const found = `height ${status.height}: ${status.reason}`
  if (!status.ready) return fail(found, 'docs/VALIDATOR.md, “Start, look, stop”')
  const isSeated = status.members.some(({ self }) => self)
  return isSeated
    ? ok(found)
    : warn(found, 'it has a seat from the epoch on that finds a permit, stake and its delegation')
}
