/** Takes in the bundles that peers were asked for: none is receipted before it is what its submission claims. */
import { type CompetitionState, type Digest, incumbentOf, ProtocolError, type Signed } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { checkBundle, checkFiles } from '../miner/bundle.ts'
import type { Store } from '../store/index.ts'

/** Digests remembered as refused, so that they are not fetched each second again; the oldest is forgotten first. */
const REFUSED_MAX = 4_096

type Claim = { readonly params: CompetitionState['params']; readonly submission: Signed<'submission'>['body'] }

/** What names a bundle here. `isCertified`: the log does, in an open manifest or as the incumbent's; then it is measured as it is. */
export type BundleNames = { readonly claims: readonly Claim[]; readonly isCertified: boolean }

export const namesOfBundle = (competitions: readonly CompetitionState[], bundle: Digest): BundleNames => {
  const all = competitions.map(({ params, candidates, open, standing }) => {
    const named = [...candidates.values()].filter(({ held }) => held.message.body.bundle === bundle)
    const isOpen = named.some(({ held }) => open?.entry.submissions.some(({ id }) => id === held.id))
    return {
      claims: named.map(({ held }): Claim => ({ params, submission: held.message.body })),
      isCertified: isOpen || incumbentOf(standing)?.bundle === bundle,
    }
  })
  return { claims: all.flatMap(({ claims }) => claims), isCertified: all.some(({ isCertified }) => isCertified) }
}

/** Parameters and submissions are never changed in place. */
const isSame = (a: Claim, b: Claim): boolean => a.params === b.params && a.submission === b.submission

export const createIntake = (o: {
  readonly store: Pick<Store, 'putBlob'>
  readonly namesOf: (bundle: Digest) => BundleNames
  /** The bundle is kept here: whoever names it may be receipted and measured. */
  readonly stored: (bundle: Digest) => void
  readonly log: Pick<Log, 'warn'>
}) => {
  /** With the claims that it did not fit; null for what no claim can fit. */
  const refused = new Map<Digest, readonly Claim[] | null>()

  /** Why it must not be receipted, or null. One submission that tells the truth is enough: another's lie does not make it wait. */
  const faultOf = (digest: Digest, bytes: Uint8Array): ProtocolError | null => {
    const { claims, isCertified } = o.namesOf(digest)
    if (isCertified) return null
    let last: ProtocolError | null = new ProtocolError('UNKNOWN_ITEM', { bundle: digest })
    for (const claim of claims) {
      last = whatFails(() => checkBundle({ ...claim, bundle: bytes }))
      if (last === null) break
    }
    return last
  }

  const note = (digest: Digest, claims: readonly Claim[] | null): void => {
    refused.delete(digest)
    refused.set(digest, claims)
    for (const oldest of refused.keys()) {
      if (refused.size <= REFUSED_MAX) break
      refused.delete(oldest)
    }
  }

  return {
    /** `bytes` hash to `digest`. Resolves when they are durable and told, or refused and logged. */
    take: async ({ digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array }): Promise<void> => {
      const fault = faultOf(digest, bytes)
      if (fault === null) {
        await o.store.putBlob(bytes)
        return o.stored(digest)
      }
      o.log.warn({ bundle: digest, code: fault.code, facts: fault.facts }, 'bundle refused')
      // What follows from its bytes alone is final; a claim may still come that fits.
      note(digest, whatFails(() => checkFiles(bytes)) === null ? o.namesOf(digest).claims : null)
    },
    /** True for bytes that were seen to be no bundle, whatever may be claimed of them, and for those that fit nothing that is claimed now. */
    isRefused: (digest: Digest): boolean => {
      const before = refused.get(digest)
      if (before === undefined) return false
      if (before === null) return true
      const { claims, isCertified } = o.namesOf(digest)
      return !isCertified && claims.every((claim) => before.some((one) => isSame(one, claim)))
    },
  }
}

const whatFails = (check: () => unknown): ProtocolError | null => {
  try {
    check()
    return null
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}
