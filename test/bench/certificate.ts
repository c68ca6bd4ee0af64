/** The size of a certificate on the wire, and what it costs to check one that was never seen before. */
import { createVerifier } from '../../node/peers/verify.ts'
import { certificateClaims, voteMessage } from '../../protocol/consensus/certificate.ts'
import type { Certificate } from '../../protocol/message/vote.ts'
import { admit, claims, decodeEnvelope, encodeEnvelopes } from '../../protocol/wire.ts'
import { type Crew, createCrew, digestOf } from './committee.ts'
import { cpuSeconds, median, type Row, round } from './harness.ts'
import { checkBare } from './votes.ts'

/** Signed by the smallest quorum of equals. */
export const certificateBy = (crew: Crew, body: { height: number; view: number; value: string }): Certificate => {
  const quorum = Math.floor((2 * crew.authors.length) / 3) + 1
  // The last of the committee: their places take the most bytes.
  const signatures = crew.authors.flatMap(({ hotkey, sign }, member) =>
    member < crew.authors.length - quorum
      ? []
      : [{ member, signature: sign(voteMessage('finalize', { ...body, hotkey }), crew.domains).signature }],
  )
  return { phase: 'finalize', ...body, signatures }
}

export const measureCertificate = async (o: { members: number; runs: number }): Promise<readonly Row[]> => {
  const crew = createCrew(o.members)
  // A height of years from now.
  const certificate = certificateBy(crew, { height: 10_000_000, view: 0, value: digestOf('header') })
  const [wire = new Uint8Array()] = encodeEnvelopes({ kind: 'certificate', certificate })
  const context = {
    domains: crew.domains,
    sessionKeysOf: () => [],
    certificateClaims: (received: Certificate) => certificateClaims(received, crew.committee, crew.domains),
  }
  const bare = checkBare(context.certificateClaims(certificate))
  const whole = async (): Promise<void> => {
    const [received] = decodeEnvelope(wire)
    if (received?.kind !== 'certificate') throw new Error('no certificate')
    const claimed = claims(received, context)
    admit(claimed, await createVerifier()(claimed.claims))
  }
  const times: { whole: number; bare: number }[] = []
  for (let run = 0; run < o.runs; run += 1) {
    times.push({ bare: 1e3 * (await cpuSeconds(bare)), whole: 1e3 * (await cpuSeconds(whole)) })
  }
  const [value, beside] = [median(times.map((time) => time.whole)), median(times.map((time) => time.bare))]
  const { length: count } = certificate.signatures
  const kib = wire.length / 1024
  return [
    {
      name: `certificate on the wire, n = ${o.members}`,
      value: round(kib),
      unit: 'KiB',
      beside: round((count * 64) / 1024),
      besideName: `${count} signatures of 64 bytes alone`,
      ratio: round(wire.length / (count * 64)),
      target: '≤ 5 KiB',
      met: kib <= 5,
    },
    {
      name: `certificate checked, n = ${o.members}`,
      value: round(value),
      unit: 'CPU-ms',
      beside: round(beside),
      besideName: `sodium-native on its ${count} signatures alone`,
      ratio: round(value / beside),
      target: '≤ 8 ms',
      met: value <= 8,
    },
  ]
}
