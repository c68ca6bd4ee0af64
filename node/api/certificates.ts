/** Finds the certificate of a decided round in the archive, and who signed it. */
import { type Decided, encodeSs58, type Genesis, headerDigest, type Key } from '../../protocol/index.ts'
import type { Journal } from '../machine/journal.ts'

export type CertificateView = {
  readonly height: number
  readonly view: number
  /** Digest of the decided header: what was signed. */
  readonly digest: string
  readonly signers: readonly string[]
  /** Weight of the signers, and of the whole committee, in rao, as decimal strings. */
  readonly stake: string
  readonly total: string
}

type Seat = { readonly hotkey: Key; readonly weight: bigint }

/** Reads each decided height once, when it is first asked about. */
export const createCertificates = (o: { readonly genesis: Genesis; readonly journal: Journal }) => {
  const seats = new Map<number, readonly Seat[]>([[o.genesis.epoch, o.genesis.members]])
  const byRound = new Map<string, CertificateView>()
  let next = 1

  const viewOf = ({ header, certificate }: Decided): CertificateView => {
    const committee = seats.get(header.epoch) ?? []
    const signers = certificate.signatures.flatMap(({ member }) => committee[member] ?? [])
    const sum = (all: readonly Seat[]): string => `${all.reduce((total, seat) => total + seat.weight, 0n)}`
    return {
      height: header.height,
      view: certificate.view,
      digest: headerDigest(header),
      signers: signers.map((seat) => encodeSs58(seat.hotkey)),
      stake: sum(signers),
      total: sum(committee),
    }
  }
  const read = (decided: Decided): void => {
    const { entry } = decided.header
    if (entry.kind === 'epoch') seats.set(entry.epoch, entry.members)
    if (entry.kind === 'result' || entry.kind === 'void')
      byRound.set(`${entry.competition}/${entry.round}`, viewOf(decided))
  }

  return {
    /** Null while the round is not decided here. */
    ofRound: (competition: string, round: number): CertificateView | null => {
      for (let decided = o.journal.decided(next); decided !== null; decided = o.journal.decided(next)) {
        read(decided)
        next += 1
      }
      return byRound.get(`${competition}/${round}`) ?? null
    },
  }
}

export type Certificates = ReturnType<typeof createCertificates>
