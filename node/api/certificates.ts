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

/** Answers kept: all rounds that are asked about by several visitors; the oldest answer gives way. */
const KEPT_MAX = 256

const nameOf = (competition: string, round: number): string => `${competition}/${round}`

const viewOf = ({ header, certificate }: Decided, committee: readonly Seat[]): CertificateView => {
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

/** Reads the archive from the newest height downwards: what is asked about lies near its end, however long the log has become. */
export const createCertificates = (o: {
  readonly genesis: Genesis
  readonly journal: Pick<Journal, 'decided'>
  /** The height being decided. */
  readonly height: () => number
}) => {
  const kept = new Map<string, CertificateView>()

  const findBelow = <T>(height: number, find: (decided: Decided) => T | null): T | null => {
    for (let at = height - 1; at > 0; at -= 1) {
      const decided = o.journal.decided(at)
      const found = decided && find(decided)
      if (found !== null) return found
    }
    return null
  }
  const seatsOf = ({ header }: Decided): readonly Seat[] => {
    if (header.epoch === o.genesis.epoch) return o.genesis.members
    const members = findBelow(header.height, ({ header: { entry } }) =>
      entry.kind === 'epoch' && entry.epoch === header.epoch ? entry.members : null,
    )
    return members ?? []
  }

  return {
    /** Null while the round is not decided here. To be asked only about rounds that are known to be: others cost the whole log. */
    ofRound: (competition: string, round: number): CertificateView | null => {
      const name = nameOf(competition, round)
      const known = kept.get(name)
      if (known !== undefined) return known
      const decided = findBelow(o.height(), (one) => {
        const { entry } = one.header
        const isRound = entry.kind === 'result' || entry.kind === 'void'
        return isRound && nameOf(entry.competition, entry.round) === name ? one : null
      })
      if (decided === null) return null
      const view = viewOf(decided, seatsOf(decided))
      kept.set(name, view)
      const [oldest] = kept.keys()
      if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest)
      return view
    },
  }
}

export type Certificates = ReturnType<typeof createCertificates>
