/** What a test file of the suite needs on PostgreSQL: only the tests that apply, and its databases removed. */
import { relative } from 'node:path'
import { afterAll, beforeEach, expect } from 'vitest'
import { testsOfOneEngine } from './one-engine.ts'
import { dropDatabases } from './store.ts'

const file = relative(import.meta.dirname, expect.getState().testPath ?? '')
const reasons = Object.entries(testsOfOneEngine[file] ?? {})

beforeEach(({ task, skip }) => {
  const [, reason] = reasons.find(([beginning]) => task.name.startsWith(beginning)) ?? []
  if (reason !== undefined) skip(`not applicable to PostgreSQL: ${reason}`)
})

afterAll(dropDatabases)
