/** Hands a signed message to a validator, and says in words why none took it. */
import { type Digest, domainsOf, type Genesis, ProtocolError, type Signed } from '../../protocol/index.ts'
import { createLog } from '../log.ts'
import { MeshError } from '../mesh/index.ts'
import { sendSubmission } from '../miner/submit.ts'
import { connectGuest, peerIdOf } from '../peers/guest.ts'
import { CliError, EXIT } from './output.ts'

export const handOver = async (o: {
  readonly name: string
  /** An empty bundle where the message needs none. */
  readonly item: { readonly id: Digest; readonly message: Signed; readonly bundle: Uint8Array }
  readonly genesis: Genesis
  /** Validators to hand it to, tried in turn. */
  readonly peers: readonly string[]
}): Promise<{ readonly id: Digest; readonly peer: string }> => {
  const log = createLog({ name: o.name, level: 'warn' })
  const mesh = await connectGuest({ peers: o.peers, domains: domainsOf(o.genesis), log })
  try {
    return await sendSubmission({ submission: o.item, mesh, peers: o.peers.map(peerIdOf) })
  } finally {
    await mesh.close()
  }
}

/** What a rule refuses, in words; `hint`: what to do about a validator's no. @throws CliError, or the error itself when no rule or network is behind it. */
export const explainRefusal = (error: unknown, hint = ''): never => {
  if (error instanceof ProtocolError) {
    const { code, sizeBytes, sizeBytesMax } = error.facts
    const message =
      code === 'OVERSIZE' ? `the file has ${sizeBytes} bytes; the limit is ${sizeBytesMax}, inclusive` : error.message
    throw new CliError({ exitCode: EXIT.rejected, message: `refused before running: ${message}` })
  }
  if (error instanceof MeshError && error.code === 'REFUSED') {
    const reason = String(error.facts['reason'])
    const exitCode = reason.startsWith('QUOTA') || reason.startsWith('WAITING') ? EXIT.quota : EXIT.rejected
    throw new CliError({ exitCode, message: `refused by the validator: ${reason}`, hint })
  }
  if (error instanceof MeshError) {
    const mend = 'check the addresses given with --peer, and that a validator listens there'
    throw new CliError({ exitCode: EXIT.unavailable, message: `no validator took it: ${error.code}`, hint: mend })
  }
  throw error
}
