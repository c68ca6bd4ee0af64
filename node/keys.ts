/** Key files of a home directory: the hotkey and, for a validator, the keys of its node; secrets are never printed. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { getPublicKey, secretFromSeed, sign } from '@scure/sr25519'
import sodium from 'sodium-native'
import { bytesToHex, encodeSs58, hexToBytes, type Key } from '../protocol/index.ts'
import { createFile, isThere, replaceFile } from './files.ts'

/** Signs for one account under sr25519; holds the secret, so it prints redacted. */
export type Hotkey = {
  readonly publicKey: Key
  readonly scheme: 'sr25519'
  sign(bytes: Uint8Array): Uint8Array
}

/** A validator's keys: the hotkey signs delegations only, the session key everything in the mesh, the peer key is libp2p's. */
export type ValidatorKeys = {
  readonly hotkey: Hotkey
  readonly session: { readonly publicKey: Key; sign(bytes: Uint8Array): Uint8Array }
  readonly sealing: { readonly publicKey: Key }
  readonly peerSeed: Uint8Array
}

/** KEY_MISSING, KEY_EXISTS, KEY_MALFORMED, KEY_OPEN (others may read it), KEY_SPENT (its counter has come to its end): the message says which file and what to do. */
export class KeyError extends Error {
  readonly code: 'KEY_MISSING' | 'KEY_EXISTS' | 'KEY_MALFORMED' | 'KEY_OPEN' | 'KEY_SPENT'
  readonly exitCode = 4

  constructor(code: KeyError['code'], path: string, what: string) {
    super(`${path}: ${what}`)
    this.code = code
  }
}

const SEED_BYTES = 32
/** PKCS #8 of an X25519 key: a fixed head before its 32 bytes. */
const X25519_HEAD = hexToBytes('302e020100300506032b656e04220420')

/** Hides everything but `shown` from logs, JSON and `inspect`. */
const redacted = <T extends object>(value: T, shown: object): T => {
  Object.defineProperty(value, 'toJSON', { value: () => shown })
  Object.defineProperty(value, inspect.custom, { value: () => shown })
  return Object.freeze(value)
}

const toHotkey = (seed: Uint8Array): Hotkey => {
  const secret = secretFromSeed(seed)
  const publicKey = bytesToHex(getPublicKey(secret))
  const signBytes = (bytes: Uint8Array): Uint8Array => sign(secret, bytes)
  return redacted({ publicKey, scheme: 'sr25519' as const, sign: signBytes }, { publicKey })
}

const toSession = (seed: Uint8Array): ValidatorKeys['session'] => {
  const point = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES)
  const secret = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES)
  sodium.crypto_sign_seed_keypair(point, secret, Buffer.from(seed))
  const publicKey = bytesToHex(point)
  const signBytes = (bytes: Uint8Array): Uint8Array => {
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES)
    sodium.crypto_sign_detached(signature, Buffer.from(bytes), secret)
    return signature
  }
  return redacted({ publicKey, sign: signBytes }, { publicKey })
}

const toSealing = (seed: Uint8Array): ValidatorKeys['sealing'] => {
  const key = createPrivateKey({ key: Buffer.concat([X25519_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = bytesToHex(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES))
  return { publicKey }
}

/** The shape of a bittensor wallet's plain hotkey file, so that its tools can read ours and we theirs. */
const hotkeyFile = (seed: Uint8Array): Readonly<Record<string, string>> => {
  const { publicKey } = toHotkey(seed)
  return {
    accountId: `0x${publicKey}`,
    publicKey: `0x${publicKey}`,
    secretSeed: `0x${bytesToHex(seed)}`,
    ss58Address: encodeSs58(publicKey),
  }
}

const write = async (path: string, content: string): Promise<void> => {
  try {
    await createFile(path, content)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new KeyError('KEY_EXISTS', path, 'there is a key already; it is never overwritten')
  }
}

const read = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new KeyError('KEY_MISSING', path, 'no such key; make one with `evalmesh keys new`')
  if ((found.mode & 0o077) !== 0) throw new KeyError('KEY_OPEN', path, `others may read it: chmod 600 ${path}`)
  const content = parse(await readFile(path, 'utf8'))
  if (content === null)
    throw new KeyError('KEY_MALFORMED', path, 'no JSON object; an encrypted key cannot be used here')
  return content
}

const parse = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}

const seedOf = (path: string, value: unknown): Uint8Array => {
  if (typeof value === 'string' && /^(0x)?[0-9a-f]{64}$/i.test(value)) return hexToBytes(value.replace(/^0x/, ''))
  throw new KeyError('KEY_MALFORMED', path, 'no secretSeed of 32 bytes in hex')
}

/** A wallet's file says its public part too: whoever edited one half must not sign as somebody else. */
const checkPublicParts = (path: string, content: Readonly<Record<string, unknown>>, publicKey: Key): void => {
  // Old wallets wrote the name with a space before it.
  const expected = {
    publicKey: `0x${publicKey}`,
    ss58Address: encodeSs58(publicKey),
    ' ss58Address': encodeSs58(publicKey),
  }
  for (const [name, want] of Object.entries(expected)) {
    const found = content[name]
    if (found !== undefined && found !== want)
      throw new KeyError('KEY_MALFORMED', path, `its ${name.trim()} is not its secret’s`)
  }
}

export const hotkeyFileOf = (home: string): string => join(home, 'hotkey.json')

/** The hotkey of a home, or of a wallet's file. @throws KeyError */
export const loadHotkey = async (home: string, path: string = hotkeyFileOf(home)): Promise<Hotkey> => {
  const content = await read(path)
  const hotkey = toHotkey(seedOf(path, content['secretSeed']))
  checkPublicParts(path, content, hotkey.publicKey)
  return hotkey
}

/** A new hotkey in `home`, which is made if it is not there. @throws KeyError KEY_EXISTS */
export const createHotkey = async (home: string): Promise<Hotkey> => {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const seed = randomBytes(SEED_BYTES)
  await write(join(home, 'hotkey.json'), print(hotkeyFile(seed)))
  return toHotkey(seed)
}

const NODE_KEYS = ['session', 'sealing', 'peer'] as const

/** @throws KeyError */
export const loadValidatorKeys = async (home: string, hotkeyFile?: string): Promise<ValidatorKeys> => {
  const hotkey = await loadHotkey(home, hotkeyFile)
  const [session, sealing, peer] = await Promise.all(
    NODE_KEYS.map(async (name) => {
      const path = join(home, `${name}.json`)
      return seedOf(path, (await read(path))['secretSeed'])
    }),
  )
  if (session === undefined || sealing === undefined || peer === undefined) throw new Error('three node keys')
  const node = { session: toSession(session), sealing: toSealing(sealing) }
  return redacted({ hotkey, ...node, peerSeed: peer }, { hotkey, ...node })
}

const print = (content: Readonly<Record<string, string>>): string => `${JSON.stringify(content, null, 2)}\n`

const newSecret = (): string => print({ secretSeed: `0x${bytesToHex(randomBytes(SEED_BYTES))}` })

const makeNodeKey = (home: string, name: (typeof NODE_KEYS)[number]): Promise<void> =>
  write(join(home, `${name}.json`), newSecret())

/** All keys of a validator, new, in `home`; an existing hotkey is kept. @throws KeyError KEY_EXISTS for a node key */
export const createValidatorKeys = async (home: string): Promise<ValidatorKeys> => {
  if (!(await isThere(hotkeyFileOf(home)))) await createHotkey(home)
  for (const name of NODE_KEYS) await makeNodeKey(home, name)
  return loadValidatorKeys(home)
}

/** The same, keeping every key that is there; `hotkeyFile` is one of a wallet, which must be there. @throws KeyError */
export const completeValidatorKeys = async (home: string, hotkeyFile: string | null): Promise<ValidatorKeys> => {
  await mkdir(home, { recursive: true, mode: 0o700 })
  if (hotkeyFile === null && !(await isThere(hotkeyFileOf(home)))) await createHotkey(home)
  for (const name of NODE_KEYS) if (!(await isThere(join(home, `${name}.json`)))) await makeNodeKey(home, name)
  return loadValidatorKeys(home, hotkeyFile ?? undefined)
}

/** New session and sealing keys in place of the old ones, whose votes nobody remembers here. @throws KeyError */
export const renewSession = async (home: string, hotkeyFile: string): Promise<ValidatorKeys> => {
  await loadHotkey(home, hotkeyFile)
  for (const name of ['sealing', 'session'] as const) await replaceFile(join(home, `${name}.json`), newSecret())
  return loadValidatorKeys(home, hotkeyFile)
}
