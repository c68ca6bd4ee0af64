/** The commands `evalmesh status` and `evalmesh competitions`: what a running validator says of itself and of what is being contested. */
import type { Command } from 'commander'
import { offenceLines } from '../api/evidence.ts'
import type { CompetitionView, StatusView } from '../api/views.ts'
import { askApi } from './api-client.ts'
import { EXIT, print, printJson, table } from './output.ts'

const API = 'http://127.0.0.1:8080'

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(1)} %`

const showStatus = (status: StatusView): string => {
  const lines = [
    `${status.name}  ${status.ready ? 'ready' : 'NOT DECIDING'}  ${status.reason}`,
    `height ${status.height} (view ${status.view})  block ${status.block}  epoch ${status.epoch}  log root ${status.logRoot.slice(0, 16)}`,
    `connected stake ${percent(status.connectedPpm)} of the committee, more than 66.7 % is needed`,
    `${status.blocking.sentence}; ${status.certifying.sentence}`,
    ...offenceLines(status.offences),
    '',
  ]
  const rows = status.members.map((m) => [
    m.hotkey,
    percent(m.weightPpm),
    m.self ? 'this node' : m.connected ? 'connected' : 'away',
  ])
  return [...lines, table([['hotkey', 'stake', 'state'], ...rows])].join('\n')
}

export const addStatus = (program: Command): void => {
  program
    .command('status')
    .description('show whether a validator can decide, and who is there')
    .option('--api <url>', 'the validator’s HTTP interface', API)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExit code 0: a quorum is connected; 7: it is not, and the first line says who is away.\n\nExample:\n  evalmesh status --api ${API}\n`,
    )
    .action(async (o: { api: string; json?: boolean }) => {
      const status = await askApi<StatusView>(o.api, '/status', 'ready')
      if (o.json) printJson(status)
      else print(showStatus(status))
      if (!status.ready) process.exitCode = EXIT.pending
    })
}

export const addCompetitions = (program: Command): void => {
  program
    .command('competitions')
    .description('list the competitions of a mesh with their rules')
    .option('--api <url>', 'a validator’s HTTP interface', API)
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  evalmesh competitions --json\n`)
    .action(async (o: { api: string; json?: boolean }) => {
      const { competitions } = await askApi<{ competitions: readonly CompetitionView[] }>(
        o.api,
        '/competitions',
        'competitions',
      )
      if (o.json) return printJson({ competitions })
      const rows = competitions.map((c) => [
        c.id,
        String(c.round),
        String(c.closesAtBlock),
        c.incumbent?.slice(0, 16) ?? 'none',
        percent(c.thetaPpm),
        `${c.bundleBytesMax} bytes`,
      ])
      print(table([['competition', 'round', 'closes at block', 'incumbent', 'to beat by', 'limit'], ...rows]))
    })
}
