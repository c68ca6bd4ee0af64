/** Preloaded by the tests of the checkers: plants the fault that the environment names into the source as it is loaded. */
import { registerHooks } from 'node:module'
import { HEALTHY, MUTANTS } from './mutants.ts'

const name = process.env['SIM_MUTANT']
const mutant = [HEALTHY, ...MUTANTS].find((known) => known.name === name)
if (mutant === undefined) throw new Error(`no mutant is called ${name}`)

const mutated = (path: string, source: string): string => {
  let text = source
  for (const { file, find, replace } of mutant.edits) {
    if (!path.endsWith(`/${file}`)) continue
    if (text.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`)
    text = text.replace(find, () => replace)
  }
  return text
}

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    const { source } = loaded
    if (source === undefined || source === null || !mutant.edits.some(({ file }) => url.endsWith(`/${file}`)))
      return loaded
    const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
    return { ...loaded, source: mutated(url, text) }
  },
})
