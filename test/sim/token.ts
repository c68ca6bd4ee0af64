/** Signatures of the simulator: words that say what they sign, so that checking one is comparing it. */
import { type Digest, hash, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import { headerDigest } from '../../protocol/message/entry.ts'
import type { Signed, Unsigned, Verified } from '../../protocol/message/message.ts'

type Named = { kind: string; height: number; view: number; value: Digest; hotkey: Key }

export const token = (o: Named): string => `${o.hotkey}/${o.kind}/${o.height}/${o.view}/${o.value}`

/** A hotkey as good as any: 32 bytes from a name. */
export const keyNamed = (name: string): Key => hash(utf8ToBytes(name))

/** Signs as the hotkey in the body. Who calls this for another's hotkey forges: adversaries do so only for their own. */
export const signAs = (message: Unsigned): Verified<Signed> => {
  const { kind, body } = message
  const { hotkey } = body
  const voted = kind === 'notarize' || kind === 'nullify' || kind === 'finalize'
  const signature =
    kind === 'proposal'
      ? token({ kind, height: body.height, view: body.view, value: headerDigest(body.header), hotkey })
      : voted
        ? token({ kind, height: body.height, view: body.view, value: body.value, hotkey })
        : `${hotkey}/${kind}`
  return { kind, body, signature } as Verified<Signed>
}
