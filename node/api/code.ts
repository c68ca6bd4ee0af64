/** A submission's code, once its seal has ended. */
import {
  type CompetitionState,
  type Digest,
  ProtocolError,
  type RoundState,
  sealedUntil,
  unpackBundle,
} from '../../protocol/index.ts'

export type CodeView =
  | { readonly kind: 'sealed'; readonly opensAtBlock: number }
  | {
      readonly kind: 'open'
      readonly id: string
      readonly bundle: string
      /** As they were handed in; `content` is UTF-8, with a mark where it is none. */
      readonly files: readonly { readonly path: string; readonly content: string }[]
    }

const bundleIn = ({ candidates, results, standing }: CompetitionState, id: Digest): Digest | undefined =>
  candidates.get(id)?.held.message.body.bundle ??
  standing.records.find(({ submission }) => submission === id)?.bundle ??
  results.flatMap(({ submissions }) => submissions).find((submission) => submission.id === id)?.bundle

/** Null for a submission that is not known here (of those measured, the newest 64 rounds' and all records are), or whose code is not. */
export const createCodeView =
  (o: {
    readonly rounds: () => RoundState
    /** A stored blob; undefined when it is not here. */
    readonly blob: (digest: Digest) => Promise<Uint8Array | undefined>
  }) =>
  async (id: Digest): Promise<CodeView | null> => {
    const rounds = o.rounds()
    const bundle = [...rounds.competitions.values()].map((one) => bundleIn(one, id)).find((one) => one !== undefined)
    if (bundle === undefined) return null
    const opensAtBlock = sealedUntil(rounds, bundle)
    if (opensAtBlock !== null) return { kind: 'sealed', opensAtBlock }
    // A damaged blob is as good as none.
    const bytes = await o.blob(bundle).catch(() => undefined)
    return bytes === undefined ? null : { kind: 'open', id, bundle, files: filesIn(bytes) }
  }

/** None in a certified bundle that is none. */
const filesIn = (bytes: Uint8Array) => {
  // A mark of its order at its start is a part of what was handed in.
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  try {
    return unpackBundle(bytes).map(({ path, content }) => ({ path, content: utf8.decode(content) }))
  } catch (error) {
    if (error instanceof ProtocolError) return []
    throw error
  }
}
