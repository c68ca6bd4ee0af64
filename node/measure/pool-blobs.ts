/** The pools' matrices: those that this node holds as files, and which blobs are some at all. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Digest,
  hash,
  inclusionProof,
  matrixRulesOf,
  type RoundInputs,
  type RoundState,
} from '../../protocol/index.ts'
import { parsePoolManifest, readPool, SandboxError } from '../../sandbox/index.ts'
import type { Store } from '../store/index.ts'

export type Pool = {
  readonly isMatrix: (digest: Digest) => boolean
  /** A matrix or a pool's manifest, its digest checked; undefined when it is not here or damaged. */
  readonly read: (digest: Digest) => Promise<Uint8Array | undefined>
}

/** @throws SandboxError when a directory holds no pool. */
export const openPool = async (dirs: readonly string[]): Promise<Pool> => {
  const matrices = new Map<Digest, string>()
  const manifests = new Map<Digest, string>()
  for (const dir of dirs) {
    const pool = await readPool(dir)
    manifests.set(pool.manifestDigest, join(dir, 'manifest.csv'))
    for (const digest of pool.digests) matrices.set(digest, join(dir, `${digest}.bin`))
  }
  return {
    isMatrix: (digest) => matrices.has(digest),
    read: async (digest) => {
      const path = matrices.get(digest) ?? manifests.get(digest)
      const bytes = path === undefined ? undefined : await readFile(path).catch(() => undefined)
      return bytes !== undefined && hash(bytes) === digest ? bytes : undefined
    },
  }
}

/** Rounds whose draws are remembered: the newest 64 of as many competitions as a mesh is likely to run. */
const DRAWS_MAX = 512

/** A matrix that a decided round drew, with its place in the pool's Merkle tree. */
export type DrawnMatrix = {
  readonly digest: Digest
  readonly index: number
  readonly proof: readonly Digest[]
}

/** What a decided round was measured on, in the order it was run. */
export type DrawnInputs = RoundInputs & {
  readonly competition: string
  /** The pool's manifest.csv: with the seed it says what was drawn. */
  readonly manifest: string
  readonly size: number
  readonly matrices: readonly DrawnMatrix[]
}

export type PoolIndex = {
  /** True for a matrix of a pool that rounds draw from and that no decided round has drawn; those of the newest 64 are looked at. */
  readonly isSecret: (digest: Digest) => Promise<boolean>
  readonly isRevealed: (digest: Digest) => Promise<boolean>
  /** Null for a round that is not among the newest 64 decided, or whose pool's manifest is not here. */
  readonly inputsOf: (competition: string, round: number) => Promise<DrawnInputs | null>
}

/** Looks at the manifests that parameters and rounds name; each is parsed once, and one that is not here names nothing that is. */
export const createPoolIndex = (o: {
  readonly pool: Pool
  readonly store: Pick<Store, 'getBlob'>
  readonly rounds: () => RoundState
}): PoolIndex => {
  const manifests = new Map<Digest, Manifest>()
  const draws = new Map<Digest, ReadonlySet<Digest>>()
  // Proofs in the largest pool take a second, and anyone may ask for them.
  const answers = new Map<string, DrawnInputs>()
  const keep = <T>(kept: Map<string, T>, key: string, value: T): void => {
    kept.set(key, value)
    const [oldest] = kept.keys()
    if (kept.size > DRAWS_MAX && oldest !== undefined) kept.delete(oldest)
  }
  const manifestOf = async (digest: Digest): Promise<Manifest> => {
    const known = manifests.get(digest)
    if (known !== undefined) return known
    const bytes = (await o.store.getBlob(digest)) ?? (await o.pool.read(digest))
    if (bytes === undefined) return NO_MANIFEST
    const manifest = parseAny(bytes)
    manifests.set(digest, manifest)
    return manifest
  }
  const drawOf = async (competition: string, inputs: RoundInputs): Promise<readonly Digest[]> => {
    const rules = matrixRulesOf(competition)
    const { rows: pool } = await manifestOf(inputs.poolManifest)
    return rules === undefined || pool.length < inputs.matrixCount
      ? []
      : rules.draw({ params: inputs, seed: inputs.seed, pool })
  }
  const drawnOf = async (competition: string, inputs: RoundInputs): Promise<ReadonlySet<Digest>> => {
    const known = draws.get(inputs.seed)
    if (known !== undefined) return known
    const drawn = new Set(await drawOf(competition, inputs))
    if (drawn.size > 0) keep(draws, inputs.seed, drawn)
    return drawn
  }
  const isRevealed = async (digest: Digest): Promise<boolean> => {
    for (const [id, { inputs }] of o.rounds().competitions) {
      for (const one of inputs) if ((await drawnOf(id, one)).has(digest)) return true
    }
    return false
  }
  const isMatrix = async (digest: Digest): Promise<boolean> => {
    if (o.pool.isMatrix(digest)) return true
    for (const { params } of o.rounds().competitions.values()) {
      if ((await manifestOf(params.poolManifest)).digests.includes(digest)) return true
    }
    return false
  }
  return {
    isRevealed,
    isSecret: async (digest) => (await isMatrix(digest)) && !(await isRevealed(digest)),
    inputsOf: async (competition, round) => {
      const inputs = o
        .rounds()
        .competitions.get(competition)
        ?.inputs.find((one) => one.round === round)
      if (inputs === undefined) return null
      const name = `${competition}/${round}`
      const known = answers.get(name)
      if (known !== undefined) return known
      const { digests, text } = await manifestOf(inputs.poolManifest)
      const drawn = await drawOf(competition, inputs)
      if (drawn.length === 0) return null
      const matrices = drawn.map((digest) => {
        const index = digests.indexOf(digest)
        return { digest, index, proof: inclusionProof(digests, index) }
      })
      const answer = { ...inputs, competition, manifest: text, size: digests.length, matrices }
      keep(answers, name, answer)
      return answer
    },
  }
}

type Manifest = ReturnType<typeof parsePoolManifest> & { readonly text: string }
const NO_MANIFEST: Manifest = { digests: [], rows: [], text: '' }

/** Names nothing where the bytes are no manifest: parameters may name anything. */
const parseAny = (bytes: Uint8Array): Manifest => {
  try {
    return { ...parsePoolManifest(bytes), text: new TextDecoder().decode(bytes) }
  } catch (error) {
    if (error instanceof SandboxError) return NO_MANIFEST
    throw error
  }
}
