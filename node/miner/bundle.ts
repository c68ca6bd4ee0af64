/** What a submitted bundle must be, and how it travels from a miner to a validator. */
import {
  BUNDLE_BYTES_MAX,
  bundleSizeBytes,
  bytes,
  COMPETITIONS,
  type CompetitionParams,
  digest,
  hash,
  MESSAGE_BYTES_MAX,
  ProtocolError,
  type Signed,
  struct,
  unpackBundle,
} from '../../protocol/index.ts'

/** A packed bundle: its files and what packing adds. */
export const PACKED_BYTES_MAX = 2 * BUNDLE_BYTES_MAX

/** A submission on its way in: the signed claim (an envelope) and the bundle's bytes. */
export const submitRequest = struct({ message: bytes(MESSAGE_BYTES_MAX), bundle: bytes(PACKED_BYTES_MAX) })
export const submitAnswer = struct({ id: digest })

/** The file that submissions to this competition are made of. */
export const fileOf = (competition: string): string => COMPETITIONS.get(competition)?.file ?? 'solution.py'

/** Of all competitions. */
const SUBMITTED_FILES = [...new Set([...COMPETITIONS.values()].map(({ file }) => file))]

/**
 * What a bundle must be before anyone runs it, whoever claims what of it. `wanted`: any one of these files.
 * @returns the sum of its files' sizes.
 * @throws ProtocolError BAD_BUNDLE or BAD_SHAPE with what to change
 */
export const checkFiles = (bundle: Uint8Array, wanted: readonly string[] = SUBMITTED_FILES): number => {
  const files = unpackBundle(bundle)
  const names = files.map((file) => file.path)
  if (names.length !== 1 || names[0] === undefined || !wanted.includes(names[0]))
    throw new ProtocolError('BAD_BUNDLE', { files: names, want: wanted.join(' or ') })
  return bundleSizeBytes(files)
}

/**
 * The same, and that it is what the submission claims and its competition allows.
 * @throws ProtocolError BAD_BUNDLE or BAD_SHAPE with what to change
 */
export const checkBundle = (o: {
  readonly params: CompetitionParams
  readonly submission: Signed<'submission'>['body']
  readonly bundle: Uint8Array
}): void => {
  const { params, submission, bundle } = o
  if (hash(bundle) !== submission.bundle) throw new ProtocolError('BAD_BUNDLE', { want: 'the digest that was signed' })
  const sizeBytes = checkFiles(bundle, [fileOf(submission.competition)])
  if (sizeBytes !== submission.sizeBytes)
    throw new ProtocolError('BAD_BUNDLE', { sizeBytes, claimed: submission.sizeBytes })
  if (sizeBytes > params.bundleBytesMax) {
    throw new ProtocolError('BAD_BUNDLE', { code: 'OVERSIZE', sizeBytes, sizeBytesMax: params.bundleBytesMax })
  }
}
