/** Judges once more the proposals that evidence calls invalid, where the log stood when a quorum did. */
import {
  type Decided,
  type Digest,
  type Effect,
  examine,
  type Item,
  judgeProposal,
  type Machine,
  type RoundState,
} from '../../protocol/index.ts'

/** Looks at one proposal: each brings what the one before asked for. */
const LOOKS_MAX = 8

/** `invalid`: shown again; `valid`: the quorum convicted an honest leader; `wait`: this archive lacks what it was judged by. */
type Verdict = 'invalid' | 'valid' | 'wait'

/** The verdict on each piece of evidence in the header that is an invalid proposal; the header is not decided yet in this machine. */
export const judgeNamed = async (
  machine: Machine<RoundState>,
  { evidence }: Decided['header'],
  o: {
    readonly item: (id: Digest) => Promise<Item | null>
    /** Gives the machine what it asks for; false when that is not to be had. */
    readonly answer: (effects: readonly Effect[]) => Promise<boolean>
  },
): Promise<ReadonlyMap<Digest, Verdict>> => {
  const verdicts = new Map<Digest, Verdict>()
  for (const id of evidence) {
    const found = await o.item(id)
    if (found?.kind !== 'evidence') continue
    const examined = examine(found.evidence, machine.rounds.domains)
    const [message] = found.evidence.messages
    if ('fault' in examined || examined.offence !== 'invalid proposal' || message?.kind !== 'proposal') continue
    let check = judgeProposal(machine, message.body)
    for (let look = 1; check.kind === 'wait' && look < LOOKS_MAX; look++) {
      if (!(await o.answer(check.effects))) break
      check = judgeProposal(machine, message.body)
    }
    verdicts.set(id, check.kind)
  }
  return verdicts
}
