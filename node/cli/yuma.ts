/** The command `evalmesh yuma`: what the chain's next epoch will make of the weights that are set, to the last unit. */
import type { Command } from 'commander'
import { encodeSs58, predictYuma, type YumaInput, type YumaRow } from '../../protocol/index.ts'
import { asIfAllSet } from '../chain/forecast.ts'
import { openChain } from '../chain/open.ts'
import type { Neuron } from '../chain/port.ts'
import { CliError, EXIT, print, printJson, table } from './output.ts'

type Flags = {
  readonly chain: string
  readonly netuid: string
  readonly ifAllSet?: string
  readonly json?: boolean
}

const netuidOf = (text: string): number => {
  const netuid = Number(text)
  if (/^\d{1,5}$/.test(text) && netuid <= 65_535) return netuid
  throw new CliError({ exitCode: EXIT.usage, message: `--netuid ${text} is no subnet`, hint: 'give 1 to 65535' })
}

/** The stored row of the hotkey with this SS58 address. */
const rowOf = (input: YumaInput, neurons: readonly Neuron[], address: string): YumaRow => {
  const uid = neurons.findIndex(({ hotkey }) => encodeSs58(hotkey) === address)
  const row = input.neurons[uid]?.weights ?? []
  if (row.length > 0) return row
  const message = uid < 0 ? `${address} is not registered on this subnet` : `${address} has set no weights`
  throw new CliError({ exitCode: EXIT.notFound, message })
}

const u16 = (value: number): string => `${value} (${((100 * value) / 65_535).toFixed(2)} %)`

const run = async (flags: Flags): Promise<void> => {
  const netuid = netuidOf(flags.netuid)
  const chain = await openChain(flags.chain)
  try {
    const block = await chain.finalizedHead()
    const { neurons } = await chain.metagraphAt({ netuid, block: block.number })
    const stored = await chain.yumaInputAt({ netuid, block: block.number })
    const input = flags.ifAllSet === undefined ? stored : asIfAllSet(stored, rowOf(stored, neurons, flags.ifAllSet))
    const outcome = predictYuma(input)
    const slots = neurons.map(({ uid, hotkey, permit }) => ({
      uid,
      hotkey: encodeSs58(hotkey),
      permit,
      active: outcome.active[uid] ?? false,
      activeStakePpm: Number(((outcome.stake[uid] ?? 0n) * 1_000_000n) >> 32n),
      validatorTrust: outcome.validatorTrust[uid] ?? 0,
      consensus: outcome.consensus[uid] ?? 0,
      incentive: outcome.incentive[uid] ?? 0,
    }))
    if (flags.json) return printJson({ netuid, block, slots })
    const shown = slots.filter((slot) => slot.permit || slot.consensus > 0)
    const rows = shown.map((slot) => [
      String(slot.uid),
      slot.hotkey,
      slot.permit ? `${(slot.activeStakePpm / 10_000).toFixed(2)} %${slot.active ? '' : ' (silent)'}` : '-',
      slot.permit ? u16(slot.validatorTrust) : '-',
      u16(slot.consensus),
      u16(slot.incentive),
    ])
    print(`subnet ${netuid} at block ${block.number}${flags.ifAllSet === undefined ? '' : ', if all set that row'}`)
    print(table([['uid', 'hotkey', 'active stake', 'trust', 'consensus', 'incentive'], ...rows]))
  } finally {
    await chain.close()
  }
}

export const addYuma = (program: Command): void => {
  program
    .command('yuma')
    .description('tell what the chain’s next epoch will make of the weights that are set: consensus, trust, incentive')
    .requiredOption('--chain <url>', 'endpoint of the chain')
    .requiredOption('--netuid <number>', 'the subnet')
    .option('--if-all-set <ss58>', 'what it would be if every validator set the row of this hotkey')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  evalmesh yuma --chain http://127.0.0.1:9944 --netuid 7')
    .action(run)
}
