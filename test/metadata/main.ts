/** Fetches the metadata of a Subtensor runtime into the cache folder, for tests that need it: `npm run metadata -- wss://NODE`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createSocket } from '../../node/chain/subtensor/socket.ts'
import { METADATA_CACHE } from '../node/chain/substrate/types.ts'

/** The newest version of metadata that the types library reads, and its runtime APIs are in. */
const VERSION = '0x10000000'

const [endpoint] = process.argv.slice(2)
if (endpoint === undefined || !/^wss?:/.test(endpoint)) {
  console.error('usage: npm run metadata -- wss://ENDPOINT   (a Subtensor node)')
  process.exit(2)
}
const socket = createSocket({ url: endpoint })
try {
  const answer = String(await socket.call('state_call', ['Metadata_metadata_at_version', VERSION]))
  const bytes = Buffer.from(answer.slice(2), 'hex')
  // An option, the length as a compact number of two or four bytes, then the metadata with its magic word.
  const start = bytes.indexOf('meta')
  if (bytes[0] !== 1 || start < 2 || start > 6) throw new Error('this node has no metadata of version 16')
  mkdirSync(dirname(METADATA_CACHE), { recursive: true })
  writeFileSync(METADATA_CACHE, bytes.subarray(start))
  console.log(`${METADATA_CACHE}: ${bytes.length - start} bytes`)
} finally {
  socket.close()
}
