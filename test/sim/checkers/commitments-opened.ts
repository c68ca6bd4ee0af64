/** Checks that every reveal in RESULT opens the commitment in COMMITS of its validator, one a validator, about the manifest's submissions (9). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { BodyOf } from '../../../protocol/message/message.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { commitmentOf } from './commitment.ts'
import { domainOf, firstDecisions, type Round } from './log.ts'

const commitmentsIn = (sim: Sim, round: Round): ReadonlyMap<Key, Digest> => {
  const commitments = new Map<Key, Digest>()
  for (const id of round.commits ?? []) {
    const message = sim.messageOf(id)
    const isFit = message?.kind === 'commit' && message.body.manifest === round.manifest
    if (!isFit || commitments.has(message.body.hotkey)) {
      throw new Violation('COMMITS names one commit a validator', { id, manifest: round.manifest })
    }
    commitments.set(message.body.hotkey, message.body.commitment)
  }
  return commitments
}

/** The submissions that a statement lists, in its order. */
const listedBy = (statement: Uint8Array): string => {
  const { predicate } = JSON.parse(new TextDecoder().decode(statement)) as {
    readonly predicate: { readonly submissions: readonly { readonly id: Digest }[] }
  }
  return predicate.submissions.map(({ id }) => id).join()
}

const faultOf = (
  o: { readonly domain: Digest; readonly round: Round; readonly commitments: ReadonlyMap<Key, Digest> },
  body: BodyOf<'reveal'>,
): string | null => {
  if (body.manifest !== o.round.manifest) return 'is of another manifest'
  if (!o.round.seats.weights.has(body.hotkey)) return "is of no member of its manifest's committee"
  if (listedBy(body.statement) !== o.round.entry.submissions.map(({ id }) => id).join())
    return 'lists other submissions'
  return o.commitments.get(body.hotkey) === commitmentOf(o.domain, body) ? null : 'opens no commitment'
}

export const commitmentsOpened: Checker = {
  name: 'commitments-opened',
  watch: (sim, checked) => {
    const decisionOf = firstDecisions(sim)
    return {
      decided: (_, decided) => {
        const decision = decisionOf(decided)
        const entry = decision?.header.entry
        if (decision === null || decision.round === null || entry?.kind !== 'result') return
        const { round } = decision
        const commitments = commitmentsIn(sim, round)
        const validators = new Set<Key>()
        for (const id of entry.reveals) {
          const message = sim.messageOf(id)
          checked()
          if (message?.kind !== 'reveal')
            throw new Violation('every reveal in RESULT opens its commitment', { id, why: 'there is none' })
          const { hotkey } = message.body
          const why = faultOf({ domain: domainOf(sim), round, commitments }, message.body)
          if (why !== null) throw new Violation('every reveal in RESULT opens its commitment', { id, hotkey, why })
          if (validators.has(hotkey)) throw new Violation('RESULT names one reveal a validator', { id, hotkey })
          validators.add(hotkey)
        }
      },
    }
  },
}
