/** A folder for one test's store, removed with the test, and small helpers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const newFolder = (t: { readonly after: (end: () => unknown) => unknown }): string => {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-store-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array | undefined): string | undefined =>
  data === undefined ? undefined : new TextDecoder().decode(data)

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
