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
import type { Mesh } from '../mesh/index.ts'
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

/** Sends it to the first of these peers that takes it; resolves to the id under which that peer keeps it. */
export const sendSubmission = async (o: {
  readonly submission: Pick<Submission, 'id' | 'bundle'> & { readonly message: Signed }
  readonly mesh: Mesh
  readonly peers: readonly string[]
  readonly signal: AbortSignal
}): Promise<{ readonly id: Digest; readonly peer: string }> => {
  const [envelope] = encodeEnvelopes({ kind: 'message', message: o.submission.message })
  if (envelope === undefined) throw new ProtocolError('BAD_SHAPE', { submission: o.submission.id })
  const data = encode(submitRequest, { message: envelope, bundle: o.submission.bundle })
  let last: unknown
  for (const peerId of o.peers) {
    try {
      const answer = await o.mesh.request({ peerId, kind: 'submit', data, bytesMax: 1024, signal: o.signal })
      return { id: decode(submitAnswer, answer).id, peer: peerId }
    } catch (error) {
      last = error
      // A refusal is an answer: every honest validator would give the same.
      if (error instanceof Error && 'code' in error && error.code === 'REFUSED') throw error
    }
  }
  throw last
}
