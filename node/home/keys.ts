/** Key files of a home directory: the hotkey and, for a validator, the keys of its node; secrets are never printed. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { getPublicKey, secretFromSeed, sign } from '@scure/sr25519'
import sodium from 'sodium-native'
import { bytesToHex, encodeSs58, hexToBytes, type Key } from '../../protocol/index.ts'
import { createFile, isThere, replaceFile } from '../files.ts'

/** How an account signs. Subtensor takes both from any account; Bittensor's own tools make sr25519 only. */
export type KeyScheme = 'sr25519' | 'ed25519'

/** Signs for one account; holds the secret, so it prints redacted. */
export type Hotkey = {
  readonly publicKey: Key
  readonly scheme: KeyScheme
  sign(bytes: Uint8Array): Uint8Array
}

/** A validator's keys: the hotkey signs delegations only, the session key everything in the mesh, the peer key is libp2p's. */
export type ValidatorKeys = {
  readonly hotkey: Hotkey
  readonly session: { readonly publicKey: Key; sign(bytes: Uint8Array): Uint8Array }
  readonly sealing: { readonly publicKey: Key }
  readonly peerSeed: Uint8Array
}

/** KEY_MISSING, KEY_EXISTS, KEY_MALFORMED, KEY_ENCRYPTED, KEY_OPEN (others may read it), KEY_SPENT (its counter has come to its end): the message says which file and what to do. */
export class KeyError extends Error {
  readonly code: 'KEY_MISSING' | 'KEY_EXISTS' | 'KEY_MALFORMED' | 'KEY_ENCRYPTED' | 'KEY_OPEN' | 'KEY_SPENT'
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

const toSr25519 = (secret: Uint8Array): Hotkey => {
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

const toHotkey = (seed: Uint8Array, scheme: KeyScheme): Hotkey => {
  if (scheme === 'sr25519') return toSr25519(secretFromSeed(seed))
  const { publicKey, sign: signBytes } = toSession(seed)
  return redacted({ publicKey, scheme, sign: signBytes }, { publicKey })
}

const toSealing = (seed: Uint8Array): ValidatorKeys['sealing'] => {
  const key = createPrivateKey({ key: Buffer.concat([X25519_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = bytesToHex(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES))
  return { publicKey }
}

/** Of the wallets' field `cryptoType`, which is 1 where it is missing. */
const CRYPTO_TYPES: readonly KeyScheme[] = ['ed25519', 'sr25519']

/** The shape of a bittensor wallet's plain hotkey file, so that its tools can read ours and we theirs. */
const hotkeyFile = (seed: Uint8Array, scheme: KeyScheme): Readonly<Record<string, string | number>> => {
  const { publicKey } = toHotkey(seed, scheme)
  return {
    accountId: `0x${publicKey}`,
    publicKey: `0x${publicKey}`,
    secretSeed: `0x${bytesToHex(seed)}`,
    ss58Address: encodeSs58(publicKey),
    ...(scheme === 'sr25519' ? {} : { cryptoType: CRYPTO_TYPES.indexOf(scheme) }),
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

/** What the first bytes of the ways say in which wallets encrypt a key. */
const ENCRYPTED = /^(\$NACL|\$ANSIBLE_VAULT|gAAAAA)/

const read = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new KeyError('KEY_MISSING', path, 'no such key; make one with `evalmesh keys new`')
  if ((found.mode & 0o077) !== 0) throw new KeyError('KEY_OPEN', path, `others may read it: chmod 600 ${path}`)
  const text = (await readFile(path, 'utf8')).trim()
  if (ENCRYPTED.test(text) || /"encoded"\s*:/.test(text)) {
    const mend = 'write the hotkey again without a password: btcli wallet regen-hotkey --no-use-password'
    throw new KeyError(
      'KEY_ENCRYPTED',
      path,
      `encrypted, and a running validator has nobody to ask for the password: ${mend}`,
    )
  }
  // Old wallets wrote the seed alone.
  if (isHex(text, SEED_BYTES)) return { secretSeed: text }
  const content = parse(text)
  if (content === null) throw new KeyError('KEY_MALFORMED', path, 'no JSON object, as wallets write it, and no seed')
  return content
}

const isHex = (value: unknown, bytes: number): value is string =>
  typeof value === 'string' && new RegExp(`^(0x)?[0-9a-f]{${2 * bytes}}$`, 'i').test(value)

const parse = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}

const fromHex = (text: string): Uint8Array => hexToBytes(text.replace(/^0x/, '').toLowerCase())

const seedOf = (path: string, value: unknown): Uint8Array => {
  if (isHex(value, SEED_BYTES)) return fromHex(value)
  throw new KeyError('KEY_MALFORMED', path, 'no secretSeed of 32 bytes in hex')
}

/** The scalar of an expanded sr25519 secret times 8: wallets keep it as schnorrkel has it, signers want it as ed25519 has it. */
const timesCofactor = (secret: Uint8Array): Uint8Array => {
  const scalar = secret.slice(0, 32)
  let carry = 0
  for (const [index, byte] of scalar.entries()) {
    const shifted = byte * 8 + carry
    scalar[index] = shifted & 0xff
    carry = shifted >> 8
  }
  return Uint8Array.from([...scalar, ...secret.slice(32)])
}

/** An expanded secret without its seed: whichever form has the file's public key. */
const fromPrivateKey = (path: string, content: Readonly<Record<string, unknown>>, scheme: KeyScheme): Hotkey => {
  const { privateKey, publicKey } = content
  if (isHex(privateKey, 2 * SEED_BYTES) && isHex(publicKey, SEED_BYTES)) {
    const secret = fromHex(privateKey)
    const forms = scheme === 'ed25519' ? [secret.slice(0, SEED_BYTES)] : [secret, timesCofactor(secret)]
    for (const form of forms) {
      try {
        const hotkey = scheme === 'ed25519' ? toHotkey(form, scheme) : toSr25519(form)
        if (hotkey.publicKey === bytesToHex(fromHex(publicKey))) return hotkey
      } catch {
        // No secret in this form.
      }
    }
    throw new KeyError('KEY_MALFORMED', path, 'its publicKey is not its secret’s')
  }
  const what = content['secretPhrase'] === undefined ? 'no secretSeed of 32 bytes in hex' : 'a mnemonic only'
  throw new KeyError('KEY_MALFORMED', path, `${what}: btcli wallet regen-hotkey writes the file with its seed`)
}

const schemeOf = (path: string, { cryptoType = 1, signingScheme }: Readonly<Record<string, unknown>>): KeyScheme => {
  const scheme = CRYPTO_TYPES.find(
    (name, index) => (signingScheme ?? cryptoType) === (signingScheme === undefined ? index : name),
  )
  if (scheme !== undefined) return scheme
  throw new KeyError(
    'KEY_MALFORMED',
    path,
    `another kind of key (${signingScheme ?? cryptoType}); there is ${CRYPTO_TYPES.join(', ')}`,
  )
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
  const scheme = schemeOf(path, content)
  const { secretSeed } = content
  const isSeed = isHex(secretSeed, SEED_BYTES)
  const hotkey = isSeed ? toHotkey(fromHex(secretSeed), scheme) : fromPrivateKey(path, content, scheme)
  checkPublicParts(path, content, hotkey.publicKey)
  return hotkey
}

/** A new hotkey in `home`, which is made if it is not there. @throws KeyError KEY_EXISTS */
export const createHotkey = async (home: string, scheme: KeyScheme = 'sr25519'): Promise<Hotkey> => {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const seed = randomBytes(SEED_BYTES)
  await write(join(home, 'hotkey.json'), print(hotkeyFile(seed, scheme)))
  return toHotkey(seed, scheme)
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

const print = (content: Readonly<Record<string, string | number>>): string => `${JSON.stringify(content, null, 2)}\n`

const newSecret = (): string => print({ secretSeed: `0x${bytesToHex(randomBytes(SEED_BYTES))}` })

const makeNodeKey = (home: string, name: (typeof NODE_KEYS)[number]): Promise<void> =>
  write(join(home, `${name}.json`), newSecret())

/** All keys of a validator, new, in `home`; an existing hotkey is kept. @throws KeyError KEY_EXISTS for a node key */
export const createValidatorKeys = async (home: string, scheme: KeyScheme = 'sr25519'): Promise<ValidatorKeys> => {
  if (!(await isThere(hotkeyFileOf(home)))) await createHotkey(home, scheme)
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
