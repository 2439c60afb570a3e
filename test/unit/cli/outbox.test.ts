/** The command over dead items, beside a store that is in use. */
import { beforeEach, expect, test } from 'vitest'
import { runOutbox } from '../../../src/cli/outbox.ts'
import { AT_MS, nothing, observation } from '../store/arrivals.ts'
import { type OpenStore, openStore, temporaryFolder } from '../store/open-store.ts'

const USAGE = /^expected outbox list \|/

let store: OpenStore
beforeEach(async () => {
  store = await openStore()
  const emissions = ['a', 'b', 'c'].map((key) => observation(key))
  await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  await store.outbox.bury([1, 2], 'HTTP 400: not liked')
})

const run = (...args: string[]) => runOutbox(args, store.dataDir, AT_MS + 1)

async function pending(): Promise<string[]> {
  const due = await store.outbox.due(AT_MS, 10, 1_000_000)
  return due.map(({ emission }) => emission.key)
}

test('lists dead items with their reasons', async () => {
  const listed = await run('list')
  const lines = listed.ok ? listed.value.split('\n') : []
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^1 {2}20\d\d-.* {2}claude-code\/s1 {2}HTTP 400: not liked$/)
})

test.each([
  { args: ['retry', '2'], says: '1 item put back', due: ['b', 'c'], dead: 1 },
  { args: ['retry', '--all'], says: '2 items put back', due: ['a', 'b', 'c'], dead: 0 },
  { args: ['drop', '1', '2'], says: '2 items dropped', due: ['c'], dead: 0 },
  { args: ['drop', '--all'], says: '2 items dropped', due: ['c'], dead: 0 },
  { args: ['drop', '3'], says: '0 items dropped', due: ['c'], dead: 2 },
])('$args', async ({ args, says, due, dead }) => {
  expect(await run(...args)).toEqual({ ok: true, value: says })
  expect(await pending()).toEqual(due)
  expect(await store.outbox.stats()).toMatchObject({ pending: due.length, dead })
})

test.each([
  [[]],
  [['list', '1']],
  [['retry']],
  [['drop', 'all']],
  [['retry', '1', 'x']],
  [['eat']],
])('%j is explained', async (args) => {
  expect(await run(...args)).toEqual({ ok: false, error: expect.stringMatching(USAGE) })
})

test('a folder without a database is named', async () => {
  const folder = temporaryFolder()
  const result = await runOutbox(['list'], folder, AT_MS)
  expect(result).toEqual({ ok: false, error: expect.stringContaining(folder) })
})
