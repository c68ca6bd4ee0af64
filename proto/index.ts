/** The public surface of the wire: whatever peers send each other is one Envelope. */
import { evalmesh } from './generated.js'

export const { Envelope } = evalmesh.v1
