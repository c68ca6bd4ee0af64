/** Tells one validator another commit than the others; as the leader it proposes a third one to it, beside what does not exist. */
import { hash, utf8ToBytes } from '../../../protocol/crypto.ts'
import type { Header } from '../../../protocol/message/entry.ts'
import { messageId, type Signed } from '../../../protocol/message/message.ts'
import { type Adversary, type Liar, peerOf, say } from './mask.ts'

const NOTHING = hash(utf8ToBytes('nothing'))

/** The same round's commit to something else. */
const otherCommit = (liar: Liar, message: Signed, name: string) =>
  message.kind === 'commit'
    ? liar.sign({ kind: 'commit', body: { ...message.body, commitment: hash(utf8ToBytes(name)) } })
    : null

export const decoy: Adversary = (liar) => {
  const victim = peerOf(liar, liar.params['victim']) ?? ''
  const decoys = new Map<Header, Header>()
  const decoyOf = (header: Header): Header => {
    const { entry } = header
    if (entry.kind !== 'commits' || !liar.hits()) return header
    const own = entry.commits.map(liar.messageOf).find((message) => message?.body.hotkey === liar.self)
    const named = own ? otherCommit(liar, own, 'named') : null
    if (named === null) return header
    // Once the victim has seen the proposal it waits for this.
    liar.later(liar.params['afterMs'] ?? 0, { kind: 'message', message: named }, victim)
    return { ...header, entry: { ...entry, commits: [messageId(named, liar.domains), NOTHING] } }
  }
  return {
    faces: (payload, to) => {
      if (payload.kind !== 'message' || to !== victim) return [payload]
      const { message } = payload
      if (message.body.hotkey !== liar.self) return [payload]
      const heard = otherCommit(liar, message, 'heard')
      if (heard !== null) return [{ kind: 'message', message: heard }]
      if (message.kind !== 'proposal' || message.body.parentView !== null) return [payload]
      const { header } = message.body
      const shown = decoys.get(header) ?? decoyOf(header)
      decoys.set(header, shown)
      return shown === header ? [payload] : [say(liar, { kind: 'proposal', body: { ...message.body, header: shown } })]
    },
  }
}
