/** Sessions told once, and then only what came since: the same as told from the beginning. */
import { expect, onTestFinished, test } from 'vitest'
import { createReports } from '../../../src/reports/reports.ts'
import { createSessionFolds, type Gathering } from '../../../src/reports/session-folds.ts'
import type { Emission } from '../../../src/domain/emission.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'
import { createReplay } from '../../../src/sessions/replay.ts'
import { openReader } from '../../../src/storage/beside.ts'
import { policy } from '../sessions/events.ts'
import { nothing, origin, row } from '../storage/arrivals.ts'
import { openStore, removeSession } from '../storage/open-store.ts'
import { processLogs } from '../processors/processed.ts'

const KEY = 'claude-code/s1'
const T0 = Date.UTC(2026, 10, 20)

async function setUp() {
  const store = await openStore()
  const opened = await openReader(store)
  if (!opened.ok) throw new Error(opened.error)
  onTestFinished(() => opened.value.close())
  const reader = opened.value
  let read = 0
  const { records } = reader
  const inputs = {
    slice: async (...asked: Parameters<typeof reader.inputs.slice>) => {
      const slice = await reader.inputs.slice(...asked)
      read += slice.inputs.filter(({ kind }) => kind === 'records').length
      return slice
    },
  }
  let sequence = 0
  const log = (name: string, attributes: Attributes) => {
    sequence += 1
    return {
      origin,
      timeMs: T0 + 1000 * sequence,
      observedMs: undefined,
      eventName: '',
      body: null,
      attributes: {
        'session.id': 's1',
        'event.sequence': sequence,
        'event.name': name,
        'prompt.id': `p${Math.floor(sequence / 7)}`,
        ...attributes,
      },
    }
  }
  return {
    store,
    folds: createSessionFolds({ reader: { records, inputs }, policy }),
    reports: createReports({ reader: { ...reader, inputs }, policy, now: () => T0 }),
    /** Batches read since it was asked last. */
    batchesRead: () => {
      const count = read
      read = 0
      return count
    },
    /** A request of a prompt and some tools. */
    send: async () => {
      const { accepted } = processLogs(
        [
          log('user_prompt', { prompt: `question ${sequence}` }),
          log('api_request', {
            model: 'opus',
            cost_usd: 0.1,
            duration_ms: 5,
            request_id: `r${sequence}`,
          }),
          log('tool_result', {
            tool_name: 'Bash',
            tool_use_id: `t${sequence}`,
            success: 'true',
            duration_ms: 7,
          }),
        ],
        T0 + 1000 * sequence,
      )
      await store.sessions.commit(accepted, [], () => ({ ...nothing, sessions: [row('s1')] }))
      return accepted
    },
  }
}

function gather(): Gathering & { readonly emissions: Emission[] } {
  const emissions: Emission[] = []
  return { emissions, add: (more) => void emissions.push(...more) }
}

const goOn = async (): Promise<void> => {}

test('go on where they ended, and say the same as from the beginning', async () => {
  const { folds, send, batchesRead } = await setUp()
  const replay = createReplay(KEY, policy)
  const expected: Emission[] = []
  for (let n = 0; n < 60; n += 1) {
    expected.push(...replay.add(await send()))
    if (n % 7 > 0) continue
    const told = await folds.tell(KEY, 'all', gather, goOn)
    expect(told?.gathered.emissions).toEqual(expected)
    expect(told?.closing).toEqual(replay.closing())
    expect(batchesRead()).toBe(n === 0 ? 1 : 7)
  }
  await folds.tell(KEY, 'all', gather, goOn)
  batchesRead()
  await folds.tell(KEY, 'all', gather, goOn)
  expect(batchesRead()).toBe(0)
})

test('are told once for all texts that are looked for', async () => {
  const { reports, send, batchesRead } = await setUp()
  await send()
  const isFound = async (q: string) => (await reports.find(KEY, { q }))?.matches.length !== 0
  expect(await isFound('question 0')).toBe(true)
  expect(batchesRead()).toBe(1)
  expect(await isFound('question 6')).toBe(false)
  expect(batchesRead()).toBe(0)
  // The third one begins another prompt.
  for (let n = 0; n < 2; n += 1) await send()
  expect(await isFound('question 6')).toBe(true)
  expect(batchesRead()).toBe(2)
})

test('that are given up keep what was told, and are told on by whoever asks next', async () => {
  const { folds, send, batchesRead } = await setUp()
  for (let n = 0; n < 100; n += 1) await send()
  let pauses = 0
  const givesUp = async (): Promise<void> => {
    pauses += 1
    if (pauses === 3) throw new Error('nobody waits')
  }
  await expect(folds.tell(KEY, 'all', gather, givesUp)).rejects.toThrow('nobody waits')
  expect(batchesRead()).toBe(60)
  const [one, two] = await Promise.all([
    folds.tell(KEY, 'all', gather, goOn),
    folds.tell(KEY, 'all', gather, goOn),
  ])
  expect(batchesRead()).toBe(40)
  expect(one?.gathered).toBe(two?.gathered)
  const fresh = await folds.tell(KEY, 'anew', gather, goOn)
  expect(one?.gathered.emissions).toEqual(fresh?.gathered.emissions)
})

test('of a session that was deleted and began again are begun again', async () => {
  const { folds, send, store } = await setUp()
  await send()
  await folds.tell(KEY, 'all', gather, goOn)
  await removeSession(store, KEY)
  expect(await folds.tell(KEY, 'all', gather, goOn)).toBeUndefined()
  const accepted = await send()
  const told = await folds.tell(KEY, 'all', gather, goOn)
  expect(told?.gathered.emissions).toEqual(createReplay(KEY, policy).add(accepted))
  const beforeAgain = told?.gathered
  await removeSession(store, KEY)
  await send()
  expect((await folds.tell(KEY, 'all', gather, goOn))?.gathered).not.toBe(beforeAgain)
})

test('are forgotten when many others were asked for since', async () => {
  const { folds, send, batchesRead } = await setUp()
  await send()
  for (let n = 0; n < 9; n += 1) await folds.tell(KEY, `name ${n}`, gather, goOn)
  batchesRead()
  await folds.tell(KEY, 'name 8', gather, goOn)
  expect(batchesRead()).toBe(0)
  await folds.tell(KEY, 'name 0', gather, goOn)
  expect(batchesRead()).toBe(1)
})
