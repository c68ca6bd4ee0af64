/** The command `evalmesh audit verify`: replays a mesh's log and names every check; needs no stake and believes nobody. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { domainsOf, ProtocolError, parseGenesis } from '../../protocol/index.ts'
import { type AuditReport, verifyArchive } from '../audit/checks.ts'
import { AuditError } from '../audit/replay.ts'
import { type ArchiveSource, openArchive, openPeer } from '../audit/source.ts'
import { openChain } from '../chain/open.ts'
import type { Chain } from '../chain/port.ts'
import { isThere } from '../files.ts'
import { createLog } from '../log.ts'
import { createVerifier } from '../peers/verify.ts'
import { addAuditMeasure } from './audit-measure.ts'
import { CliError, EXIT, print, printJson, progress } from './output.ts'

type Flags = {
  readonly genesis: string
  readonly chain: string
  readonly peer?: string
  readonly archive?: string
  readonly json?: boolean
}

const show = (report: AuditReport): string =>
  [
    ...report.checks.map((check) => `${check.ok ? 'ok  ' : 'FAIL'}  ${check.name}: ${check.detail}`),
    ...(report.outlook === null ? [] : [report.outlook]),
    ...report.standings.map((s) => `leader of ${s.competition}: ${s.submission ?? 'nobody yet'} ${s.miner ?? ''}`),
    `${report.heights} heights, ${report.signaturesChecked} signatures checked: ${report.ok ? 'everything holds' : 'CONTRADICTED'}`,
  ].join('\n')

const openSource = async (flags: Flags, domains: ReturnType<typeof domainsOf>): Promise<ArchiveSource> => {
  const { archive } = flags
  if (archive !== undefined) {
    // A store that is opened where none is would be made, and an empty log contradicts nothing.
    if (await isThere(join(archive, 'store', 'level'))) return openArchive({ home: archive, domains })
    const hint = 'give the home of a validator that has run'
    throw new CliError({ exitCode: EXIT.notFound, message: `${archive} holds no archive`, hint })
  }
  if (flags.peer === undefined) {
    throw new CliError({
      exitCode: EXIT.usage,
      message: 'give --peer (a running validator) or --archive (the home of a stopped one)',
    })
  }
  return openPeer({
    peer: flags.peer,
    domains,
    log: createLog({ name: 'audit', level: 'warn' }),
    // Each question has a limit of its own; a log of years takes as long as it takes.
    signal: new AbortController().signal,
  })
}

const run = async (flags: Flags): Promise<void> => {
  const genesis = parseGenesis(await readFile(flags.genesis))
  const source = await openSource(flags, domainsOf(genesis))
  let chain: Chain | null = null
  try {
    chain = await openChain(flags.chain, { mechanism: genesis.mechanism })
    const onHeight = (height: number): void => {
      if (height % 100 === 0) progress(`height ${height}`)
    }
    const report = await verifyArchive({ genesis, source, chain, verify: createVerifier(), onHeight })
    if (flags.json) printJson(report)
    else print(show(report))
    if (!report.ok) process.exitCode = EXIT.contradicted
  } catch (error) {
    if (!(error instanceof AuditError || error instanceof ProtocolError)) throw error
    const check = error instanceof AuditError ? error.check : 'signatures'
    if (flags.json) printJson({ ok: false, checks: [{ name: check, ok: false, detail: error.message }] })
    throw new CliError({ exitCode: EXIT.contradicted, message: `${check}: ${error.message}` })
  } finally {
    await source.close()
    await chain?.close()
  }
}

export const addAudit = (program: Command): void => {
  const audit = program.command('audit').description('check a mesh’s record')
  addAuditMeasure(audit)
  audit
    .command('verify')
    .description('replay the whole log and name every check: delegations, quorums, links, results, weights on chain')
    .requiredOption('--genesis <file>', 'the mesh’s genesis document')
    .requiredOption('--chain <url>', 'endpoint of the chain')
    .option('--peer <multiaddr>', 'a running validator to read from, with /p2p/')
    .option('--archive <home>', 'home directory of a stopped validator to read from')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit code 0: everything holds; 9: something contradicts the record.\n\nExample:\n  evalmesh audit verify --genesis genesis.json --chain http://127.0.0.1:9944 --peer /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo...',
    )
    .action(run)
}
