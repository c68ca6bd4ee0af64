/** The text of a new HOME/config.json: every field with its meaning above it. */
import { DEFAULTS } from './config.ts'

/** What a newcomer has chosen; everything else is written with its default. */
export type ConfigChoices = Readonly<Record<'chain', string>> &
  Partial<Readonly<Record<Exclude<keyof typeof DEFAULTS, 'chain'>, unknown>>>

/** In the order of the file; one line each. */
export const FIELD_NOTES: Readonly<Record<keyof typeof DEFAULTS | 'chain', string>> = {
  name: 'Stands in the log and in status.',
  hotkey:
    'The hotkey’s file: this home’s own, or one of a Bittensor wallet, such as ~/.bittensor/wallets/NAME/hotkeys/NAME.',
  genesis: 'The mesh’s genesis document. One changed byte is another mesh.',
  chain:
    'ws:// or wss:// endpoints of Subtensor nodes, with commas between, the most trusted first; or the http:// of a local chain.',
  weightsVersionKey: 'Sent with every vector; a subnet refuses one below its own.',
  listen: 'libp2p addresses; the other validators must reach them.',
  peers: 'Other validators, each address ending in /p2p/PEER. One that answers is enough to begin; name all you know.',
  api: 'The read-only HTTP interface. It has no password: keep it on this machine or behind a proxy.',
  engine: 'auto (a Docker engine that answers, else bubblewrap), docker, podman or bubblewrap.',
  engines: 'Engines by name and address, instead of `engine`: docs/VALIDATOR.md, “Several engines”.',
  startAhead: 'true: sandboxes wait, warm, for the next run; takes 250 MB for each place of a timed run.',
  image: 'numpy or torch: the one whose digest the mesh’s parameters name.',
  pools: 'Folders with matrices that this node serves to the committee.',
  stopAtBlock: 'The node stops at this finalised block, for an upgrade that all make at once; null: never.',
  logLevel: 'debug, info, warn or error.',
}

/** Reads back as what was chosen, over the defaults. */
export const printConfig = (choices: ConfigChoices): string => {
  const values: Readonly<Record<string, unknown>> = { ...DEFAULTS, ...choices }
  const fields = Object.entries(FIELD_NOTES).map(
    ([field, note]) => `  // ${note}\n  ${JSON.stringify(field)}: ${JSON.stringify(values[field])}`,
  )
  return `// A validator of evalmesh: all fields; docs/VALIDATOR.md has the whole story. Flags of \`evalmesh validator\` win over it.\n{\n${fields.join(',\n\n')}\n}\n`
}
