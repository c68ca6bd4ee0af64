/** Appends to the journal until it is killed, and prints each number once its append has resolved. */
import { writeSync } from 'node:fs'
import { openStore, toSequenceKey } from '../../../node/store/index.ts'
import { bytes } from './folder.ts'

const store = await openStore({ dir: process.argv[2] ?? '' })

/** Eight callers at once, so that the kill also hits merged writes. */
const appendForever = async (): Promise<void> => {
  for (;;) {
    const sequence = store.nextSequence()
    const key = toSequenceKey(sequence)
    await store.append([
      { kind: 'journal', key, value: bytes(`entry ${sequence}`) },
      { kind: 'guard', key: `twin-${key}`, value: bytes(`entry ${sequence}`) },
    ])
    // Synchronous: what is printed was acknowledged before the kill.
    writeSync(1, `${sequence}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, appendForever))
