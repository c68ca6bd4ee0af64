/** A Docker engine as on another machine: it sees neither our checkout nor our memory, and is reached by TLS or ssh only. */
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync, hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type EngineAddress, parseAddress, type TlsFiles } from '../../../sandbox/engine/address.ts'
import { connectDocker } from '../../../sandbox/engine/docker/connect.ts'

/** CA, and a certificate each for the engine and for us, as an operator makes them. */
function makeCertificates(folder: string): { readonly engine: TlsFiles; readonly ours: TlsFiles } {
  mkdirSync(folder)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test', '-days', '2')
  const make = (name: string, usage: string): TlsFiles => {
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', `extendedKeyUsage=${usage}`]
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`, ...names)
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signer)
    return { ca: join(folder, 'ca.pem'), cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  }
  return { engine: make('engine', 'serverAuth'), ours: make('ours', 'clientAuth') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** An engine that is somewhere else. */
export type RemoteEngine = {
  readonly address: EngineAddress
  /** Its socket on its own machine, for a way in by ssh. */
  readonly socketPath: string
  stop(): Promise<void>
}

// Its own view of the file system: our checkout and our shared memory are empty there.
const ELSEWHERE = 'for hidden in "$1" /dev/shm; do mount -t tmpfs elsewhere "$hidden"; done; shift; exec "$@"'

/** Starts one with all it has below `root`, which must not lie in the checkout. */
export async function startRemoteEngine(root: string): Promise<RemoteEngine> {
  const { engine, ours } = makeCertificates(join(root, 'tls'))
  const port = await freePort()
  const socketPath = join(root, 'docker.sock')
  const checkout = join(import.meta.dirname, '../../..')
  const args = [
    ...['--mount', '--propagation', 'private', 'sh', '-c', ELSEWHERE, 'elsewhere', checkout],
    ...['setpriv', '--pdeathsig', 'TERM', '/usr/sbin/dockerd'],
    ...['--data-root', join(root, 'data'), '--exec-root', join(root, 'exec'), '--pidfile', join(root, 'pid')],
    ...['--host', `tcp://127.0.0.1:${port}`, '--host', `unix://${socketPath}`, '--group', 'root', '--tlsverify'],
    ...['--tlscacert', engine.ca, '--tlscert', engine.cert, '--tlskey', engine.key, '--storage-driver', 'overlay2'],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--userland-proxy=false', '--log-driver', 'none', '--log-level', 'error'],
  ]
  const child = spawn('unshare', args, { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const address = parseAddress(`tcp://127.0.0.1:${port}`, { tls: ours })
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  const until = performance.now() + 120_000
  for (;;) {
    try {
      await connectDocker(address)
      return { address, socketPath, stop }
    } catch (thrown) {
      if (performance.now() > until || child.exitCode !== null) {
        await stop()
        throw thrown
      }
      await delay(50)
    }
  }
}

type Accept<T> = () => T
type SshConnection = {
  on(event: 'authentication', listen: (attempt: { method: string; accept(): void; reject(): void }) => void): void
  on(event: 'session', listen: (accept: Accept<SshSession>) => void): void
  on(event: 'error', listen: () => void): void
}
type SshSession = {
  on(
    event: 'exec',
    listen: (accept: Accept<NodeJS.ReadWriteStream>, reject: () => void, info: { command: string }) => void,
  ): void
}
type Ssh = {
  Server: new (
    options: { hostKeys: string[] },
    listen: (connection: SshConnection) => void,
  ) => { listen(port: number, host: string, done: () => void): void; address(): AddressInfo; close(): void }
  utils: { parseKey(key: string): { getPublicSSH(): Buffer } }
}

/** A machine that lets whoever has a key do one thing: `docker system dial-stdio`, which is a pipe to its engine. */
export async function startSshMachine(options: { readonly folder: string; readonly socketPath: string }) {
  // The library that the client's own library uses; it has no types of its own.
  const { Server, utils } = createRequire(createRequire(import.meta.url).resolve('docker-modem'))('ssh2') as Ssh
  const makeKey = () =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey
  const hostKey = makeKey()
  const key = join(options.folder, 'id')
  writeFileSync(key, makeKey(), { mode: 0o600 })
  const server = new Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on('error', () => undefined)
    connection.on('authentication', (attempt) => (attempt.method === 'publickey' ? attempt.accept() : attempt.reject()))
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, reject, { command }) => {
        if (command !== 'docker system dial-stdio') return reject()
        const channel = acceptExec()
        const socket = connect(options.socketPath)
        socket.on('error', () => channel.end())
        channel.on('error', () => socket.destroy())
        channel.pipe(socket).pipe(channel)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fingerprint = `SHA256:${hash('sha256', utils.parseKey(hostKey).getPublicSSH(), 'base64').replace(/=+$/, '')}`
  const text = `ssh://eval@127.0.0.1:${server.address().port}`
  return { text, key, fingerprint, close: () => server.close() }
}
