/** A mount namespace in which an ordinary user reaches the image: made once an engine, held by a descriptor, gone when we are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, lstatSync, openSync } from 'node:fs'
import process from 'node:process'
import { bashOf, CLOSE_SCRIPT } from './bash.ts'
import type { Bind } from './policy.ts'
import { isCopy } from './stage.ts'

/** Where an ordinary user finds what is bound: the operator's home may be closed to it. */
const STAGE = '/mnt'
/** Of one job's binds, over which a file system of that job alone is mounted. */
const JOB = '/mnt/job'

/** One step of `STAGE_SCRIPT`: what, from where, to where. */
type Step = readonly [kind: 'scratch' | 'folder' | 'file' | 'join', source: string, target: string]

/** Runs as root in a mount namespace: binds what is to be reached, and joins control groups. */
const STAGE_SCRIPT = `
${CLOSE_SCRIPT}
set -eu
while [ "$1" != -- ]; do
  case $1 in
    scratch) mkdir -p "$3"; mount -t tmpfs -o size=1m,mode=0711 stage "$3" ;;
    folder) mkdir "$3"; mount --bind -- "$2" "$3" ;;
    file) : >"$3"; mount --bind -- "$2" "$3" ;;
    join) echo $$ >"$2" ;;
  esac
  shift 3
done
shift
exec "$@"
`

const PRIVATE = ['unshare', '--mount', '--propagation', 'private'] as const

const script = (steps: readonly Step[]): readonly string[] => [...bashOf(STAGE_SCRIPT), ...steps.flat(), '--']

/** Steps that bind these under `folder`, and the binds as they are found then; copies of ours everybody reaches as they lie. */
const plan = (binds: readonly Bind[], folder: string): { readonly steps: readonly Step[]; readonly binds: Bind[] } => {
  const steps: Step[] = []
  const staged = binds.map(({ source, target }, index): Bind => {
    if (isCopy(source)) return { source, target }
    const place = `${folder}/${index}`
    steps.push([lstatSync(source).isDirectory() ? 'folder' : 'file', source, place])
    return { source: place, target }
  })
  return { steps: steps.length === 0 ? [] : [['scratch', '', folder], ...steps], binds: staged }
}

/** What starts a command behind the stage. */
export type Entrance = {
  /** Put before the command. */
  readonly prefix: readonly [string, ...string[]]
  /** The job's binds, as they are found there. */
  readonly binds: readonly Bind[]
}

export type Stage = {
  /** The image's binds, as they are found behind the stage. */
  readonly binds: readonly Bind[]
  /** For a command that joins these groups and sees these binds of its own. */
  enter(o: { readonly procsFiles: readonly string[]; readonly binds: readonly Bind[] }): Entrance
  close(): void
}

/** @throws Error with what the machine said. Root is needed. */
export async function openStage(system: readonly Bind[]): Promise<Stage> {
  const { steps, binds } = plan(system, STAGE)
  const [file, ...args] = PRIVATE
  const child = spawn(file, [...args, ...script([...steps, ['scratch', '', JOB]]), 'cat'], { cwd: '/', env: PATH })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'exit')
  // What comes back went through everything before it.
  child.stdin.write('\n')
  const isReady = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!isReady) throw new Error(`no mount namespace: ${said.trim()}`)
  const held = openSync(`/proc/${child.pid}/ns/mnt`, 'r')
  child.stdin.end()
  await ended
  const namespace = `--mount=/proc/${process.pid}/fd/${held}`
  return {
    binds,
    enter: (o) => {
      const job = plan(o.binds, JOB)
      const joins = o.procsFiles.map((path): Step => ['join', path, ''])
      const own = job.steps.length === 0 ? [] : PRIVATE
      return { prefix: ['nsenter', namespace, ...own, ...script([...job.steps, ...joins])], binds: job.binds }
    },
    close: () => closeSync(held),
  }
}

/** Whatever starts here is public, and readable inside: no variable of ours goes along. */
export const PATH = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
