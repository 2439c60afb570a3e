/** The list of what the suite does not run against PostgreSQL: all of it exists, and none of it stores. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesOfOneEngine, NO_STORE, testsOfOneEngine } from '../../integration/one-engine.ts'

const folder = join(import.meta.dirname, '../../integration')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

test('names files and tests that are there', () => {
  const files = [...Object.keys(filesOfOneEngine), ...Object.keys(testsOfOneEngine)]
  expect(files.filter((file) => !existsSync(join(folder, file)))).toEqual([])
  for (const [file, tests] of Object.entries(testsOfOneEngine)) {
    for (const name of Object.keys(tests)) expect(read(file), file).toContain(name)
  }
})

const STARTS_BRIDGE = /startBridge|startProcess|startedProcess|runBridge|startRig|createApp/

test('says of no file that it stores nothing where it starts a bridge', () => {
  const files = Object.entries(filesOfOneEngine).flatMap(([file, reason]) =>
    reason.startsWith(NO_STORE) ? [file] : [],
  )
  for (const file of files) expect(read(file), file).not.toMatch(STARTS_BRIDGE)
})
