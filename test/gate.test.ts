/** The gate itself: a clean project passes every tool of `npm run check`, and each tool refuses each fault planted for it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { biomeFaults, type Fault, tidyFaults, typeFaults, unusedFaults } from './gate/faults.ts'
import { runTool, withProject } from './gate/project.ts'

const allFiles = (faults: readonly Fault[]) => Object.assign({}, ...faults.map(({ files }) => files))
const runBiome = (folder: string) =>
  runTool(folder, 'biome', ['ci', '--reporter=github', '--max-diagnostics=none', '.'])
const runTsc = (folder: string) => runTool(folder, 'tsc', ['--pretty', 'false'])
const runKnip = (folder: string) => runTool(folder, 'knip', ['--exclude', 'dependencies', '--no-progress'])
const runTidy = (folder: string) => runTool(folder, 'node', ['--test', '--test-reporter=tap', 'test/tidy.test.ts'])

/** True when one line of the tool's output names both the file and the rule. */
const isReported = (output: string, { path, rule }: Fault) =>
  output.split('\n').some((line) => line.includes(path) && line.includes(rule))

test('npm run check runs every tool that is proved here, and lets no warning pass', () => {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'))
  assert.equal(
    scripts.check,
    'biome ci --error-on-warnings . && tsc && knip && node --test test/tidy.test.ts test/gate.test.ts test/docs/generated.test.ts',
  )
})

test('a clean project passes every gate', () => {
  withProject({}, (folder) => {
    for (const run of [runBiome, runTsc, runKnip, runTidy]) {
      const { exitCode, output } = run(folder)
      assert.equal(exitCode, 0, output)
    }
  })
})

for (const { tool, run, faults } of [
  { tool: 'Biome', run: runBiome, faults: biomeFaults },
  { tool: 'the compiler', run: runTsc, faults: typeFaults },
  { tool: 'knip', run: runKnip, faults: unusedFaults },
]) {
  test(`${tool} refuses each fault planted for it`, async (t) => {
    // All in one project and one run: the tool must name each of them.
    const { exitCode, output } = withProject(allFiles(faults), run)
    assert.notEqual(exitCode, 0)
    for (const fault of faults) {
      await t.test(fault.promise, () => assert.ok(isReported(output, fault), `not reported in:\n${output}`))
    }
  })
}

test('tidy refuses each fault planted for it', async (t) => {
  for (const fault of tidyFaults) {
    await t.test(fault.promise, () => {
      const { exitCode, output } = withProject(fault.files, runTidy)
      assert.notEqual(exitCode, 0)
      const failed = output.split('\n').filter((line) => line.startsWith('not ok'))
      assert.equal(failed.length, 1, output)
      assert.ok(failed[0]?.includes(fault.rule), output)
    })
  }
})
