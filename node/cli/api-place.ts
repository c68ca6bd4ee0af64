/** HOST:PORT of `--api`, as a command line gives it. */
import { CliError, EXIT } from './output.ts'

const PORT_MAX = 65_535

/** Any port, 80 among them; an IPv6 address stands in brackets, which are none of its own. @throws CliError */
export const apiPlaceOf = (text: string): { readonly host: string; readonly port: number } => {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain
  const port = Number(digits)
  if (host !== undefined && port <= PORT_MAX) return { host, port }
  const hint = 'for example 127.0.0.1:8080'
  throw new CliError({ exitCode: EXIT.usage, message: `--api ${text} is no HOST:PORT`, hint })
}
