/** A network of namespaces that are gone with this process: a hub where it lives itself, one namespace a validator, and rules that cut and lose. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Cut } from './plan.ts'

const PREFIX = '10.77.0'
export const HUB_HOST = `${PREFIX}.254`
export const hostOf = (place: number): string => `${PREFIX}.${place + 1}`

export class NetworkError extends Error {}

const run = async (command: readonly string[], input = ''): Promise<void> => {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  // Who ends before it has read all shows it by its exit.
  child.stdin.on('error', () => undefined).end(input)
  const [complaint] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (child.exitCode !== 0) throw new NetworkError(`${command.join(' ')} failed: ${complaint.trim() || child.exitCode}`)
}

/** A namespace lives as long as a process in it; this one ends with the pipe to its stdin, however we end. */
const HOLDER = ['unshare', '--net', '--', 'sh', '-c', 'echo made; exec cat'] as const

const startHolder = async (): Promise<ChildProcess> => {
  const [program, ...args] = HOLDER
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const made = once(createInterface({ input: child.stdout }), 'line')
  const failed = once(child, 'close').then(() => {
    throw new NetworkError(`${program} cannot make a network namespace`)
  })
  await Promise.race([made, failed])
  failed.catch(() => {})
  return child
}

/** Enters a namespace; the kernel kills what it runs when this process ends, even what is stopped. */
const enter = (holder: ChildProcess): readonly string[] => [
  ...['nsenter', '--target', `${holder.pid}`, '--net', '--'],
  ...['setpriv', '--pdeathsig', 'KILL', '--'],
]

const attach = async (holder: ChildProcess, place: number): Promise<void> => {
  const inside = enter(holder)
  await run(['ip', 'link', 'add', `v${place}`, 'type', 'veth', 'peer', 'name', 'mesh', 'netns', `${holder.pid}`])
  await run(['ip', 'link', 'set', `v${place}`, 'master', 'hub', 'up'])
  await run([...inside, 'ip', 'link', 'set', 'lo', 'up'])
  await run([...inside, 'ip', 'address', 'add', `${hostOf(place)}/24`, 'dev', 'mesh'])
  await run([...inside, 'ip', 'link', 'set', 'mesh', 'up'])
}

/** What a validator's own filter drops of what arrives; nothing else in this project has a table of this name. */
const rulesFor = (place: number, o: { readonly cuts: readonly Cut[]; readonly perMille: number }): string => {
  const from = new Set(o.cuts.filter(([, to]) => to === place).map(([sender]) => hostOf(sender)))
  const rules = [
    ...(from.size === 0 ? [] : [`ip saddr { ${[...from].join(', ')} } drop`]),
    ...(o.perMille === 0 ? [] : [`iifname "mesh" numgen random mod 1000 < ${o.perMille} drop`]),
  ]
  const chain = ['type filter hook input priority 0', 'policy accept', ...rules].join('\n')
  // Made before it is deleted: a table that is not there cannot be.
  return `table inet chaos {}\ndelete table inet chaos\ntable inet chaos {\nchain arriving {\n${chain}\n}\n}\n`
}

export type ChaosNetwork = {
  /** What a validator's command is run by, to live in its namespace. */
  under(place: number): readonly string[]
  /** From now on exactly these cuts and this loss on all links. */
  apply(o: { readonly cuts: readonly Cut[]; readonly perMille: number }): Promise<void>
  close(): Promise<void>
}

/** The network namespace that a process lives in. */
const namespaceOf = (pid: number | 'self'): string => readlinkSync(`/proc/${pid}/ns/net`)

/** Makes the hub out of this process's own namespace, which must be a new one: @throws NetworkError in the parent's. */
export const openNetwork = async (validators: number): Promise<ChaosNetwork> => {
  if (namespaceOf('self') === namespaceOf(process.ppid)) throw new NetworkError('not in a network namespace of its own')
  await run(['ip', 'link', 'set', 'lo', 'up'])
  await run(['ip', 'link', 'add', 'hub', 'type', 'bridge'])
  await run(['ip', 'address', 'add', `${HUB_HOST}/24`, 'dev', 'hub'])
  await run(['ip', 'link', 'set', 'hub', 'up'])
  const holders: ChildProcess[] = []
  for (let place = 0; place < validators; place++) {
    const holder = await startHolder()
    holders.push(holder)
    await attach(holder, place)
  }
  return {
    under: (place) => {
      const holder = holders[place]
      if (holder === undefined) throw new NetworkError(`no namespace ${place}`)
      return enter(holder)
    },
    apply: async (o) => {
      await Promise.all(holders.map((holder, place) => run([...enter(holder), 'nft', '-f', '-'], rulesFor(place, o))))
    },
    close: async () => {
      await Promise.all(
        holders.map(async (holder) => {
          const gone = once(holder, 'close')
          holder.stdin?.end()
          await gone
        }),
      )
    },
  }
}

/** All that a run will do to its network, tried in a namespace that is gone at once. */
const TRIAL = 'ip link add hub type bridge && ip link add left type veth peer name right && exec nft -f -'

/** A sentence on what is lacking to run here; null when nothing is. */
export const lackOf = async (): Promise<string | null> => {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  try {
    await run(['unshare', '--net', '--', 'sh', '-c', TRIAL], rulesFor(0, { cuts: [[1, 0]], perMille: 1 }))
    return null
  } catch (error) {
    return `needs network namespaces, ip and nft: ${error instanceof Error ? error.message : error}`
  }
}
