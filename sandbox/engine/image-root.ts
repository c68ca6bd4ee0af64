/** The file tree that sandboxes run from. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Bind } from './policy.ts'

/** A built image root, or the machine's own /usr, which no vote may rest on. */
export type ImageRoot =
  | { readonly kind: 'built'; readonly rootfs: string; readonly digest: string }
  | { readonly kind: 'host' }

/** What becomes /usr and /etc inside. */
export function systemBinds(root: ImageRoot): Bind[] {
  switch (root.kind) {
    case 'built':
      return ['usr', 'etc'].map((name) => ({ source: join(root.rootfs, name), target: `/${name}` }))
    case 'host': {
      // Of /etc only what Python and its libraries need: the rest is the operator's.
      const python = existsSync('/etc') ? readdirSync('/etc').filter((name) => /^python3(\.\d+)?$/.test(name)) : []
      const etc = ['alternatives', 'ld.so.cache', ...python].map((name) => `/etc/${name}`).filter((p) => existsSync(p))
      return ['/usr', ...etc].map((path) => ({ source: path, target: path }))
    }
  }
}
