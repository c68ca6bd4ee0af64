/** A miner's side: checks a solution, signs the claim to it, hands both to a validator. */
import {
  bundleSizeBytes,
  type CompetitionParams,
  type Digest,
  type Domains,
  decode,
  encode,
  encodeEnvelopes,
  hash,
  messageId,
  type PaymentRef,
  ProtocolError,
  packBundle,
  type Signed,
} from '../../protocol/index.ts'
import type { Hotkey } from '../home/keys.ts'
import { signWithHotkey } from '../machine/signer.ts'
import { type Mesh, MeshError } from '../mesh/index.ts'
import { checkBundle, fileOf, submitAnswer, submitRequest } from './bundle.ts'

export type Submission = {
  readonly id: Digest
  readonly message: Signed<'submission'>
  readonly bundle: Uint8Array
}

/**
 * The signed claim and the bundle, ready to be sent; the same code from the same miner, paid by the same extrinsic, always has the same id.
 * @throws ProtocolError BAD_BUNDLE with what to change
 */
export const prepareSubmission = (o: {
  readonly params: CompetitionParams
  readonly solution: Uint8Array
  readonly hotkey: Hotkey
  readonly domains: Domains
  /** What pays for it; none if not given. */
  readonly payment?: PaymentRef | null
}): Submission => {
  const files = [{ path: fileOf(o.params.id), content: o.solution }]
  const bundle = packBundle(files)
  const body = {
    competition: o.params.id,
    hotkey: o.hotkey.publicKey,
    scheme: o.hotkey.scheme,
    bundle: hash(bundle),
    sizeBytes: bundleSizeBytes(files),
    payment: o.payment ?? null,
  }
  checkBundle({ params: o.params, submission: body, bundle })
  const message = signWithHotkey({ kind: 'submission', body }, o)
  return { id: messageId(message, o.domains), message, bundle }
}

/** One validator's patience is not the next one's. */
const ANSWER_MS_MAX = 30_000

/** Every honest validator would answer the same, but for what it says of its own chain. */
const isFinal = (error: unknown): boolean =>
  error instanceof MeshError && error.code === 'REFUSED' && !String(error.facts['reason']).startsWith('CHAIN_AWAY')

/** Sends it to the first of these peers that takes it; resolves to the id under which that peer keeps it. @throws what the last one asked says */
export const sendSubmission = async (o: {
  readonly submission: Pick<Submission, 'id' | 'bundle'> & { readonly message: Signed }
  readonly mesh: Mesh
  readonly peers: readonly string[]
  /** Ends all. */
  readonly signal?: AbortSignal
  /** For each; tests wait less. */
  readonly answerMsMax?: number
}): Promise<{ readonly id: Digest; readonly peer: string }> => {
  const [envelope] = encodeEnvelopes({ kind: 'message', message: o.submission.message })
  if (envelope === undefined) throw new ProtocolError('BAD_SHAPE', { submission: o.submission.id })
  const data = encode(submitRequest, { message: envelope, bundle: o.submission.bundle })
  let last: unknown
  for (const peerId of o.peers) {
    try {
      const patience = AbortSignal.timeout(o.answerMsMax ?? ANSWER_MS_MAX)
      const signal = o.signal === undefined ? patience : AbortSignal.any([o.signal, patience])
      const answer = await o.mesh.request({ peerId, kind: 'submit', data, bytesMax: 1024, signal })
      return { id: decode(submitAnswer, answer).id, peer: peerId }
    } catch (error) {
      last = error
      if (isFinal(error)) throw error
    }
  }
  throw last
}
