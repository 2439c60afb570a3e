/** The last line of `scripts/test.sh`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { projectRoot } from './shell/project-copy.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A list of files, each file a status and the statuses of its tests. Or a report never written. */
type Report = readonly (readonly [status: string, ...tests: string[]])[] | 'missing'

const cases: readonly [string, readonly (Report | '--failed')[], string][] = [
  ['no run', [], '0 passed, 0 failed'],
  [
    'all passed, two runs',
    [[['passed', 'passed', 'passed']], [['passed', 'passed']]],
    '3 passed, 0 failed',
  ],
  ['a failure', [[['failed', 'passed', 'failed']]], '1 passed, 1 failed'],
  [
    'skipped and planned',
    [[['passed', 'skipped', 'todo', 'pending', 'passed']]],
    '1 passed, 0 failed, 3 skipped',
  ],
  ['a file that failed to load', [[['failed'], ['passed', 'passed']]], '1 passed, 1 failed'],
  ['a hook that failed after the tests', [[['failed', 'passed']]], '1 passed, 1 failed'],
  ['a step that failed before any test', ['--failed'], '0 passed, 1 failed'],
  [
    'a run that left no report',
    ['--failed', [['passed', 'passed']], 'missing'],
    '1 passed, 1 failed',
  ],
  [
    'a run that failed by its tests',
    ['--failed', [['failed', 'failed', 'failed']]],
    '0 passed, 2 failed',
  ],
]

test.each(cases)('%s', (_, given, expected) => {
  const args = given.map((report, index) => {
    const file = join(folder, `${index}.json`)
    if (report === '--failed') return report
    if (report === 'missing') return file
    const testResults = report.map(([status, ...tests]) => ({
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    }))
    writeFileSync(file, JSON.stringify({ testResults }))
    return file
  })
  const script = join(projectRoot, 'scripts/count-tests.ts')
  const { stdout } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  expect(stdout).toBe(`${expected}\n`)
})
