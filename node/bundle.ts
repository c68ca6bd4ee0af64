/** What a submitted bundle must be, and how it travels from a miner to a validator. */
import {
  BUNDLE_BYTES_MAX,
  bundleSizeBytes,
  bytes,
  type CompetitionParams,
  digest,
  hash,
  MESSAGE_BYTES_MAX,
  ProtocolError,
  type Signed,
  struct,
  unpackBundle,
} from '../protocol/index.ts'

/** A submission on its way in: the signed claim (an envelope) and the bundle's bytes. */
export const submitRequest = struct({ message: bytes(MESSAGE_BYTES_MAX), bundle: bytes(2 * BUNDLE_BYTES_MAX) })
export const submitAnswer = struct({ id: digest })
/**
 * What a bundle must be before anyone runs it.
 * @throws ProtocolError BAD_BUNDLE with what to change
 */
export const checkBundle = (o: {
  readonly params: CompetitionParams
  readonly submission: Signed<'submission'>['body']
  readonly bundle: Uint8Array
}): void => {
  const { params, submission, bundle } = o
  if (hash(bundle) !== submission.bundle) throw new ProtocolError('BAD_BUNDLE', { want: 'the digest that was signed' })
  const files = unpackBundle(bundle)
  const sizeBytes = bundleSizeBytes(files)
  if (sizeBytes !== submission.sizeBytes)
    throw new ProtocolError('BAD_BUNDLE', { sizeBytes, claimed: submission.sizeBytes })
  if (sizeBytes > params.bundleBytesMax) {
    throw new ProtocolError('BAD_BUNDLE', { code: 'OVERSIZE', sizeBytes, sizeBytesMax: params.bundleBytesMax })
  }
  const names = files.map((file) => file.path)
  if (names.length !== 1 || names[0] !== 'solution.py')
    throw new ProtocolError('BAD_BUNDLE', { files: names, want: 'solution.py' })
}
