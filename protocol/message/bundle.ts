/** A submission's bundle: its files as one canonical byte string, addressed by its SHA-256. */
import { bytes, decode, encode, type Infer, list, struct, text } from '../canonical.ts'
import { ProtocolError } from '../errors.ts'
import { BUNDLE_BYTES_MAX } from '../limits.ts'

/** Files of one bundle; competitions today ask for a single one. */
const FILES_MAX = 64
const PATH_BYTES_MAX = 128

const bundle = struct({
  files: list(struct({ path: text(PATH_BYTES_MAX), content: bytes(BUNDLE_BYTES_MAX) }), FILES_MAX),
})
export type BundleFile = Infer<typeof bundle>['files'][number]

/** Lower-case names of letters, digits, `_`, `-` and `.`, at most three deep; nothing absolute, hidden or climbing. */
const PATH = /^[a-z0-9_][a-z0-9_.-]*(\/[a-z0-9_][a-z0-9_.-]*){0,2}$/

const checkFiles = (files: readonly BundleFile[]): void => {
  if (files.length === 0) throw new ProtocolError('BAD_BUNDLE', { files: 0 })
  files.forEach(({ path }, index) => {
    const before = files[index - 1]?.path
    if (!PATH.test(path))
      throw new ProtocolError('BAD_BUNDLE', { path, want: 'letters, digits, _ - . and at most three levels' })
    if (before !== undefined && before >= path)
      throw new ProtocolError('BAD_BUNDLE', { path, want: 'sorted, each once' })
  })
}

/** Sum of the files' sizes: what a competition's limit counts. */
export const bundleSizeBytes = (files: readonly BundleFile[]): number =>
  files.reduce((sum, file) => sum + file.content.length, 0)

/** @throws ProtocolError BAD_BUNDLE for a path that is not allowed or there twice. */
export const packBundle = (files: readonly BundleFile[]): Uint8Array => {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  checkFiles(sorted)
  return encode(bundle, { files: sorted })
}

/** @throws ProtocolError BAD_BUNDLE or BAD_SHAPE unless these are the canonical bytes of an allowed bundle. */
export const unpackBundle = (packed: Uint8Array): readonly BundleFile[] => {
  const { files } = decode(bundle, packed)
  checkFiles(files)
  return files
}
