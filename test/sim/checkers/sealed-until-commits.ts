/** Checks that nobody honest reveals before COMMITS, with its own commit in it, is on its disk (8). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { type Checker, Violation } from '../watch.ts'
import { entryOf } from './log.ts'

export const sealedUntilCommits: Checker = {
  name: 'sealed-until-commits',
  watch: (sim, checked) => {
    /** Per node the manifests whose COMMITS it holds, with the commits that those name. */
    const held = new Map<Key, Map<Digest, readonly Digest[]>>()
    return {
      decided: (node, { header: { entry } }) => {
        if (entry.kind === 'commits') entryOf(held, node, () => new Map()).set(entry.manifest, entry.commits)
      },
      signed: (node, message) => {
        if (message.kind !== 'reveal') return
        const { manifest } = message.body
        const commits = held.get(node)?.get(manifest)
        checked()
        if (commits === undefined) throw new Violation('no reveal before COMMITS is held', { node, manifest })
        if (!commits.some((id) => sim.messageOf(id)?.body.hotkey === node)) {
          throw new Violation('no reveal of a commit that COMMITS leaves out', { node, manifest })
        }
      },
    }
  },
}
