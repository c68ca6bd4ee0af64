/** How many whole reveals a node checks in a CPU-second: envelope, statement, DSSE signature; beside the bare checks of the same signatures. */
import { createVerifier } from '../../node/peers/verify.ts'
import { type Signed, signatureClaim } from '../../protocol/message/message.ts'
import { buildStatement, type Measured, passed } from '../../protocol/round/statement.ts'
import { admit, claims, decodeEnvelope, encodeEnvelopes } from '../../protocol/wire.ts'
import { type Crew, createCrew, digestOf } from './committee.ts'
import { cpuSeconds, median, type Row, round } from './harness.ts'
import { checkBare } from './votes.ts'

/** Quads of a pass: the statement's size comes from the number of submissions. */
const QUADS = 8

const measuredOf = (id: string, salt: number, quads = QUADS): Measured =>
  passed({
    id,
    transcriptRoot: digestOf(`transcript ${salt}`),
    runs: digestOf(`runs ${salt}`),
    quadsPpm: Array.from({ length: quads }, (_, quad) => 1_000_000 + ((salt * 7919 + quad * 104_729) % 40_000)),
    scorePpb: 321_654_987n,
    values: { linkPpm: 1_000_000n, ratioPpb: 700_000_000n, timeNanos: 1_234_567n },
    thetaPpm: 10_000,
  })

/** What the validator at this place reveals about `submissions` submissions. */
const revealOf = (crew: Crew, place: number, submissions: number): Signed => {
  const author = crew.authors[place % crew.authors.length]
  if (author === undefined) throw new Error('no author')
  const { hotkey } = author
  const common = { competition: 'matrix-lossless', round: 1, manifest: digestOf('manifest'), hotkey }
  const nonce = digestOf(`nonce ${place}`)
  const statement = buildStatement({
    ...common,
    domain: crew.domains.mesh,
    paramsHash: digestOf('params'),
    nonce,
    seed: digestOf('seed'),
    image: digestOf('image'),
    referee: digestOf('referee'),
    hardware: {
      model: 'a processor of some model',
      cores: 16,
      engine: 'bubblewrap 0.11',
      strength: 'namespaces',
      class: 'cpu',
    },
    hostNoisePpm: 3_000,
    submissions: Array.from({ length: submissions }, (_, index) =>
      measuredOf(digestOf(`submission ${index}`), place + index),
    ),
  })
  return author.sign({ kind: 'reveal', body: { ...common, nonce, statement } }, crew.domains)
}

export const measureStatements = async (o: {
  readonly submissions: number
  readonly targetRatio: number
  readonly reveals: number
  readonly runs: number
}): Promise<Row> => {
  const crew = createCrew(100)
  const keys = new Map(crew.committee.members.map(({ hotkey, sessionKey }) => [hotkey, sessionKey]))
  const sessionKeyOf = (hotkey: string) => keys.get(hotkey) ?? null
  const context = {
    domains: crew.domains,
    sessionKeysOf: ({ body }: Signed) => [sessionKeyOf(body.hotkey)].filter((key) => key !== null),
    certificateClaims: () => [],
  }
  const reveals = Array.from({ length: o.reveals }, (_, place) => revealOf(crew, place, o.submissions))
  const wire = reveals.flatMap((message) => encodeEnvelopes({ kind: 'message', message }))
  const bare = checkBare(reveals.flatMap((message) => signatureClaim(message, { ...context, sessionKeyOf }) ?? []))
  const whole = async (): Promise<void> => {
    const verify = createVerifier()
    for (const bytes of wire) {
      for (const received of decodeEnvelope(bytes)) {
        if (received.kind === 'status') continue
        const claimed = claims(received, context)
        admit(claimed, await verify(claimed.claims))
      }
    }
  }
  await whole()
  const rates: { whole: number; bare: number }[] = []
  for (let run = 0; run < o.runs; run += 1) {
    rates.push({ bare: o.reveals / (await cpuSeconds(bare)), whole: o.reveals / (await cpuSeconds(whole)) })
  }
  const ratio = median(rates.map((rate) => rate.whole / rate.bare))
  const [first] = reveals
  const sizeBytes = first?.kind === 'reveal' ? first.body.statement.length : 0
  return {
    name: `whole DSSE attestations verified, ${(sizeBytes / 1024).toFixed(1)} KiB statements`,
    value: round(median(rates.map((rate) => rate.whole))),
    unit: 'reveals/CPU-s',
    beside: round(median(rates.map((rate) => rate.bare))),
    besideName: 'sodium-native on the same signed bytes alone',
    ratio: round(ratio),
    target: `≥ ${o.targetRatio} of the bare rate`,
    met: ratio >= o.targetRatio,
  }
}
