/** A peer in a process of its own: prints what it hears, and closes when its input ends. */
import { createMesh } from '../../../node/mesh/index.ts'
import { DOMAIN, silent, text, toSeed } from './peers.ts'

const [name = '', port = '0'] = process.argv.slice(2)
const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const mesh = await createMesh({
  privateKeySeed: toSeed(name),
  listen: [`/ip4/127.0.0.1/tcp/${port}`],
  bootstrap: [],
  domain: DOMAIN,
  log: silent,
  handlers: {
    gossip({ data }) {
      print(`gossip ${text(data)}`)
      return 'accept'
    },
    direct: ({ data }) => print(`direct ${text(data)}`),
    request: async ({ data }) => data,
  },
})
print(`listening ${mesh.addresses()[0] ?? ''}`)
process.stdin.resume().once('end', () => void mesh.close())
