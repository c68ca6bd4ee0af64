/** Checks from the disk alone that a machine's certificates hold quorums and that it notarizes only what they justify. */
import assert from 'node:assert/strict'
import type { Committee } from '../../protocol/committee.ts'
import type { JournalRecord } from '../../protocol/machine-types.ts'
import { headerDigest } from '../../protocol/message/entry.ts'
import type { Signed } from '../../protocol/message/message.ts'
import type { Certificate, Proposal } from '../../protocol/message/vote.ts'

/** R-7, counted once more. */
const checkQuorum = ({ signatures }: Certificate, { members, total }: Committee): void => {
  const places = new Set(signatures.map(({ member }) => member))
  const weight = [...places].reduce((sum, place) => sum + (members[place]?.weight ?? 0n), 0n)
  assert.ok(places.size === signatures.length && 3n * weight > 2n * total, 'a certificate holds a quorum')
}

/** the parent is notarized with this value, and every view after it is nullified. */
const isJustified = ({ view, parentView, header }: Proposal, known: readonly Certificate[]): boolean => {
  const value = headerDigest(header)
  const has = (phase: Certificate['phase'], at: number, of: string | null): boolean =>
    known.some((one) => one.phase === phase && one.view === at && (of === null || one.value === of))
  if (parentView !== null && !(parentView < view && has('notarize', parentView, value))) return false
  for (let at = (parentView ?? -1) + 1; at < view; at++) if (!has('nullify', at, null)) return false
  return true
}

/** What is persisted and signed in the order in which it happens. */
export const createJustified = (committee: () => Committee) => {
  let certificates: Certificate[] = []
  let proposals: Proposal[] = []
  return {
    persisted: (record: JournalRecord): void => {
      if (record.kind === 'certificate') {
        checkQuorum(record.certificate, committee())
        certificates.push(record.certificate)
      } else if (record.kind === 'message' && record.message.kind === 'proposal') proposals.push(record.message.body)
      else if (record.kind === 'decided') {
        certificates = []
        proposals = []
      }
    },
    signed: ({ kind, body }: Signed): void => {
      if (kind !== 'notarize') return
      const carriers = proposals.filter((one) => one.view === body.view && headerDigest(one.header) === body.value)
      const isGood = carriers.some((proposal) => isJustified(proposal, certificates))
      assert.ok(isGood, 'what is notarized is proposed, and justified by certificates that are durable')
    },
  }
}
