/** How simulated nodes sign: by words that say what they sign, so that checking one is comparing it, or for real. */
import sodium from 'sodium-native'
import {
  bytesToHex,
  type Digest,
  hash,
  hexToBytes,
  type Key,
  type SignatureClaim,
  utf8ToBytes,
} from '../../protocol/crypto.ts'
import { headerDigest } from '../../protocol/message/entry.ts'
import { bytesToSign, type Domains, type Signed, type Unsigned, type Verified } from '../../protocol/message/message.ts'

type Vote = {
  readonly kind: string
  readonly height: number
  readonly view: number
  readonly value: Digest
  readonly hotkey: Key
}

export type Signing = {
  /** A key that anyone may know, from its name. `signer` of a message is such a name's key. */
  readonly keyNamed: (name: string) => Key
  /** Signs as the hotkey in the body. Who calls this for another's hotkey forges: liars do so only for their own. */
  readonly sign: (message: Unsigned, domains: Domains, idOf: (message: Unsigned) => Digest) => Verified<Signed>
  readonly isVoteSigned: (vote: Vote & { readonly signature: string }, domains: Domains) => boolean
  readonly holds: (claim: SignatureClaim) => boolean
}

const token = (o: Vote): string => `${o.hotkey}/${o.kind}/${o.height}/${o.view}/${o.value}`

/** 32 bytes from a name, as good a key as any where nothing is verified. */
const keyNamed = (name: string): Key => hash(utf8ToBytes(name))

const tokenOf = (message: Unsigned, idOf: (message: Unsigned) => Digest): string => {
  const { kind, body } = message
  if (kind === 'proposal') {
    const value = `${headerDigest(body.header)}/${body.parentView}`
    return token({ kind, height: body.height, view: body.view, value, hotkey: body.hotkey })
  }
  if (kind === 'notarize' || kind === 'nullify' || kind === 'finalize') return token({ kind, ...body })
  return `${body.hotkey}/${kind}/${idOf(message)}`
}

export const TOKENS: Signing = {
  keyNamed,
  sign: (message, _, idOf) => ({ ...message, signature: tokenOf(message, idOf) }) as Verified<Signed>,
  isVoteSigned: (vote) => vote.signature === token(vote),
  holds: () => {
    throw new Error('words are compared, not verified')
  },
}

/** Session keys are named after the hotkey: `sessionKeyOf(hotkey)`. */
export const sessionName = (hotkey: Key): string => `session ${hotkey}`

const verify = ({ publicKey, message, signature }: SignatureClaim): boolean =>
  sodium.crypto_sign_verify_detached(
    Buffer.from(hexToBytes(signature)),
    Buffer.from(message),
    Buffer.from(hexToBytes(publicKey)),
  )

/** Claims that were found to hold are not verified again by the next receiver, as long as all of them are the same. */
const remembering = (): ((claim: SignatureClaim) => boolean) => {
  const good = new Map<string, SignatureClaim>()
  return (claim) => {
    const known = good.get(claim.signature)
    if (known?.publicKey === claim.publicKey && Buffer.compare(known.message, claim.message) === 0) return true
    const holds = verify(claim)
    if (good.size >= REMEMBERED_MAX) good.clear()
    if (holds) good.set(claim.signature, claim)
    return holds
  }
}

/** Some tens of runs' worth. */
const REMEMBERED_MAX = 20_000

/** Real ed25519 everywhere, hotkeys included: what one seed in a hundred runs with. */
export const createRealSigning = (): Signing => {
  const secrets = new Map<Key, Buffer>()
  const made = new Map<string, Key>()
  const holds = remembering()
  const realKey = (name: string): Key => {
    const known = made.get(name)
    if (known !== undefined) return known
    const [publicKey, secret] = [Buffer.alloc(32), Buffer.alloc(64)]
    sodium.crypto_sign_seed_keypair(publicKey, secret, Buffer.from(hexToBytes(keyNamed(name))))
    const key = bytesToHex(publicKey)
    secrets.set(key, secret)
    made.set(name, key)
    return key
  }
  return {
    keyNamed: realKey,
    sign: (message, domains) => {
      const isHotkeys = ['submission', 'delegation', 'params'].includes(message.kind)
      const key = isHotkeys ? message.body.hotkey : realKey(sessionName(message.body.hotkey))
      const secret = secrets.get(key)
      if (secret === undefined) throw new Error(`nobody here holds the key of ${key}`)
      const signature = Buffer.alloc(64)
      sodium.crypto_sign_detached(signature, Buffer.from(bytesToSign(message, domains)), secret)
      return { ...message, signature: bytesToHex(signature) } as Verified<Signed>
    },
    isVoteSigned: ({ kind, signature, ...body }, domains) => {
      const message = { kind, body } as Unsigned<'notarize' | 'nullify' | 'finalize'>
      const publicKey = realKey(sessionName(body.hotkey))
      return holds({ scheme: 'ed25519', publicKey, message: bytesToSign(message, domains), signature })
    },
    holds,
  }
}
