/** The command over dead items, beside a store that is in use. */
import { beforeEach, expect, test } from 'vitest'
import { AT_MS, nothing, observation } from '../storage/arrivals.ts'
import { type OpenStore, openStore, temporaryFolder } from '../storage/open-store.ts'
import { runCommandLine } from './run-command.ts'

let store: OpenStore
beforeEach(async () => {
  store = await openStore()
  const emissions = ['a', 'b', 'c'].map((key) => observation(key))
  await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  await store.outbox.bury([1, 2], 'HTTP 400: not liked')
})

const run = (...args: string[]) =>
  runCommandLine(['outbox', ...args], { DATA_DIR: store.dataDir }, { nowMs: AT_MS + 1 })

async function pending(): Promise<string[]> {
  const due = await store.outbox.due(AT_MS, 10, 1_000_000)
  return due.map(({ emission }) => emission.key)
}

test('lists dead items with their reasons', async () => {
  const { code, stdout } = await run('list')
  const lines = stdout.trimEnd().split('\n')
  expect([code, lines.length]).toEqual([0, 2])
  expect(lines[0]).toMatch(/^1 {2}20\d\d-.* {2}claude-code\/s1 {2}HTTP 400: not liked$/)
})

test('on a terminal they are a table with short ids, and each reason stands below it once', async () => {
  await store.outbox.bury([3], `HTTP 413: ${'too large, '.repeat(20)}`)
  const variables = { DATA_DIR: store.dataDir, NO_COLOR: '1' }
  const options = { nowMs: AT_MS + 1, isTTY: true }
  const { stdout } = await runCommandLine(['outbox', 'list'], variables, options)
  const [titles = '', first = '', , third = '', , ...reasons] = stdout.trimEnd().split('\n')
  expect(titles.split(/ +/).filter(Boolean)).toEqual([
    'ID',
    'CREATED',
    'EXPORTER',
    'KIND',
    'SIZE',
    'SESSION',
    'REASON',
  ])
  expect(first).toMatch(/^ 1 .* s1 +HTTP 400: not liked$/)
  expect(third).toMatch(/ s1 +HTTP 413: too large, .*…$/)
  expect(reasons[0]).toBe('2  HTTP 400: not liked')
  expect(reasons.slice(1).join(' ').replaceAll(/ +/g, ' ')).toBe(
    `1 HTTP 413: ${'too large, '.repeat(20)}`.trimEnd(),
  )
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
})

test.each([
  { args: ['retry', '2'], says: '1 item put back', due: ['b', 'c'], dead: 1 },
  { args: ['retry', '--all'], says: '2 items put back', due: ['a', 'b', 'c'], dead: 0 },
  { args: ['drop', '1', '2'], says: '2 items dropped', due: ['c'], dead: 0 },
  { args: ['drop', '--all'], says: '2 items dropped', due: ['c'], dead: 0 },
  { args: ['drop', '2', '2'], says: '1 item dropped', due: ['c'], dead: 1 },
])('$args', async ({ args, says, due, dead }) => {
  expect(await run(...args)).toMatchObject({
    code: 0,
    stdout: `Data      ${store.dataDir}  (DATA_DIR in the environment)\n${says}\n`,
    stderr: '',
  })
  expect(await pending()).toEqual(due)
  expect(await store.outbox.stats()).toMatchObject({ pending: due.length, dead })
})

test.each([
  [['drop', '3'], /no dead item has the id 3; 0 items dropped\nTo list the ids: /, 2],
  [['retry', '999'], /no dead item has the id 999; 0 items put back\nTo list the ids: /, 2],
  [['retry', '3', '2', '999'], /no dead item has the ids 3, 999; 1 item put back\n/, 1],
])('%j: ids that are not there are named, exit code 1', async (args, says, dead) => {
  expect(await run(...args)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^Data .*\n$/),
    stderr: expect.stringMatching(says),
  })
  expect(await store.outbox.stats()).toMatchObject({ dead })
})

test('--all is well where there is nothing', async () => {
  await run('drop', '--all')
  expect(await run('retry', '--all')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Data .*\n0 items put back\n$/),
  })
})

test('a list that is cut says so; as JSON it is whole', async () => {
  const { stdout } = await run('list', '--limit', '1')
  expect(stdout.split('\n')[1]).toBe('1 of 2 items; --limit N shows more, --json all')
  const all = await run('list', '--json')
  const item = { session: 'claude-code/s1', kind: 'observation', reason: 'HTTP 400: not liked' }
  expect(JSON.parse(all.stdout)).toMatchObject([
    { id: 1, created: new Date(AT_MS).toISOString(), ...item },
    { id: 2, ...item },
  ])
})

test.each([
  [['list', '1'], 2, /too many arguments/],
  [['retry'], 2, /takes either ids or --all/],
  [['drop', '1', '--all'], 2, /takes either ids or --all/],
  [['drop', 'all'], 2, /Expected the number of an item/],
  [['retry', '1', 'x'], 2, /Expected the number of an item/],
  [['eat'], 2, /unknown command 'eat'/],
])('%j is explained', async (args, code, says) => {
  expect(await run(...args)).toMatchObject({
    code,
    stdout: '',
    stderr: expect.stringMatching(says),
  })
  expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 2 })
})

test('a folder without a database is named', async () => {
  const folder = temporaryFolder()
  const { code, stderr } = await runCommandLine(['outbox', 'list'], { DATA_DIR: folder })
  expect([code, stderr]).toEqual([1, expect.stringContaining(folder)])
})
