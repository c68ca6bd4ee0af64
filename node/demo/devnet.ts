/** Lays out a development mesh in one directory: keys, the local chain's genesis, the mesh's genesis, each validator's configuration. */
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  bytesToHex,
  type CompetitionParams,
  type Domains,
  type Genesis,
  printGenesis,
  type SignedDelegation,
} from '../../protocol/index.ts'
import type { RecipeName } from '../../sandbox/index.ts'
import type { GenesisSpec } from '../chain/local/genesis.ts'
import type { Chain } from '../chain/port.ts'
import { createHotkey, createValidatorKeys, type Hotkey, type ValidatorKeys } from '../home/keys.ts'
import { signWithHotkey } from '../machine/signer.ts'
import { toPeerId } from '../mesh/index.ts'
import { delegationDomains, makeGenesis } from '../owner/genesis.ts'
import { createVerifier } from '../peers/verify.ts'

const NETUID = 1
const RAO = 1_000_000_000n
/** Enough for ten fees. */
const MINER_TAO = 1n
/** Blocks between two weights of one validator; below WEIGHTS_EVERY_BLOCKS, since a vector may land a block or two late. */
const WEIGHTS_RATE_LIMIT = 6
const WEIGHTS_EVERY_BLOCKS = 10

/** A validator's place in a mesh, and where its process runs. */
export type Seat = {
  readonly name: string
  /** In hundredths of the stake. */
  readonly stake: bigint
  /** Address at which the others reach it. */
  readonly host: string
  /** Command that its own command is run by, as a namespace's `nsenter`; empty: none. */
  readonly under: readonly string[]
  /** Variables that it has beside this process's own. */
  readonly env: Readonly<Record<string, string>>
}

/** Where a development mesh lives. */
export type Site = {
  readonly seats: readonly Seat[]
  /** Of the seats, from the first on, so many hold the pool; the others pull what they need by digest. */
  readonly keepers: number
  /** Address at which the local chain answers. */
  readonly chainHost: string
  /** Blocks of a chain epoch. */
  readonly tempo: number
}

const LOOPBACK = '127.0.0.1'

/** Four validators on the loopback interface. */
export const DEMO_SITE: Site = {
  // Each below a third, so that no single one can stop or decide anything.
  seats: (
    [
      ['anna', 30n],
      ['bela', 28n],
      ['cora', 22n],
      ['dino', 20n],
    ] as const
  ).map(([name, stake]) => ({ name, stake, host: LOOPBACK, under: [], env: {} })),
  // The round goes on when one of them is killed.
  keepers: 2,
  chainHost: LOOPBACK,
  // A demo's round lies within one.
  tempo: 1_440,
}

export type DevnetMember = Pick<Seat, 'name' | 'host' | 'under' | 'env'> & {
  readonly home: string
  readonly stakeRao: bigint
  readonly keys: ValidatorKeys
  readonly ports: { readonly mesh: number; readonly api: number }
}
export type DevnetMiner = {
  readonly name: string
  readonly home: string
  readonly hotkey: Hotkey
  /** Public key of its own purse: quotas count by coldkey too. */
  readonly coldkey: string
}
export type Devnet = {
  readonly dir: string
  readonly members: readonly DevnetMember[]
  readonly miners: readonly DevnetMiner[]
  readonly chainSpec: GenesisSpec
}

/** Ports that are free now; each is held until all are found, so that they differ. */
const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, LOOPBACK, () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Keys and homes of the site's validators and the given miners, and the chain on which they are all registered. */
export const layOutDevnet = async (o: {
  readonly dir: string
  readonly miners: readonly string[]
  readonly site: Site
}): Promise<Devnet> => {
  const { seats, tempo } = o.site
  const ports = await freePorts(seats.length * 2)
  const members = await Promise.all(
    seats.map(async ({ stake, ...seat }, index): Promise<DevnetMember> => {
      const home = join(o.dir, seat.name)
      const keys = await createValidatorKeys(home)
      const [mesh = 0, api = 0] = ports.slice(index * 2)
      return { ...seat, home, stakeRao: stake * 1_000n * RAO, keys, ports: { mesh, api } }
    }),
  )
  const miners = await Promise.all(
    o.miners.map(async (name): Promise<DevnetMiner> => {
      const home = join(o.dir, `miner-${name}`)
      const coldkey = await createHotkey(join(home, 'coldkey'))
      return { name, home, hotkey: await createHotkey(home), coldkey: coldkey.publicKey }
    }),
  )
  const owner = await createHotkey(join(o.dir, 'owner'))
  const coldkey = await createHotkey(join(o.dir, 'coldkey'))
  const neuron = (hotkey: string, stakeRao: bigint, purse = coldkey.publicKey) => {
    return { hotkey, coldkey: purse, stakeRao: `${stakeRao}`, permit: stakeRao > 0n }
  }
  const chainSpec: GenesisSpec = {
    name: `demo-${bytesToHex(crypto.getRandomValues(new Uint8Array(8)))}`,
    accounts: [coldkey.publicKey, ...miners.map((miner) => miner.coldkey)].map((key, index) => ({
      key,
      freeRao: `${(index === 0 ? 1_000n : MINER_TAO) * RAO}`,
    })),
    subnet: { netuid: NETUID, tempo, ownerHotkey: owner.publicKey, weightsRateLimit: WEIGHTS_RATE_LIMIT },
    neurons: [
      neuron(owner.publicKey, 0n),
      ...members.map((member) => neuron(member.keys.hotkey.publicKey, member.stakeRao)),
      ...miners.map((miner) => neuron(miner.hotkey.publicKey, 0n, miner.coldkey)),
    ],
  }
  await mkdir(join(o.dir, 'chain'), { recursive: true, mode: 0o700 })
  await writeFile(join(o.dir, 'chain', 'genesis.json'), JSON.stringify(chainSpec, null, 2))
  return { dir: o.dir, members, miners, chainSpec }
}

const delegate = async (member: DevnetMember, domains: Domains): Promise<SignedDelegation> => {
  const { hotkey, session, sealing, peerSeed } = member.keys
  const body = {
    netuid: NETUID,
    hotkey: hotkey.publicKey,
    scheme: hotkey.scheme,
    sessionKey: session.publicKey,
    sealingKey: sealing.publicKey,
    peerId: await toPeerId(peerSeed),
    fromBlock: 0,
    toBlock: 1_000_000_000,
    counter: 1,
  } as const
  const { signature } = signWithHotkey({ kind: 'delegation', body }, { hotkey, domains })
  return { body, signature }
}

/** Writes the mesh's genesis document, made from the chain's newest finalised block, and every validator's configuration. */
export const foundMesh = async (o: {
  readonly devnet: Devnet
  readonly chain: Chain
  readonly chainEndpoint: string
  readonly competitions: readonly CompetitionParams[]
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  /** Null: the competitions draw from no pool. */
  readonly poolDir: string | null
  /** What submissions run in; the smaller one if not given. */
  readonly image?: RecipeName
  readonly site: Site
}): Promise<{ readonly genesis: Genesis; readonly genesisPath: string; readonly peers: readonly string[] }> => {
  const { devnet, chain } = o
  const domains = delegationDomains({ chainGenesis: await chain.genesisHash(), netuid: NETUID, mechanism: 0 })
  const { genesis } = await makeGenesis({
    chain,
    ...{ netuid: NETUID, mechanism: 0 },
    delegations: await Promise.all(devnet.members.map((member) => delegate(member, domains))),
    mesh: { deltaMs: 1_000, weightCapPpm: 330_000, evidenceEpochs: 30, weightsEveryBlocks: WEIGHTS_EVERY_BLOCKS },
    competitions: o.competitions,
    verify: createVerifier(),
  })
  const genesisPath = join(devnet.dir, 'genesis.json')
  await writeFile(genesisPath, printGenesis(genesis))
  const addresses = new Map<DevnetMember, string>()
  for (const member of devnet.members) {
    addresses.set(member, `/ip4/${member.host}/tcp/${member.ports.mesh}/p2p/${await toPeerId(member.keys.peerSeed)}`)
  }
  const keepers = new Set(devnet.members.slice(0, o.site.keepers))
  for (const member of devnet.members) {
    const config = {
      name: member.name,
      genesis: genesisPath,
      chain: o.chainEndpoint,
      listen: [`/ip4/${member.host}/tcp/${member.ports.mesh}`],
      peers: [...addresses].filter(([other]) => other !== member).map(([, address]) => address),
      api: { host: member.host, port: member.ports.api },
      engine: o.engine,
      image: o.image ?? 'numpy',
      pools: keepers.has(member) && o.poolDir !== null ? [o.poolDir] : [],
    }
    await writeFile(join(member.home, 'config.json'), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  }
  return { genesis, genesisPath, peers: [...addresses.values()] }
}
