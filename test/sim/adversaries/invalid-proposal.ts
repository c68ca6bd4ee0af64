/** Proposes what is provably wrong: another result, an epoch that is none, a header that continues nothing. */
import { hash, utf8ToBytes } from '../../../protocol/crypto.ts'
import type { Header } from '../../../protocol/message/entry.ts'
import { type Adversary, say } from './mask.ts'

const WRONG = hash(utf8ToBytes('wrong'))

const spoil = (header: Header, choice: number): Header => {
  const { entry } = header
  if (choice === 0) return { ...header, previous: WRONG }
  if (choice === 1) return { ...header, logRoot: WRONG }
  if (choice === 2) return { ...header, epoch: header.epoch + 1 }
  if (entry.kind === 'result') return { ...header, entry: { ...entry, result: WRONG } }
  if (entry.kind === 'epoch') {
    const [first, ...others] = entry.members
    const members = first === undefined ? [] : [{ ...first, weight: first.weight + 1n }, ...others]
    return { ...header, entry: { ...entry, members } }
  }
  if (entry.kind === 'manifest') return { ...header, entry: { ...entry, thetaPpm: 0 } }
  return { ...header, height: header.height + 1 }
}

export const invalidProposal: Adversary = (liar) => {
  /** The same to everyone: a quorum may fall for it. */
  const spoiled = new Map<Header, Header>()
  return {
    faces: (payload, to) => {
      if (payload.kind !== 'message' || payload.message.kind !== 'proposal') return [payload]
      const { body } = payload.message
      if (body.hotkey !== liar.self || to === liar.self) return [payload]
      const known = spoiled.get(body.header)
      const header = known ?? (liar.hits() ? spoil(body.header, liar.random.below(4)) : body.header)
      spoiled.set(body.header, header)
      return header === body.header ? [payload] : [say(liar, { kind: 'proposal', body: { ...body, header } })]
    },
  }
}
