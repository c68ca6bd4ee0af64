/** Where an engine is reached: as an operator writes it, and as it is used. */
import { SandboxError } from '../errors.ts'

/** Files of a TLS connection in which each side knows the other; absolute paths. */
export type TlsFiles = { readonly ca: string; readonly cert: string; readonly key: string }

/** `key`: path of a private key without a passphrase, else the agent's; `hostKey`: as `ssh-keygen -l` prints it. */
export type SshOptions = { readonly key?: string; readonly hostKey: string }

/** A place where an engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: TlsFiles }
  | {
      readonly kind: 'ssh'
      readonly host: string
      readonly port: number
      readonly user: string
      readonly ssh: SshOptions
    }

const SSH_PORT = 22
const DOCKER_TLS_PORT = 2376

/**
 * `unix:///path`, `tcp://host:port` with `tls`, `ssh://user@host:port` with `ssh`. An engine's socket is root on its
 * machine: TCP without certificates and ssh without a known host key are refused.
 * @throws SandboxError `BAD_ADDRESS` with `reason`.
 */
export function parseAddress(
  text: string,
  options: { readonly tls?: TlsFiles | undefined; readonly ssh?: SshOptions | undefined } = {},
): EngineAddress {
  const bad = (reason: string): never => {
    throw new SandboxError('BAD_ADDRESS', { address: text, reason })
  }
  const url = URL.canParse(text) ? new URL(text) : bad('unix:///path, tcp://host:port or ssh://user@host')
  if (url.password !== '' || url.search !== '' || url.hash !== '') bad('nothing may follow the host and the path')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const { tls, ssh } = options
  switch (url.protocol) {
    case 'unix:':
      if (host !== '' || url.pathname.length < 2) bad('unix:///path with three slashes')
      return { kind: 'unix', path: decodeURIComponent(url.pathname) }
    case 'tcp:':
      if (host === '' || tls === undefined) return bad('tcp needs a host, and tls with ca, cert and key')
      return { kind: 'tcp', host, port: Number(url.port || DOCKER_TLS_PORT), tls }
    case 'ssh:':
      if (host === '' || url.username === '' || ssh === undefined)
        return bad('ssh needs user@host, and ssh with hostKey')
      if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(ssh.hostKey)) bad('hostKey is SHA256: and 43 letters')
      return { kind: 'ssh', host, port: Number(url.port || SSH_PORT), user: url.username, ssh }
    default:
      return bad('unix://, tcp:// or ssh://')
  }
}
