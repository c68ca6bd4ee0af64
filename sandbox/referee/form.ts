/** What a submission's source says about how it wants to be run: by calls or over HTTP, and on which image. */
import type { RecipeName } from '../image/recipe.ts'

/** `functions`: compress and decompress are called. `http`: it is started as a server and asked. */
export type Form = 'functions' | 'http'

/** An unindented line that makes a function of that name; a decorated one is an endpoint and is looked for apart. */
const DEFINES = /^(?:def|class)\s+(?:de)?compress\b|^(?:de)?compress\s*(?::[^=]*)?=(?!=)/

/**
 * `http` when the source names `/health` and no unindented line defines compress or decompress as a plain function, class
 * or value. An endpoint (`async def`, or decorated) is none of these, nor is an import: servers import such names too.
 * Every validator sees the same source and so the same form; a wrong guess ends in a line that says how to be understood.
 */
export function formOf(source: string): Form {
  if (!source.includes('/health')) return 'functions'
  let isDecorated = false
  for (const line of source.split(/\r\n?|\n/)) {
    // Blank, indented, a comment, or the end of a decorator of several lines: the statement before goes on.
    if (/^(?:[\s#)\]}]|$)/.test(line)) continue
    if (DEFINES.test(line) && !isDecorated) return 'functions'
    isDecorated = line.startsWith('@')
  }
  return 'http'
}

/** Modules of image torch that image numpy has not, or has in another version that matters. */
const TORCH_MODULES = new Set([
  ...['torch', 'fastapi', 'uvicorn', 'starlette', 'pydantic', 'multipart', 'python_multipart', 'anyio', 'h11'],
  ...['scipy', 'zstd', 'brotli', 'lz4', 'loguru', 'sympy', 'networkx'],
])

/** The image that has what the source imports; a guess for tools at home: a mesh's parameters name one for all. */
export function recipeFor(source: string): RecipeName {
  const imports = source.matchAll(/^[ \t]*(?:import|from)[ \t]+(\w+)/gm)
  return [...imports].some(([, name = '']) => TORCH_MODULES.has(name)) ? 'torch' : 'numpy'
}
