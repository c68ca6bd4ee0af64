/** Checks that each round passes its stages in order and ends once, that nobody honest reveals before it holds COMMITS, and that one vector is set a block. */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Header } from '../../../protocol/message/entry.ts'
import { Violation, type Watcher } from '../watch.ts'

type Stage = 'manifest' | 'commits' | 'ended'

/** The stage a round must be in before this entry, and after it. */
const STEPS = {
  manifest: { from: [undefined], to: 'manifest' },
  commits: { from: ['manifest'], to: 'commits' },
  result: { from: ['commits'], to: 'ended' },
  void: { from: ['manifest', 'commits'], to: 'ended' },
} as const satisfies Record<string, { from: readonly (Stage | undefined)[]; to: Stage }>

export const roundsEnd = (): Watcher => {
  const stages = new Map<string, Stage>()
  /** Node and manifest for which COMMITS is durable there. */
  const committed = new Set<string>()
  const vectors = new Map<number, string>()
  const weighed = new Set<string>()
  const follow = (node: Key, { entry, height }: Header): void => {
    if (entry.kind === 'epoch' || entry.kind === 'params' || entry.competition === 'toy') return
    const place = `${node}/${entry.competition}/${entry.round}`
    const { from, to } = STEPS[entry.kind]
    const before = stages.get(place)
    if (!from.some((stage) => stage === before))
      throw new Violation('a round passes its stages in order and ends once', { place, height, before })
    stages.set(place, to)
    if (entry.kind === 'commits') committed.add(`${node}/${entry.manifest}`)
  }
  return {
    decided: (node, { header }) => follow(node, header),
    signed: (node, message) => {
      if (message.kind !== 'reveal') return
      const manifest: Digest = message.body.manifest
      if (!committed.has(`${node}/${manifest}`))
        throw new Violation('no reveal before COMMITS is held', { node, manifest })
    },
    weighed: (node, { block, vector }) => {
      const printed = JSON.stringify(vector)
      const known = vectors.get(block) ?? printed
      vectors.set(block, known)
      if (known !== printed) throw new Violation('one vector a block', { node, block, known, printed })
      if (weighed.has(`${node}/${block}`)) throw new Violation('a vector is set once', { node, block })
      weighed.add(`${node}/${block}`)
    },
  }
}
