/** How a source is told to be a server or a pair of functions, and which image it is given at home. */
import assert from 'node:assert/strict'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { formOf, recipeFor } from '../../../sandbox/referee/form.ts'

const endpoints = `
@app.get("/health")
def health():
    return {"status": "healthy"}
@app.post(
    "/compress",
    response_class=Response,
)
def compress(file: UploadFile):
    return Response(pack(file.file.read()))

@app.post("/decompress")
# not a function of ours
async def decompress(file: UploadFile):
    return Response(unpack(await file.read()))
`

test('endpoints make a server, of whatever names, and imports of such names do not unmake it', () => {
  const servers = [
    endpoints,
    `from zlib import compress, decompress\n${endpoints}`,
    endpoints.replaceAll('\n', '\r\n'),
    'def make_app():\n    @app.get("/health")\n    def health(): ...\n    def compress(file): ...\n    def decompress(file): ...\n',
    'ROUTES = {"/health": a, "/compress": b}\ncompress_data = 1\nif compress == 2: pass\n',
  ]
  for (const source of servers) assert.equal(formOf(source), 'http', source)
})

test('plain functions, classes and values of these names are called, whatever else the source says', () => {
  const defined = ['def compress(data):', 'compress = Compress()', 'compress: object = Compress()', 'class decompress:']
  for (const line of defined) {
    assert.equal(formOf(`x = "/health"\n${line} pass\n`), 'functions', line)
    assert.equal(formOf(`${endpoints}\n${line} pass\n`), 'functions', line)
  }
  assert.equal(formOf('import zlib\n'), 'functions', 'a server that answers nothing about its health is none')
})

test('each submission of this repository is known for what it is', () => {
  const folder = join(import.meta.dirname, '../../submissions')
  const sources = readdirSync(folder)
    .map((name) => ({ name, path: join(folder, name, 'submission/solution.py') }))
    .filter(({ path }) => lstatSync(path, { throwIfNoEntry: false })?.isFile())
  assert.ok(sources.length > 40)
  for (const { name, path } of sources) {
    assert.equal(formOf(readFileSync(path, 'utf8')), name.startsWith('http-') ? 'http' : 'functions', name)
  }
})

test('any text has a form, and a long one in no time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => ['functions', 'http'].includes(formOf(`${text}/health`))),
  )
  const from = performance.now()
  for (const part of ['@', ' ', 'def ', 'compress:', 'import ', '(\n', 'compress :::\n']) {
    formOf(`/health\n${part.repeat(20_000)}`)
    recipeFor(part.repeat(20_000))
  }
  assert.ok(performance.now() - from < 2_000)
})

test('a source that imports what only image torch has gets it', () => {
  const sources = ['import torch\n', 'def f():\n    from fastapi import FastAPI\n', 'import numpy\n\timport zstd']
  for (const source of sources) assert.equal(recipeFor(source), 'torch', source)
  for (const source of ['import numpy, zlib\n', '# import torch\n', 'import torchless\n', ''])
    assert.equal(recipeFor(source), 'numpy', source)
})
