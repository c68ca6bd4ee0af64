/** Generates the static code of the wire from mesh.proto: into this folder, or into the one that is named. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const out = process.argv[2] ?? here
const run = (tool, args) => {
  const cli = createRequire(import.meta.url).resolve(`protobufjs-cli/bin/${tool}`)
  execFileSync(process.execPath, [cli, ...args], { stdio: 'inherit' })
}

// Only encode and decode: the codecs of protocol/ check and convert.
const without = ['create', 'verify', 'convert', 'delimited', 'typeurl', 'service'].map((part) => `--no-${part}`)
const flags = ['--target', 'static-module', '--wrap', 'esm', '--root', 'evalmesh', '--lint', '', ...without]

const temporary = mkdtempSync(join(tmpdir(), 'evalmesh-proto-'))
try {
  // The types are made from the comments, which the code itself does not need.
  const commented = join(temporary, 'commented.js')
  run('pbjs', [...flags, '--out', commented, join(here, 'mesh.proto')])
  run('pbts', ['--no-comments', '--out', join(out, 'generated.d.ts'), commented])
  run('pbjs', [...flags, '--no-comments', '--out', join(out, 'generated.js'), join(here, 'mesh.proto')])
} finally {
  rmSync(temporary, { recursive: true })
}
