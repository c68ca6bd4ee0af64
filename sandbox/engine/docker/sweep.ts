/** Marks every container with its owner and its last moment, and removes those whose owner or moment is past. */
import type Docker from 'dockerode'
import { INNER_TIMEOUT_GRACE_MS, type Policy } from '../../limits.ts'
import { hostTag, isOwnerAlive, ownerTag } from '../process-owner.ts'
import { within } from './within.ts'

const OWNER_LABEL = 'evalmesh.owner'
const HOST_LABEL = 'evalmesh.host'
const NAME_LABEL = 'evalmesh.name'
/** When it must be gone, in seconds since 1970 by the engine's clock, whoever its owner is. */
const UNTIL_LABEL = 'evalmesh.until'

// Beyond a container's own last clock: then nobody can still be at it.
const REAP_GRACE_MS = 60_000
// To list is a moment's work; to remove waits for a crowded disk.
const STEP_MS_MAX = 60_000

/** Status code of an answer that was an error. */
export const statusOf = (thrown: unknown): number | undefined => (thrown as { statusCode?: number }).statusCode

/** Labels of whatever this process makes in an engine. */
export const ownLabels = (): Record<string, string> => ({ [OWNER_LABEL]: ownerTag(), [HOST_LABEL]: hostTag() })

/** Labels of one sandbox; `now` by the engine's clock. */
export function sandboxLabels(o: { readonly name: string; readonly policy: Policy; readonly now: number }) {
  const until = Math.ceil((o.now + o.policy.wallMs + INNER_TIMEOUT_GRACE_MS + REAP_GRACE_MS) / 1_000)
  return { ...ownLabels(), [NAME_LABEL]: o.name, [UNTIL_LABEL]: String(until) }
}

/**
 * Ours whose process is no more, and anybody's that should have ended by itself: other machines may use this engine too.
 * What the engine cannot remove now is left to a later sweep. @throws Error when it does not answer
 */
export async function sweepContainers(docker: Docker, now: number): Promise<void> {
  const filters = { label: [HOST_LABEL] }
  const found = await within(STEP_MS_MAX, 'list', docker.listContainers({ all: true, filters }))
  for (const { Id, Labels } of found) {
    const isOurs = Labels[HOST_LABEL] === hostTag()
    const isOver = Number(Labels[UNTIL_LABEL] ?? Number.POSITIVE_INFINITY) < now / 1_000
    if (!isOver && !(isOurs && !isOwnerAlive(Labels[OWNER_LABEL] ?? ''))) continue
    const removed = docker.getContainer(Id).remove({ force: true, v: true })
    await within(STEP_MS_MAX, 'remove', removed).catch((thrown: unknown) => {
      // Somebody else swept it at the same time, or something of it is busy: the engine works all the same.
      if (statusOf(thrown) === undefined) throw thrown
    })
  }
}
