/** The live feed: each shown record once, in order, from any position on. */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { LogRecord, Origin } from '../../../src/domain/telemetry-record.ts'
import { nothing, row } from '../storage/arrivals.ts'
import { removeSession } from '../storage/open-store.ts'
import { MONDAY_MS, openUsageStore, type UsageStore } from './stored-usage.ts'
import { processLogs } from '../processors/processed.ts'

const origin: Origin = {
  resource: { 'service.name': 'claude-code' },
  scopeName: 'com.anthropic.claude_code.events',
  scopeVersion: '2.1.329',
}

function log(sequence: number, attributes: Attributes): LogRecord {
  return {
    origin,
    timeMs: MONDAY_MS + sequence,
    observedMs: undefined,
    eventName: '',
    body: null,
    attributes: { 'session.id': 's1', 'event.sequence': sequence, ...attributes },
  }
}

const prompt = (sequence: number) =>
  log(sequence, { 'event.name': 'user_prompt', prompt: `question ${sequence}`, 'prompt.id': 'p' })
/** Read, but nothing to show. */
const body = (sequence: number) =>
  log(sequence, { 'event.name': 'api_request_body', body_ref: `${sequence}`, body: '{}' })

async function take({ store }: UsageStore, records: readonly LogRecord[]): Promise<void> {
  const { accepted } = processLogs(records, MONDAY_MS + 1000)
  await store.sessions.commit(accepted, [], () => ({
    ...nothing,
    sessions: [row('s1', { title: 'a title', userId: 'ada', project: 'shop' })],
  }))
}

describe('the live feed', () => {
  test('has the newest records and where they end', async () => {
    const given = await openUsageStore()
    expect(await given.reports.live.recent(10)).toEqual({ position: 0, events: [] })
    await take(given, [prompt(1), prompt(2)])
    await take(given, [prompt(3)])
    const { position, events } = await given.reports.live.recent(2)
    expect(position).toBe(3)
    expect(events.map((event) => event.position)).toEqual([2, 3])
    expect(events[1]).toMatchObject({
      sessionKey: 'claude-code/s1',
      sessionTitle: 'a title',
      user: 'ada',
      project: 'shop',
      promptId: 'p',
      kind: 'prompt',
      name: 'user_prompt',
      text: 'question 3',
      level: 'default',
      timeMs: MONDAY_MS + 3,
      receivedMs: MONDAY_MS + 1000,
    })
  })

  test.each([1, 2, 3, 50])('goes on from a position, %i at a time', async (limit) => {
    const given = await openUsageStore()
    for (let n = 0; n < 5; n += 1) {
      await take(given, [prompt(3 * n + 1), body(3 * n + 2), prompt(3 * n + 3)])
    }
    for (let from = 0; from <= 15; from += 1) {
      const seen: number[] = []
      let position = from
      for (let more = true; more; ) {
        const slice = await given.reports.live.after(position, limit)
        expect(slice.events.length).toBeLessThanOrEqual(limit)
        seen.push(...slice.events.map((event) => event.position))
        expect(slice.position).toBeGreaterThanOrEqual(position)
        position = slice.position
        more = slice.more
      }
      const shown = [1, 3, 4, 6, 7, 9, 10, 12, 13, 15]
      expect(seen).toEqual(shown.filter((one) => one > from))
      expect(position).toBe(15)
    }
  })

  test('gives no position twice, not even after the newest records were deleted', async () => {
    const given = await openUsageStore()
    await take(given, [prompt(1), prompt(2)])
    await removeSession(given.store, 'claude-code/s1')
    await take(given, [prompt(3)])
    expect((await given.reports.live.recent(10)).position).toBeGreaterThan(2)
  })
})

describe('raw events', () => {
  const names = async (given: UsageStore, query: object): Promise<readonly string[]> => {
    const found = await given.reports.events('claude-code/s1', { limit: 100, ...query })
    if (found === undefined || !found.ok) throw new Error('no events')
    return found.value.events.map(({ id, name }) => `${id} ${name}`)
  }

  test('are those of the session in order, by name and signal', async () => {
    const given = await openUsageStore()
    await take(given, [prompt(1), body(2)])
    await take(given, [prompt(3)])
    expect(await names(given, {})).toEqual(['1 user_prompt', '2 api_request_body', '3 user_prompt'])
    expect(await names(given, { name: 'user_prompt' })).toEqual(['1 user_prompt', '3 user_prompt'])
    expect(await names(given, { signal: 'metric' })).toEqual([])
    expect(await names(given, { cursor: '1' })).toEqual(['2 api_request_body', '3 user_prompt'])
  })

  test.each(['x', '-1', '1.5', 'NaN'])('refuse the cursor %s', async (cursor) => {
    const given = await openUsageStore()
    await take(given, [prompt(1)])
    const answer = await given.reports.events('claude-code/s1', { limit: 1, cursor })
    expect(answer).toEqual({ ok: false, error: 'bad_cursor' })
  })

  test('are none of a session that is not there', async () => {
    const { reports } = await openUsageStore()
    expect(await reports.events('claude-code/nobody', { limit: 1 })).toBeUndefined()
    expect(await reports.session('claude-code/nobody')).toBeUndefined()
    expect(await reports.turn('claude-code/nobody', 'x', { limit: 10 })).toBeUndefined()
  })
})

test('records have arrived once one was stored, also when it was deleted since', async () => {
  const given = await openUsageStore()
  expect(await given.reports.hasArrived()).toBe(false)
  await take(given, [prompt(1)])
  expect(await given.reports.hasArrived()).toBe(true)
  await removeSession(given.store, 'claude-code/s1')
  expect(await given.reports.hasArrived()).toBe(true)
})

test('facets are those of the sessions, the most expensive first', async () => {
  const given = await openUsageStore()
  const at = { atMs: MONDAY_MS }
  await given.use('s1', {
    ...at,
    session: { costUsd: 1, userId: 'ada', project: 'shop' },
    models: [{}],
  })
  await given.use('s2', {
    ...at,
    session: { costUsd: 5, userId: 'bob' },
    models: [{ model: 'haiku' }],
  })
  const facets = await given.reports.facets({ attribute: [] })
  expect({ ...facets, models: facets.models.toSorted() }).toEqual({
    agents: ['claude-code'],
    models: ['haiku', 'opus'],
    projects: ['shop'],
    teams: [],
    users: ['bob', 'ada'],
    attributes: ['service.name', 'service.version'],
  })
})
