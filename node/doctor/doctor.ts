/** The doctor: everything that a validator with real stake needs, looked at one after the other, each with what mends it. */
import { readFile } from 'node:fs/promises'
import { domainsOf, encodeSs58, type Genesis, parseGenesis } from '../../protocol/index.ts'
import { configFileOf, loadConfig, type ValidatorConfig } from '../home/config.ts'
import { loadValidatorKeys, type ValidatorKeys } from '../home/keys.ts'
import { type Check, fail, messageOf, ok, skip, type Verdict } from './check.ts'
import {
  checkDelegation,
  checkDisk,
  checkEngines,
  checkGpu,
  checkMemory,
  checkNode,
  checkPorts,
  checkStore,
} from './home.ts'
import { checkChain, checkClock, checkMesh, checkPeers, checkPlace } from './world.ts'

/** A part that others need: the thing itself, or null with the row that says why. */
type Part<T> = { readonly part: T | null; readonly verdict: Verdict }

const take = async <T>(load: () => Promise<T>, o: { tell: (part: T) => string; mend: string }): Promise<Part<T>> => {
  try {
    const part = await load()
    return { part, verdict: ok(o.tell(part)) }
  } catch (error) {
    return { part: null, verdict: fail(messageOf(error), o.mend) }
  }
}

/** A look that itself went wrong is a finding too. */
const orFail = async (look: () => Verdict | Promise<Verdict>): Promise<Verdict> => {
  try {
    return await look()
  } catch (error) {
    return fail(messageOf(error), 'docs/VALIDATOR.md, “When it fails”')
  }
}

const loadParts = async (home: string) => {
  const config = await take<ValidatorConfig>(() => loadConfig(home, {}), {
    tell: () => configFileOf(home),
    mend: 'mend that field of config.json, or make a home: evalmesh init',
  })
  const hotkeyFile = config.part?.hotkey
  const keys = await take<ValidatorKeys>(() => loadValidatorKeys(home, hotkeyFile), {
    tell: ({ hotkey }) => `${encodeSs58(hotkey.publicKey)}, ${hotkey.scheme}`,
    mend: 'docs/VALIDATOR.md, “Keys”',
  })
  const file = config.part?.genesis
  const genesis =
    file === undefined
      ? { part: null, verdict: skip('needs the configuration') }
      : await take<Genesis>(async () => parseGenesis(await readFile(file)), {
          tell: (document) => `mesh ${domainsOf(document).mesh}`,
          mend: 'get it again, byte for byte: GET /genesis of any validator',
        })
  return { config, keys, genesis }
}

/** Looks at all; `tell` hears each row when it is known. */
export const examineHome = async (home: string, tell: (check: Check) => void): Promise<readonly Check[]> => {
  const checks: Check[] = []
  const add = (name: string, verdict: Verdict): void => {
    const { state, found, mend } = verdict
    const check = { name, state, found, mend }
    checks.push(check)
    tell(check)
  }
  const { config, keys, genesis } = await loadParts(home)
  add('configuration', config.verdict)
  add('keys', keys.verdict)
  add('genesis', genesis.verdict)
  const store = await checkStore(home)
  add('store', store)
  add('node', checkNode())
  add('memory', checkMemory())
  add('disk', await orFail(() => checkDisk(home)))
  if (config.part === null) return checks
  const { part } = config
  if (keys.part !== null) {
    const own = keys.part
    add('delegation', await orFail(() => checkDelegation(home, own)))
  }
  if (store.isRunning) {
    // Its engines and ports are in use, by itself.
    add('engine', skip('the running validator has it'))
    add('ports', ok('in use by the running validator'))
    add('mesh', await orFail(() => checkMesh(part)))
  } else {
    const { engine, image } = await checkEngines(part, genesis.part)
    add('engine', engine)
    add('image', image)
    add('ports', await orFail(() => checkPorts(part)))
  }
  add('gpu', await orFail(() => checkGpu(part)))
  add('chain', await orFail(() => checkChain(part, genesis.part)))
  add('clock', await orFail(() => checkClock(part)))
  add('peers', await orFail(() => checkPeers(part)))
  if (genesis.part === null || keys.part === null) return checks
  const place = await checkPlace(part, genesis.part.netuid, keys.part.hotkey.publicKey)
  for (const name of ['registration', 'permit', 'stake', 'weights'] as const) add(name, place[name])
  return checks
}
