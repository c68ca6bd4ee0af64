/** What tests of a whole mesh wait for, and what they read off it. */
import type { CertifiedRoundView } from '../../node/api/views.ts'
import { openPeer } from '../../node/audit/source.ts'
import type { DevnetMember } from '../../node/demo/devnet.ts'
import { statusOf } from '../../node/demo/watch.ts'
import { createRounds, type Decided, type Digest, domainsOf } from '../../protocol/index.ts'
import { get, log, type TestMesh, until } from './mesh-process.ts'

/** Resolves to the log that all of these have at one moment. */
export const sameLog = (members: readonly DevnetMember[]): Promise<{ readonly root: string; readonly size: number }> =>
  until(`the same log at ${members.map(({ name }) => name).join(', ')}`, async () => {
    const all = await Promise.all(members.map(statusOf))
    const [one] = all
    const isSame = all.every((status) => status?.logRoot === one?.logRoot && status?.logSize === one?.logSize)
    return isSame && one ? { root: one.logRoot, size: one.logSize } : null
  })

/** Blocks that lie between two rounds at least: a second. */
const GAP_BLOCKS = 2

/** Waits for the time between two rounds, when the next height will be a manifest but is not due yet; resolves to that height. */
export const betweenRounds = (mesh: TestMesh, witness: DevnetMember): Promise<number> => {
  // A manifest that is due already, since submissions closed during the round before, would be decided by the second look.
  let seen = 0
  return until('the time between two rounds', async () => {
    const status = await statusOf(witness)
    if (status === null || status.rounds.length > 0) return null
    const { roundBlocks } = mesh.params
    const ahead = roundBlocks - ((status.block - mesh.genesis.block) % roundBlocks)
    const isQuiet = status.height === seen && ahead >= GAP_BLOCKS
    seen = status.height
    return isQuiet ? status.height : null
  })
}

/** Resolves when this height is decided at the witness. */
export const decided = (witness: DevnetMember, height: number): Promise<number> =>
  until(`height ${height} decided by ${witness.name}`, async () => {
    const status = await statusOf(witness)
    return status !== null && status.height > height ? status.height : null
  })

/** A decided height out of a member's archive, and who signed that it is final. */
export const decidedBy = async (
  mesh: TestMesh,
  o: { readonly member: DevnetMember; readonly height: number },
): Promise<Decided & { readonly signers: readonly DevnetMember[] }> => {
  const source = await openPeer({
    peer: mesh.peerOf(o.member),
    domains: domainsOf(mesh.genesis),
    log,
    signal: AbortSignal.timeout(30_000),
  })
  try {
    const [one] = await source.decidedFrom(o.height, () => false)
    if (one === undefined) throw new Error(`${o.member.name} has no height ${o.height}`)
    const { committee } = createRounds({ genesis: mesh.genesis, self: null })
    const hotkeys = new Set(one.certificate.signatures.map(({ member }) => committee.members[member]?.hotkey))
    return { ...one, signers: mesh.devnet.members.filter(({ keys }) => hotkeys.has(keys.hotkey.publicKey)) }
  } finally {
    await source.close()
  }
}

/** Null while the round is not certified at this member. */
export const certified = async (
  member: DevnetMember,
  o: { readonly competition: string; readonly round: number },
): Promise<CertifiedRoundView | null> => {
  const { status, body } = await get<CertifiedRoundView>(member, `/rounds/${o.competition}/${o.round}`)
  return status === 200 ? body : null
}

export type Outcome = { readonly verdict: string; readonly reason: string }

/** What a validator's own log says it measured; null while it has not. */
export const measuredBy = (logText: string, id: Digest): Outcome | null => {
  const line = logText.split('\n').find((one) => one.includes('"msg":"measured"') && one.includes(id))
  if (line === undefined) return null
  const { verdict, code } = JSON.parse(line) as { verdict: string; code: string }
  return { verdict, reason: code }
}
