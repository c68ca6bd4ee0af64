/** What must be proven of an engine before it is trusted: that our filter is in force, and whose kernel answers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { SandboxError } from '../../errors.ts'
import { basePolicy } from '../../limits.ts'
import type { Engine } from '../engine.ts'
import { type SeccompProfile, toOciProfile } from '../seccomp.ts'
import { stagePrefix } from '../stage.ts'
import type { DockerFacts } from './dialect.ts'

type Profiles = Readonly<Record<SeccompProfile, string>>

const NAMES = ['closed', 'loopback'] as const satisfies readonly SeccompProfile[]

const eachProfile = (make: (name: SeccompProfile) => string): Profiles => ({
  closed: make('closed'),
  loopback: make('loopback'),
})

/** Writes the profiles as `closed.json` and `loopback.json`, for an engine that reads them as files. */
export function writeProfiles(folder: string): void {
  for (const name of NAMES) writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(toOciProfile(name))}\n`)
}

/** The profiles as this engine wants them; `folder`: where it finds them on its machine. `remove` ends files of ours. */
export function handSeccomp(options: {
  readonly facts: DockerFacts
  readonly isRemote: boolean
  readonly folder: string | undefined
}): { readonly seccomp: Profiles; readonly remove: () => void } {
  const nothing = () => undefined
  const inFolder = (folder: string) => eachProfile((name) => join(folder, `${name}.json`))
  if (options.facts.dialect.seccomp === 'inline') {
    return { seccomp: eachProfile((name) => JSON.stringify(toOciProfile(name))), remove: nothing }
  }
  if (options.folder !== undefined) return { seccomp: inFolder(options.folder), remove: nothing }
  if (options.isRemote) {
    const missing = ['seccompFolder: where the engine finds our profiles on its own machine']
    throw new SandboxError('ENGINE_TOO_WEAK', { engine: options.facts.dialect.kind, missing })
  }
  const folder = mkdtempSync(stagePrefix())
  writeProfiles(folder)
  return { seccomp: inFolder(folder), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Network sockets must be refused and, where asked for, the kernel must not be the machine's: names and paths alone prove nothing. */
export async function proveWalls(engine: Engine, facts: DockerFacts, runtime: string | undefined): Promise<void> {
  const code = [
    'import errno, os, socket',
    'try: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); print("open")',
    'except OSError as e: print(errno.errorcode[e.errno])',
    'print(os.uname().release)',
  ].join('\n')
  const argv = ['/usr/bin/python3', '-I', '-S', '-B', '-c', code]
  const sandbox = await engine.start({ name: 'probe', argv, mounts: [], env: {}, policy: basePolicy })
  sandbox.stdin.end()
  const [said, exit] = await Promise.all([buffer(sandbox.stdout), sandbox.exited])
  const [netlink, kernel = ''] = said.toString().split('\n')
  const missing = [
    netlink === 'EPERM' ? null : 'our seccomp profile (runsc takes it with --oci-seccomp)',
    runtime === undefined || kernel !== facts.kernel ? null : `a kernel of its own behind ${runtime}`,
  ].filter((name) => name !== null)
  if (missing.length > 0) throw new SandboxError('ENGINE_TOO_WEAK', { engine: engine.kind, missing, said: exit.stderr })
}
