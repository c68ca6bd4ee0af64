/** The agreement's part of the journal, folded back into its state after a crash. */
import { assert } from '../assert.ts'
import type { JournalRecord } from '../machine-types.ts'
import { headerDigest } from '../message/entry.ts'
import type { Signed } from '../message/message.ts'
import type { Certificate, Decided } from '../message/vote.ts'
import type { Host } from './context.ts'
import { continuesLog } from './header.ts'
import { pullForward } from './receive.ts'
import { type Consensus, extendLog, openHeight, remember, viewOf } from './state.ts'

const restoreDecided = (state: Consensus, host: Host, decided: Decided): void => {
  const { header } = decided
  assert(continuesLog(state.log, header), `the journal's decided heights follow each other, at ${header.height}`)
  state.log = extendLog(state.log, header)
  remember(state.recent, decided)
  // What the rounds would have done then they ask for again at the first input.
  host.apply({ header, digest: headerDigest(header), at: 0 })
  state.current = openHeight(header.height + 1, host.committee())
}

const restoreCertificate = (state: Consensus, certificate: Certificate): void => {
  const { current } = state
  if (certificate.height !== current.height) return
  current.active = true
  if (certificate.phase === 'finalize') current.finalization = certificate
  else {
    viewOf(current, certificate.view)[certificate.phase === 'notarize' ? 'notarization' : 'nullification'] = certificate
    pullForward(current, certificate)
  }
}

const restoreProposal = (state: Consensus, proposal: Signed<'proposal'>): void => {
  const { height, view, header } = proposal.body
  if (height !== state.current.height) return
  viewOf(state.current, view).proposal = proposal
  state.current.headers.set(headerDigest(header), header)
}

/** folding the journal in the order written gives the state that everything sent before came from. @returns false for a record of the rounds. */
export const restoreRecord = (state: Consensus, host: Host, record: JournalRecord): boolean => {
  switch (record.kind) {
    case 'decided':
      restoreDecided(state, host, record.decided)
      return true
    case 'certificate':
      restoreCertificate(state, record.certificate)
      return true
    case 'guard':
      if (record.height === state.current.height) viewOf(state.current, record.view).guard[record.phase] = record.value
      return true
    case 'message':
      if (record.message.kind !== 'proposal') return false
      restoreProposal(state, record.message)
      return true
    case 'cloned':
      state.clonedKey = record.sessionKey
      return true
    default:
      return false
  }
}
