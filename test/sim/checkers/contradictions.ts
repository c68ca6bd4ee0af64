/** What one signer's own messages say against each other: each pair is an offence that anybody can verify. */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { BodyOf, Signed } from '../../../protocol/message/message.ts'
import type { Phase, Proposal, Vote } from '../../../protocol/message/vote.ts'
import { commitmentOf } from './commitment.ts'
import { entryOf, placeOf } from './log.ts'

/** The offence in words that follow "no honest node". */
export type Contradiction = { readonly hotkey: Key; readonly what: string }

type Votes = Partial<Record<Phase, Digest>> & { proposal?: string }

/** What one hotkey said, first of each place. */
type Word = {
  readonly votes: Map<number, Votes>
  readonly commits: Map<Digest, BodyOf<'commit'>>
  readonly reveals: Map<Digest, BodyOf<'reveal'>>
  readonly delegations: Map<number, BodyOf<'delegation'>>
}

const castVote = (word: Word, kind: Phase, vote: Vote): string | null => {
  const votes: Votes = entryOf(word.votes, placeOf(vote), () => ({}))
  votes[kind] ??= vote.value
  if (votes[kind] !== vote.value) return 'signs two values'
  const other = kind === 'nullify' ? votes.finalize : kind === 'finalize' ? votes.nullify : undefined
  return other === undefined ? null : 'both nullifies and finalizes'
}

const propose = (word: Word, proposal: Proposal): string | null => {
  const votes: Votes = entryOf(word.votes, placeOf(proposal), () => ({}))
  const value = `${headerDigest(proposal.header)}/${proposal.parentView}`
  votes.proposal ??= value
  return votes.proposal === value ? null : 'signs two proposals'
}

/** A commit beside a reveal of the same manifest by the same hotkey. */
const opens = (domain: Digest, commit: BodyOf<'commit'> | undefined, reveal: BodyOf<'reveal'> | undefined): boolean =>
  commit === undefined || reveal === undefined || commit.commitment === commitmentOf(domain, reveal)

const commitTo = (word: Word, domain: Digest, body: BodyOf<'commit'>): string | null => {
  const first = entryOf(word.commits, body.manifest, () => body)
  const isSame =
    first.commitment === body.commitment && first.round === body.round && first.competition === body.competition
  if (!isSame) return 'signs two commits'
  return opens(domain, body, word.reveals.get(body.manifest)) ? null : 'reveals what it did not commit to'
}

const reveal = (word: Word, domain: Digest, body: BodyOf<'reveal'>): string | null => {
  const first = entryOf(word.reveals, body.manifest, () => body)
  const isSame = first === body || (first.nonce === body.nonce && Buffer.compare(first.statement, body.statement) === 0)
  if (!isSame) return 'signs two reveals'
  return opens(domain, word.commits.get(body.manifest), body) ? null : 'reveals what it did not commit to'
}

const delegate = (word: Word, body: BodyOf<'delegation'>): string | null => {
  const first = entryOf(word.delegations, body.counter, () => body)
  const isSame = first === body || JSON.stringify(first) === JSON.stringify(body)
  return isSame ? null : 'signs two delegations with one counter'
}

/** Hears one message after another; tells when one contradicts what its signer said before. `domain`: the mesh's, which commitments hash. */
export const createWitness = (domain: Digest): ((message: Signed) => Contradiction | null) => {
  const words = new Map<Key, Word>()
  const fault = (word: Word, message: Signed): string | null => {
    switch (message.kind) {
      case 'notarize':
      case 'nullify':
      case 'finalize':
        return castVote(word, message.kind, message.body)
      case 'proposal':
        return propose(word, message.body)
      case 'commit':
        return commitTo(word, domain, message.body)
      case 'reveal':
        return reveal(word, domain, message.body)
      case 'delegation':
        return delegate(word, message.body)
      default:
        return null
    }
  }
  return (message) => {
    const { hotkey } = message.body
    const word = entryOf(words, hotkey, () => ({
      votes: new Map(),
      commits: new Map(),
      reveals: new Map(),
      delegations: new Map(),
    }))
    const what = fault(word, message)
    return what === null ? null : { hotkey, what }
  }
}
