/** The commands that docs/VALIDATOR.md tells an operator to type, to be run as they stand there. */
import { readFileSync } from 'node:fs'

const guide = readFileSync(new URL('../../docs/VALIDATOR.md', import.meta.url), 'utf8')

/**
 * The words of every `evalmesh` command in the code blocks below a heading, up to the next one; each of `places` stands for what the guide uses
 * as an example, and its value takes that place.
 */
export const commandsUnder = (
  heading: string,
  places: Readonly<Record<string, string>>,
): readonly (readonly string[])[] => {
  const [, section] = guide.split(`# ${heading}\n`)
  if (section === undefined) throw new Error(`docs/VALIDATOR.md has no heading ${heading}`)
  const [own = ''] = section.split(/^#{1,3} /m)
  const blocks = [...own.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  const lines = blocks.join('').replaceAll('\\\n', ' ').split('\n')
  const commands = lines.filter((line) => line.startsWith('evalmesh '))
  return commands.map((line) => {
    const [command = ''] = line.split(' #')
    // The longest first: one example's text may begin another's.
    const examples = Object.entries(places).sort(([a], [b]) => b.length - a.length)
    const words = command.trim().split(/\s+/).slice(1)
    return words.map((word) => examples.reduce((text, [example, value]) => text.replaceAll(example, value), word))
  })
}
