/** The command `evalmesh devnet fund`: gives a hotkey a place and stake on a demo's local chain, as btcli does on a real one. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { encodeSs58, parseGenesis } from '../../protocol/index.ts'
import { createLocalChain } from '../chain/local-chain.ts'
import { ChainError } from '../chain/port.ts'
import { loadConfig } from '../home/config.ts'
import { loadHotkey } from '../home/keys.ts'
import { CliError, EXIT, print, printJson } from './output.ts'

const RAO = 1_000_000_000n
/** A final block of the demo's chain comes within a second. */
const PATIENCE_MS = 60_000

type Flags = { readonly home: string; readonly dir: string; readonly stake: string; readonly json?: boolean }

const toRao = (tao: string): bigint => {
  const [, whole = '', part = ''] = /^(\d{1,8})(?:\.(\d{1,9}))?$/.exec(tao) ?? []
  if (whole === '') throw new CliError({ exitCode: EXIT.usage, message: `--stake ${tao} is no amount of TAO` })
  return BigInt(whole) * RAO + BigInt(part.padEnd(9, '0'))
}

const fund = async (flags: Flags): Promise<void> => {
  const amountRao = toRao(flags.stake)
  const config = await loadConfig(flags.home, {})
  const { netuid } = parseGenesis(await readFile(config.genesis))
  const { publicKey: hotkey } = await loadHotkey(config.home, config.hotkey)
  const purse = await loadHotkey(join(flags.dir, 'coldkey'))
  if (!config.chain.startsWith('http'))
    throw new CliError({ exitCode: EXIT.usage, message: 'only a local chain is funded so; on a real one use btcli' })
  const chain = createLocalChain({ endpoint: config.chain })
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    const { number: block } = await chain.finalizedHead()
    const { neurons } = await chain.metagraphAt({ netuid, block })
    if (!neurons.some((neuron) => neuron.hotkey === hotkey))
      await chain.submit({ call: { kind: 'burned_register', netuid, hotkey }, signer: purse, signal })
    const call = { kind: 'add_stake', hotkey, amountRao } as const
    const staked = await chain.submit({ call, signer: purse, signal })
    const after = await chain.metagraphAt({ netuid, block: staked.block.number })
    const neuron = after.neurons.find((one) => one.hotkey === hotkey)
    const nextEpochBlock = after.epochStart + after.tempo
    const told = { hotkey: encodeSs58(hotkey), uid: neuron?.uid, stakeRao: neuron?.stakeRao, nextEpochBlock }
    if (flags.json) printJson(told)
    else
      print(
        `${told.hotkey} has uid ${told.uid} and ${flags.stake} TAO more; permits are given at block ${nextEpochBlock}`,
      )
  } catch (error) {
    if (!(error instanceof ChainError)) throw error
    const hint = `${error.message}; is --dir the folder that \`npm run demo -- --keep\` named?`
    throw new CliError({ exitCode: EXIT.unavailable, message: 'the local chain refused it', hint })
  } finally {
    await chain.close()
  }
}

export const addDevnet = (program: Command): void => {
  program
    .command('devnet')
    .description('help for development meshes')
    .command('fund')
    .description('register a home’s hotkey on a demo’s local chain and stake to it, from the demo’s purse')
    .requiredOption('--home <dir>', 'the validator’s home, with its config.json')
    .requiredOption('--dir <dir>', 'the demo’s folder: `npm run demo -- --keep` names it')
    .option('--stake <tao>', 'how much', '900')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  evalmesh devnet fund --home ./erik --dir /tmp/evalmesh-demo-abc123 --stake 900\n',
    )
    .action(fund)
}
