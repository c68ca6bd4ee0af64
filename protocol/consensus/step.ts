/** The agreement's step: one input changes the state, then all rules run on what it has become. */
import type { Effect, Input } from '../machine-types.ts'
import type { Context, Host } from './context.ts'
import { adopt } from './decide.ts'
import { progress, timerAt } from './progress.ts'
import { receive, receiveCertificate } from './receive.ts'
import type { Consensus } from './state.ts'
import { answerStatus, resend } from './sync.ts'

const take = (c: Context, input: Input): void => {
  if (input.kind === 'certificate') receiveCertificate(c, input.certificate)
  else if (input.kind === 'decided') adopt(c, input.decided)
  else if (input.kind === 'status') answerStatus(c, input)
  else if (input.kind === 'message') {
    const { message } = input
    switch (message.kind) {
      case 'proposal':
      case 'notarize':
      case 'nullify':
      case 'finalize':
        receive(c, message)
    }
  }
}

/** Everything else goes to the rounds first, and comes here because what a proposal waited for may be here now. */
export const stepConsensus = (state: Consensus, host: Host, input: Input): readonly Effect[] => {
  const c: Context = { state, host, at: input.at, effects: [], sends: [] }
  if (state.alarm !== null && input.at >= state.alarm) state.alarm = null
  take(c, input)
  progress(c)
  resend(c)
  const alarm = Math.min(state.resendAt, timerAt(c))
  if (alarm !== state.alarm) {
    state.alarm = alarm
    c.sends.push({ kind: 'wake', at: alarm })
  }
  return c.sends.length === 0 ? c.effects : c.effects.concat(c.sends)
}
