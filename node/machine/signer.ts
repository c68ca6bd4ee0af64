/** Signs for this node and refuses what contradicts an earlier signature: the second line of defence behind the machine. */
import {
  bytesToHex,
  bytesToSign,
  type Domains,
  headerDigest,
  type JournalRecord,
  messageId,
  type Signed,
  type Unsigned,
} from '../../protocol/index.ts'
import type { Hotkey, ValidatorKeys } from '../home/keys.ts'
import type { Signer } from './ports.ts'

/** Something signed before excludes this: whoever asks for it has lost its memory or its mind. */
export class SignerError extends Error {
  readonly code = 'CONFLICT'
}

type Phase = Extract<JournalRecord, { kind: 'guard' }>['phase']

/** What a signature commits this node to, and what it excludes: the first value under a key is the only one ever. */
const bindings = (message: Unsigned, domains: Domains): readonly (readonly [key: string, value: string])[] => {
  const view = (phase: Phase | 'end' | 'parent', body: { height: number; view: number }): string =>
    `${phase} ${body.height} ${body.view}`
  switch (message.kind) {
    case 'proposal':
      return [
        [view('proposal', message.body), headerDigest(message.body.header)],
        [view('parent', message.body), `${message.body.parentView}`],
      ]
    case 'notarize':
      return [[view('notarize', message.body), message.body.value]]
    case 'nullify':
    case 'finalize':
      // One of the two in a view, never both.
      return [[view('end', message.body), `${message.kind} ${message.body.value}`]]
    case 'commit':
      return [[`commit ${message.body.competition} ${message.body.round}`, messageId(message, domains)]]
    case 'delegation':
      return [[`delegation ${message.body.counter}`, messageId(message, domains)]]
    default:
      return []
  }
}

const fromGuard = ({ height, view, phase, value }: Extract<JournalRecord, { kind: 'guard' }>): [string, string] =>
  phase === 'nullify' || phase === 'finalize'
    ? [`end ${height} ${view}`, `${phase} ${value}`]
    : [`${phase} ${height} ${view}`, value]

/** Signs a delegation, a submission or a change of parameters as a wallet does. */
export const signWithHotkey = <K extends 'delegation' | 'submission' | 'params'>(
  message: Extract<Unsigned, { kind: K }>,
  o: { readonly hotkey: Hotkey; readonly domains: Domains },
): Extract<Signed, { kind: K }> => {
  const signature = bytesToHex(o.hotkey.sign(bytesToSign(message, o.domains)))
  return { ...message, signature } as unknown as Extract<Signed, { kind: K }>
}

/** Entries kept in memory: those of the last heights; older ones are below what the machine ever signs for again. */
export const BINDINGS_MAX = 10_000

/** That something was signed, as the journal has it. */
export type Guard = Extract<JournalRecord, { kind: 'guard' }>

/** `guards`: the journal's, so that a restart forgets nothing. */
export const createSigner = (o: {
  readonly keys: ValidatorKeys
  readonly domains: Domains
  readonly guards: readonly Guard[]
}): { sign(message: Unsigned): Signed } => {
  const bound = new Map<string, string>(o.guards.slice(-BINDINGS_MAX).map(fromGuard))
  return {
    sign: (message) => {
      const binding = bindings(message, o.domains)
      for (const [key, value] of binding) {
        const before = bound.get(key)
        if (before !== undefined && before !== value) throw new SignerError(`${key}: ${value} contradicts ${before}`)
      }
      for (const [key, value] of binding) bound.set(key, value)
      for (const [oldest] of bound) {
        if (bound.size <= BINDINGS_MAX) break
        bound.delete(oldest)
      }
      const bytes = bytesToSign(message, o.domains)
      const byHotkey = message.kind === 'delegation' || message.kind === 'submission' || message.kind === 'params'
      const signature = bytesToHex((byHotkey ? o.keys.hotkey : o.keys.session).sign(bytes))
      return { ...message, signature } as Signed
    },
  }
}

/**
 * Signs nothing that nobody would take: while the mesh knows this hotkey under other session keys (before its first seat, after a restored
 * backup) the node only follows.
 */
export const onlyWhereHeard = (
  signer: ReturnType<typeof createSigner>,
  isHeard: (message: Unsigned) => boolean,
): Signer => ({ sign: (message) => (isHeard(message) ? signer.sign(message) : null) })
