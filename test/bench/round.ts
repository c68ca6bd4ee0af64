/** A whole round of many submissions without a sandbox: the chain, the miners and the measurements are made up, all that is signed is signed. */
import { getPublicKey, secretFromSeed, sign } from '@scure/sr25519'
import type { BlockRef, Metagraph } from '../../protocol/chain-view.ts'
import { hardwareClassOf } from '../../protocol/competition/hardware.ts'
import { presetsOf } from '../../protocol/competition/matrix/params.ts'
import { bytesToHex, type Digest, type Key } from '../../protocol/crypto.ts'
import type { Effect, Input } from '../../protocol/machine-types.ts'
import { bytesToSign, type Signed, type Unsigned } from '../../protocol/message/message.ts'
import { buildStatement, passed } from '../../protocol/round/statement.ts'
import { type Crew, digestOf, seedOf } from './committee.ts'

/** Quads of one submission in a statement: PAIR-1 looks first after eight. */
const QUADS = 8

/** Submissions close at this block; the beacon's block comes six later, and everybody answers at once. */
export const CLOSE_BLOCK = 10
export const BEACON_BLOCK = 16
export const COMPETITION = {
  ...presetsOf('matrix-lossless').real({
    image: digestOf('image'),
    poolManifest: digestOf('pool manifest'),
    poolRoot: digestOf('pool'),
    referenceNanos: 1_000_000n,
  }),
  roundBlocks: CLOSE_BLOCK,
  commitBlocks: 50,
  revealBlocks: 50,
  dailySubmissionsMax: 60_000,
  // Nobody here has a chain to pay on.
  feeRao: 0n,
}

const HOST = { model: 'a processor of some model', cores: 16 }

export const blockAt = (number: number): BlockRef => ({ number, hash: digestOf(`block ${number}`) })

const miner = (index: number) => secretFromSeed(seedOf(`miner ${index}`))

/** Submissions under real hotkeys, each of another miner. */
export const submissionsOf = (crew: Crew, o: { from: number; count: number }): readonly Signed<'submission'>[] =>
  Array.from({ length: o.count }, (_, offset) => {
    const secret = miner(o.from + offset)
    const message: Unsigned<'submission'> = {
      kind: 'submission',
      body: {
        competition: COMPETITION.id,
        hotkey: bytesToHex(getPublicKey(secret)),
        scheme: 'sr25519',
        bundle: digestOf(`bundle ${o.from + offset}`),
        sizeBytes: 1_000,
        payment: null,
      },
    }
    return { ...message, signature: bytesToHex(sign(secret, bytesToSign(message, crew.domains))) }
  })

/** The chain at any block: the committee has permits, the miners are registered, the epoch never ends. */
export const createMetagraph = (crew: Crew, miners: readonly Key[]) => {
  const owner = digestOf('owner')
  const neurons = [owner, ...crew.authors.map(({ hotkey }) => hotkey), ...miners].map((hotkey, uid) => ({
    uid,
    hotkey,
    coldkey: digestOf(`cold ${hotkey}`),
    stakeRao: 1_000_000_000n,
    permit: uid > 0 && uid <= crew.authors.length,
  }))
  return (block: number): Metagraph => ({ block: blockAt(block), epoch: 0, epochStart: 0, ownerHotkey: owner, neurons })
}

/** What this validator measured, near what the others did. */
export const statementOf = (
  crew: Crew,
  hotkey: Key,
  asked: Omit<Extract<Effect, { kind: 'evaluate' }>, 'kind'>,
): { readonly nonce: Digest; readonly statement: Uint8Array } => {
  const { competition, round, manifest, entry, seed } = asked
  const salt = Number.parseInt(hotkey.slice(0, 8), 16)
  const nonce = digestOf(`nonce ${hotkey} ${manifest}`)
  const submissions = entry.submissions.map(({ id }, index) =>
    passed({
      id,
      transcriptRoot: digestOf(`transcript ${hotkey} ${index}`),
      runs: digestOf(`runs ${hotkey} ${index}`),
      quadsPpm: Array.from(
        { length: QUADS },
        (_, quad) => 1_000_000 + ((salt + index * 7919 + quad * 104_729) % 9_000),
      ),
      scorePpb: 300_000_000n,
      values: { linkPpm: 1_000_000n, ratioPpb: 700_000_000n, timeNanos: 1_000_000n + BigInt(salt % 100_000) },
      thetaPpm: entry.thetaPpm,
    }),
  )
  const statement = buildStatement({
    domain: crew.domains.mesh,
    competition,
    paramsHash: entry.paramsHash,
    round,
    manifest,
    hotkey,
    nonce,
    seed,
    image: entry.image,
    referee: digestOf('referee'),
    hardware: { ...HOST, engine: 'bubblewrap', strength: 'namespaces', class: hardwareClassOf(HOST) },
    hostNoisePpm: 3_000,
    submissions,
  })
  return { nonce, statement }
}

/** What the world around a validator answers; its times are filled in by who feeds it. */
export const createWorld = (crew: Crew, o: { readonly hotkey: Key | null; readonly miners: readonly Key[] }) => {
  const metagraph = createMetagraph(crew, o.miners)
  return (effect: Effect): Input | null => {
    switch (effect.kind) {
      case 'readBlock':
        return { kind: 'block', at: 0, block: blockAt(effect.number) }
      case 'readMetagraph':
        return { kind: 'metagraph', at: 0, metagraph: metagraph(effect.block) }
      case 'fetch':
        return effect.what === 'blob' ? { kind: 'stored', at: 0, digest: effect.digest } : null
      case 'evaluate': {
        const { kind: _, ...asked } = effect
        const { competition, round, manifest } = asked
        return o.hotkey === null
          ? null
          : { kind: 'evaluated', at: 0, competition, round, manifest, ...statementOf(crew, o.hotkey, asked) }
      }
      default:
        return null
    }
  }
}
