/** Cases from elsewhere: whatever lies in them, they are judged or said to be unreadable, and nothing crashes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkBundle, RunFault } from '../../sandbox/index.ts'
import { parseExpectation, readCases } from './case.ts'
import { readFolder } from './folder.ts'
import { isExpected } from './judge.ts'
import { toVerdict, verdictWords } from './words.ts'

const home = mkdtempSync(join(tmpdir(), 'evalmesh-cases-'))
after(() => rmSync(home, { recursive: true, force: true }))

const SOURCE = 'compress = decompress = bytes\n'

/** What may lie in submission/, and what must be said of it. */
const folders: readonly { name: string; fill: (dir: string) => void; says: RegExp }[] = [
  { name: 'nothing', fill: () => undefined, says: /^BAD_BUNDLE.*no file/ },
  { name: 'a second file', fill: (dir) => writeFileSync(join(dir, 'notes.txt'), ''), says: /^BAD_BUNDLE.*notes\.txt/ },
  { name: 'another name', fill: (dir) => writeFileSync(join(dir, 'Solution.py'), SOURCE), says: /^BAD_BUNDLE/ },
  { name: 'a link', fill: (dir) => symlinkSync('/etc/passwd', join(dir, 'solution.py')), says: /^BAD_BUNDLE.*a link/ },
  { name: 'a link in a circle', fill: (dir) => symlinkSync('.', join(dir, 'again')), says: /^BAD_BUNDLE.*a link/ },
  { name: 'a folder', fill: (dir) => mkdirSync(join(dir, 'solution.py')), says: /^BAD_BUNDLE.*an empty folder/ },
  {
    name: 'a pipe',
    fill: (dir) => execFileSync('mkfifo', [join(dir, 'solution.py')]),
    says: /^BAD_BUNDLE.*a pipe/,
  },
  {
    name: 'a name that is no text',
    fill: (dir) => writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])]), SOURCE),
    says: /^BAD_BUNDLE.*no text/,
  },
  {
    name: 'folders without end',
    fill: (dir) => mkdirSync(join(dir, 'a/'.repeat(500)), { recursive: true }),
    says: /^BAD_BUNDLE.*too long/,
  },
  {
    name: 'a file of a terabyte',
    fill: (dir) => {
      writeFileSync(join(dir, 'solution.py'), SOURCE)
      truncateSync(join(dir, 'solution.py'), 2 ** 40)
    },
    says: /^OVERSIZE.*1099511627776/,
  },
]

for (const [index, { name, fill, says }] of folders.entries()) {
  test(`a submission that holds ${name} gets a typed fault and runs nothing`, () => {
    const dir = join(home, `folder-${index}`)
    mkdirSync(dir)
    fill(dir)
    assert.throws(
      () => checkBundle(readFolder(dir)),
      (thrown: unknown) => thrown instanceof RunFault && says.test(`${thrown.message}`),
    )
  })
}

test('a submission that is no folder, or is not there, gets a typed fault', () => {
  const file = join(home, 'file')
  writeFileSync(file, SOURCE)
  for (const path of [file, join(home, 'absent')]) assert.throws(() => checkBundle(readFolder(path)), RunFault)
})

test('a plain solution.py of the largest size is taken, and one byte more is not', () => {
  const dir = join(home, 'plain')
  mkdirSync(dir)
  const path = join(dir, 'solution.py')
  writeFileSync(path, SOURCE.padEnd(20_000, '#'))
  assert.equal(checkBundle(readFolder(dir)).length, 20_000)
  writeFileSync(path, SOURCE.padEnd(20_001, '#'))
  assert.throws(() => checkBundle(readFolder(dir)), /OVERSIZE/)
})

test('each word for a verdict means one, however it is written', () => {
  const words = Object.values(verdictWords).flat()
  assert.equal(new Set(words).size, words.length)
  assert.equal(toVerdict(' Rejected '), 'miner')
  assert.equal(toVerdict('miner-fault'), 'miner')
  assert.equal(toVerdict('PASS'), 'pass')
  assert.equal(toVerdict('maybe'), undefined)
  assert.equal(toVerdict(''), undefined)
})

test('an expectation needs a verdict alone; a reason is a code, or a text in the line', () => {
  const got = { verdict: 'miner', code: 'TIMEOUT', line: 'A call took too long (compress: over 10 ms)' } as const
  const says = (text: string) => isExpected(parseExpectation(text), got)
  assert.ok(says('{"verdict":"fail"}'))
  assert.ok(says('{"verdict":"miner","reason":"TIMEOUT"}'))
  assert.ok(says('{"verdict":"miner","reason":"over 10 ms"}'))
  assert.ok(says('{"verdict":"miner","reason":["OUT_OF_MEMORY","timeout"]}'))
  assert.ok(says('{"verdict":"miner","reason":null,"author":"somebody"}'))
  assert.ok(!says('{"verdict":"miner","reason":"OUT_OF_MEMORY"}'))
  assert.ok(!says('{"verdict":"pass"}'))
  for (const bad of [
    '',
    '[]',
    'null',
    '{}',
    '{"verdict":1}',
    '{"verdict":"maybe"}',
    '{"verdict":"miner","reason":3}',
  ]) {
    assert.throws(() => parseExpectation(bad), Error, bad)
  }
})

test('a case that cannot be read is named with its problem, and the others are judged', () => {
  const dir = join(home, 'cases')
  for (const name of ['b-broken', 'a-good', '.git', 'c-elsewhere']) mkdirSync(join(dir, name), { recursive: true })
  writeFileSync(join(dir, 'README.md'), '')
  writeFileSync(join(dir, 'a-good/expect.json'), '{"verdict":"pass"}')
  writeFileSync(join(dir, 'c-elsewhere/expect.json'), '{"verdict":"pass","competitions":["another"]}')
  const cases = readCases(dir, 'matrix-lossless')
  assert.deepEqual(
    cases.map(({ name, expectation }) => [name, expectation?.verdict]),
    [
      ['a-good', 'pass'],
      ['b-broken', undefined],
    ],
  )
  assert.match(cases[1]?.problem ?? '', /^expect\.json: /)
  assert.deepEqual(
    readCases(join(dir, 'a-good'), 'matrix-lossless').map(({ name }) => name),
    ['a-good'],
  )
})
