/** A validator that lies: proposes two values, votes for every value it knows, nullifies and finalizes one view, and shows each peer another face. */

import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { type Header, headerDigest } from '../../../protocol/message/entry.ts'
import type { Signed, Unsigned, Verified } from '../../../protocol/message/message.ts'
import type { Phase } from '../../../protocol/message/vote.ts'
import type { Payload } from '../network.ts'
import type { Random } from '../random.ts'
import { signAs } from '../token.ts'

export type Adversary = {
  /** What this peer gets in the place of what the honest machine would send it. */
  readonly faces: (payload: Payload) => readonly Payload[]
  /** What it says to each peer, unasked, when it hears something. */
  readonly heard: (payload: Payload) => readonly Payload[]
}

export const createEquivocator = (o: { self: Key; random: Random; twist: (header: Header) => Header }): Adversary => {
  const { self, random, twist } = o
  const twins = new Map<Header, Header>()
  /** How each proposal lies: whether its twin claims to be fresh, and to how many it goes. */
  const lies = new Map<string, { readonly fresh: boolean; readonly perMille: number }>()
  /** Values proposed in a view. */
  const values = new Map<string, Set<string>>()
  const say = (message: Unsigned): Payload => ({ kind: 'message', message: signAs(message) })
  const vote = (phase: Phase, at: { height: number; view: number; value: string }): Payload =>
    say({ kind: phase, body: { ...at, hotkey: self } })
  const note = (at: { height: number; view: number }, value: string): void => {
    const place = `${at.height}/${at.view}`
    const known = values.get(place) ?? new Set()
    known.add(value)
    values.set(place, known)
  }
  const twinOf = (header: Header): Header => {
    const twin = twins.get(header) ?? twist(header)
    twins.set(header, twin)
    return twin
  }
  /** How much of what it could sign it sends to each peer. */
  const votesPerMille = random.chance(500) ? 1000 : 500
  const lieAt = ({ height, view }: { height: number; view: number }) => {
    const place = `${height}/${view}`
    const lie = lies.get(place) ?? { fresh: random.chance(500), perMille: random.chance(500) ? 1000 : 500 }
    lies.set(place, lie)
    return lie
  }
  const votesFor = (at: { height: number; view: number }): readonly Payload[] =>
    [...(values.get(`${at.height}/${at.view}`) ?? [])].flatMap((value) => [
      vote('notarize', { ...at, value }),
      vote('finalize', { ...at, value }),
    ])
  const someOf = (payloads: readonly Payload[], perMille: number): readonly Payload[] =>
    payloads.filter(() => random.chance(perMille))
  const facesOf = (message: Verified<Signed>): readonly Payload[] => {
    if (message.kind === 'proposal') {
      const header = twinOf(message.body.header)
      const { height, view } = message.body
      note({ height, view }, headerDigest(message.body.header))
      note({ height, view }, headerDigest(header))
      // As if nothing had been notarized before: only the parent check tells.
      const lie = lieAt({ height, view })
      const parentView = lie.fresh ? null : message.body.parentView
      const twin = say({ kind: 'proposal', body: { ...message.body, parentView, header } })
      return random.chance(lie.perMille) ? [twin] : [{ kind: 'message', message }]
    }
    if (message.kind !== 'notarize' && message.kind !== 'nullify' && message.kind !== 'finalize') {
      return [{ kind: 'message', message }]
    }
    const { height, view } = message.body
    return someOf([...votesFor({ height, view }), vote('nullify', { height, view, value: NO_VALUE })], votesPerMille)
  }
  return {
    faces: (payload) => {
      if (payload.kind === 'message') return facesOf(payload.message)
      return random.chance(500) ? [payload] : []
    },
    heard: (payload) => {
      if (payload.kind !== 'message' || payload.message.kind !== 'proposal') return []
      const { height, view, header } = payload.message.body
      note({ height, view }, headerDigest(header))
      const far = { height, view: view + random.below(40), value: NO_VALUE }
      return someOf(
        [...votesFor({ height, view }), vote('nullify', { height, view, value: NO_VALUE }), vote('nullify', far)],
        400,
      )
    },
  }
}
