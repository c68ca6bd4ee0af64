/** Packs our own small files as a tar: the form in which an engine takes what lies on another machine than its own. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK_BYTES = 512
// The classic header's fields; our paths are short, so no extension is needed.
const NAME_BYTES = 100

/** One file or folder inside; paths are relative to the root. */
type Entry = { readonly path: string; readonly content: Buffer | null }

/** Everything at `source`, as it will lie at `target`. @throws Error for a link or a device. */
function listEntries(source: string, target: string): Entry[] {
  const stat = lstatSync(source)
  if (stat.isFile()) return [{ path: target, content: readFileSync(source) }]
  if (!stat.isDirectory()) throw new Error(`${source} is neither a file nor a folder`)
  const names = readdirSync(source).sort()
  return [
    { path: `${target}/`, content: null },
    ...names.flatMap((name) => listEntries(join(source, name), `${target}/${name}`)),
  ]
}

function toHeader({ path, content }: Entry): Buffer {
  if (Buffer.byteLength(path) > NAME_BYTES) throw new Error(`${path} is a name too long to hand over`)
  const header = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, at: number, digits: number) =>
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at)
  header.write(path, 0)
  // Root's, and read-only for everybody else, whatever they are here.
  octal(content === null ? 0o755 : 0o644, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(content?.length ?? 0, 124, 11)
  octal(0, 136, 11)
  header.write('        ', 148)
  header.write(content === null ? '5' : '0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/**
 * A tar of `mounts`, the same bytes for the same files whatever their times and owners.
 * @throws Error for a source that is not there, is a link or device, has a path over 100 bytes, or all beyond `bytesMax`.
 */
export function packMounts(
  mounts: readonly { readonly source: string; readonly target: string }[],
  bytesMax: number,
): Buffer {
  const blocks: Buffer[] = []
  for (const entry of mounts.flatMap(({ source, target }) => listEntries(source, target.slice(1)))) {
    const { content } = entry
    blocks.push(toHeader(entry))
    if (content === null) continue
    blocks.push(content, Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES))
  }
  const total = blocks.reduce((sum, { length }) => sum + length, 0)
  if (total > bytesMax) throw new Error(`${total} bytes to hand over, at most ${bytesMax}`)
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)])
}
