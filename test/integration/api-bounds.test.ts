/**
 * Answers of the page's API are bounded whatever is stored, lead to all of it page by page, and no
 * question that a stranger may ask ends in an error of the bridge.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api } from '../../src/api/contract/api.ts'
import type { LiveRecent } from '../../src/api/contract/live.ts'
import type { Overview } from '../../src/api/contract/overview.ts'
import type { RawEvent, RawEvents } from '../../src/api/contract/raw-events.ts'
import type { Session } from '../../src/api/contract/session.ts'
import type { SessionList } from '../../src/api/contract/session-list.ts'
import type { Turn, Turns, WaterfallItem } from '../../src/api/contract/turn.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'

const MAX_BYTES = 2_000_000
const BEGIN_MS = Date.UTC(2026, 10, 20, 10)
const LONG = 'ä "long"\n'.repeat(12_000)
const HUGE_TURNS = 8
const WIDE_SESSIONS = 12

let bridge: TestBridge
beforeAll(async () => {
  const settings = bridgeEnvironment(temporaryFolder())
  bridge = await startBridge({ ...settings, RETENTION_DAYS: '0', SHUTDOWN_TIMEOUT: '0' })
  for (const records of hugeSession()) await send('huge', records)
  await send('deep', deepSession())
  await send('small', [['user_prompt', { prompt: 'a question', 'prompt.id': 'p' }]])
  for (let n = 0; n < WIDE_SESSIONS; n += 1) {
    await send(`wide-${n}`, [['user_prompt', { prompt: LONG, 'prompt.id': 'p' }]], {
      // All that may stand in a resource, and more labels than are kept.
      ...Object.fromEntries(
        Array.from({ length: 300 }, (_, key) => [`k${key}`, LONG.slice(0, 99)]),
      ),
      project: `${n} ${LONG.slice(0, 900)}`,
      team: `${n} ${LONG.slice(0, 900)}`,
    })
  }
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(bridge.dataDir)
})

type Facts = Readonly<Record<string, string>>
type Named = readonly [name: string, facts: Facts]

let sequence = 0
function recordOf(sessionId: string, [name, facts]: Named) {
  sequence += 1
  const nanoseconds = `${BEGIN_MS + sequence}000000`
  const strings = { 'session.id': sessionId, 'event.name': name, ...facts }
  return {
    timeUnixNano: nanoseconds,
    body: { stringValue: `claude_code.${name.slice(0, 100)}` },
    attributes: [
      { key: 'event.sequence', value: { intValue: sequence } },
      ...attributesOf(strings),
    ],
  }
}

const attributesOf = (strings: Facts) =>
  Object.entries(strings).map(([key, stringValue]) => ({ key, value: { stringValue } }))

async function send(sessionId: string, records: readonly Named[], resource: Facts = {}) {
  const body = {
    resourceLogs: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'claude-code', ...resource }) },
        scopeLogs: [
          {
            scope: { name: 'com.anthropic.claude_code.events', version: '2.1.329' },
            logRecords: records.map((record) => recordOf(sessionId, record)),
          },
        ],
      },
    ],
  }
  const answer = await fetch(`${bridge.url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(await answer.text()).toBe('{}')
}

/** Names, ids and texts of hundreds of kilobytes, and many of them. */
function* hugeSession(): Generator<Named[], void> {
  for (let n = 0; n < HUGE_TURNS; n += 1) {
    const id = `${n} ${LONG}`
    yield [
      ['user_prompt', { prompt: LONG, 'prompt.id': id }],
      ['api_request', { model: id, cost_usd: '0.01', request_id: id, 'prompt.id': id }],
      ['tool_decision', { tool_name: id, decision: id, source: id, 'prompt.id': id }],
      [
        'tool_result',
        { tool_name: id, tool_use_id: id, success: 'false', error: LONG, 'prompt.id': id },
      ],
      [id, { 'prompt.id': id, [id.slice(0, 1000)]: LONG }],
      ['assistant_response', { response: LONG, request_id: id, 'prompt.id': id }],
    ]
  }
}

const DEEP_TOOLS = 5000
const DEEP_TURNS = 1500

/** One request of very many records: a turn of many tools, and many turns. */
function deepSession(): Named[] {
  const tools = Array.from({ length: DEEP_TOOLS }, (_, n): Named => {
    const input = JSON.stringify({ command: `ls ${'x'.repeat(n % 50 === 0 ? 20_000 : 200)} ${n}` })
    return [
      'tool_result',
      {
        tool_name: 'Bash',
        tool_use_id: `t${n}`,
        success: 'true',
        tool_input: input,
        'prompt.id': 'p0',
      },
    ]
  })
  const turns = Array.from({ length: DEEP_TURNS }, (_, n): Named => {
    return ['user_prompt', { prompt: `question ${n} ${'?'.repeat(3000)}`, 'prompt.id': `p${n}` }]
  })
  return [...tools, ...turns]
}

const pathOf = (sessionId: string): string =>
  `/api/sessions/${encodeURIComponent(`claude-code/${sessionId}`)}`

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${bridge.url}${path}`)
  const text = await answer.text()
  expect([path, answer.status, text.slice(0, 200)]).toEqual([path, 200, expect.anything()])
  expect(Buffer.byteLength(text), path).toBeLessThan(MAX_BYTES)
  return JSON.parse(text) as T
}

describe('answers about what is huge', () => {
  test.each(['/api/overview?bucket=hour', '/api/facets', '/api/delivery', '/api/budgets'])(
    '%s is bounded',
    async (path) => expect(await get(path)).toBeDefined(),
  )

  test('lists of sessions are bounded, and have all of them', async () => {
    const keys: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: SessionList = await get(`/api/sessions?limit=200&sort=first&cursor=${cursor}`)
      keys.push(...page.sessions.map(({ key }) => key))
      cursor = page.nextCursor
    }
    expect(new Set(keys).size).toBe(WIDE_SESSIONS + 3)
  })

  test('the live feed is bounded', async () => {
    const { events } = await get<LiveRecent>('/api/live/recent?limit=1000')
    expect(events.length).toBeGreaterThan(50)
    expect(Math.max(...events.map(({ text }) => text?.length ?? 0))).toBe(500)
  })

  test('a session is bounded, and has its turns and their items', async () => {
    const session = await get<Session>(pathOf('huge'))
    expect(session.turns.length + session.omittedTurns).toBe(HUGE_TURNS)
    expect(session.models).toHaveLength(HUGE_TURNS)
    const [head] = session.turns
    expect(head?.truncated).toBe(true)
    const path = `${pathOf('huge')}/turns/${encodeURIComponent(head?.key ?? '')}`
    const { turn, items } = await get<Turn>(path)
    expect(turn.prompt.text).toHaveLength(100_000)
    const tool = items.find(({ kind, level }) => kind === 'tool' && level === 'error')
    expect(tool?.truncated).toBe(true)
    const item = await get<WaterfallItem>(`${path}/items/${encodeURIComponent(tool?.id ?? '')}`)
    expect(item.statusMessage?.length).toBeGreaterThan(90_000)
  })

  test('attributes of a session are bounded', async () => {
    const { attributes, session } = await get<Session>(pathOf('wide-3'))
    expect(Object.keys(attributes)).toHaveLength(128)
    expect(attributes).toMatchObject({ k0: LONG.slice(0, 99) })
    expect(session.project?.length).toBeLessThanOrEqual(500)
  })

  test('raw records are bounded page by page, and each is whole by itself', async () => {
    const events: RawEvent[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: RawEvents = await get(`${pathOf('huge')}/events?limit=500&cursor=${cursor}`)
      events.push(...page.events)
      cursor = page.nextCursor
    }
    expect(events).toHaveLength(6 * HUGE_TURNS)
    const prompt = events.find(({ name }) => name === 'user_prompt')
    expect(prompt?.truncated).toBe(true)
    expect(prompt?.attributes.prompt).toHaveLength(2000)
    const whole = await get<RawEvent>(`${pathOf('huge')}/events/${prompt?.id}`)
    expect(whole).toMatchObject({ truncated: false, attributes: { prompt: LONG } })
  })
})

describe('answers about what is many', () => {
  test('have all items of a turn, page by page', async () => {
    const path = `${pathOf('deep')}/turns/prompt-p0`
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Turn = await get(`${path}?cursor=${cursor}`)
      expect(page.items.length).toBeLessThanOrEqual(2000)
      ids.push(...page.items.map(({ id }) => id))
      expect(ids.length + page.omittedItems).toBe(DEEP_TOOLS)
      cursor = page.nextCursor
    }
    expect(new Set(ids).size).toBe(DEEP_TOOLS)
    const item = await get<WaterfallItem>(`${path}/items/${encodeURIComponent('tool|t4950')}`)
    expect(item.input?.text).toContain(`${'x'.repeat(20_000)} 4950`)
  })

  test('have all turns of a session, the newest first', async () => {
    const session = await get<Session>(pathOf('deep'))
    const ordinals = session.turns.map(({ ordinal }) => ordinal)
    let omitted = session.omittedTurns
    for (let cursor = session.turnsCursor; cursor !== null; ) {
      const page: Turns = await get(`${pathOf('deep')}/turns?cursor=${cursor}`)
      expect(page.turns.length + page.omittedTurns).toBe(omitted)
      omitted = page.omittedTurns
      ordinals.unshift(...page.turns.map(({ ordinal }) => ordinal))
      cursor = page.nextCursor
    }
    expect(ordinals).toEqual(Array.from({ length: DEEP_TURNS }, (_, n) => n + 1))
    const first = await get<Turns>(`${pathOf('deep')}/turns?limit=10`)
    expect(first.turns.map(({ ordinal }) => ordinal)).toEqual(ordinals.slice(-10))
  })

  test('are the same when they are asked for again, and have what came since', async () => {
    const before = await get<Session>(pathOf('deep'))
    expect(await get<Session>(pathOf('deep'))).toEqual(before)
    await send('deep', [['user_prompt', { prompt: 'one more', 'prompt.id': 'last' }]])
    const { turns } = await get<Session>(pathOf('deep'))
    expect(turns.at(-1)).toMatchObject({ ordinal: DEEP_TURNS + 1, prompt: { text: 'one more' } })
  })
})

const HOSTILE_VALUES = [
  '1e300',
  '-1e300',
  '1e999',
  'NaN',
  '-1',
  '1.5',
  '0x10',
  ' ',
  '9007199254740993',
  '8640000000000001',
  '-8640000000000001',
  '253402300800000',
  '-62135596800001',
  '999999999999999999999999999',
  'null',
  '[object Object]',
  '\u0000',
  '\ud800',
  '%',
  "' or 1=1 --",
  '__proto__',
  '../../etc/passwd',
  'WzEsMiwzXQ',
  'bnVsbA',
  'W251bGwsMWU5OTksMWU5OTld',
  '+23:59',
  'Etc/Unknown',
  'a=b',
  'x'.repeat(5000),
]

describe('questions of strangers', () => {
  const asked = Object.values(api).filter(({ method }) => method === 'GET')

  async function statusOf(path: string): Promise<string> {
    const answer = await fetch(`${bridge.url}${path}`)
    const body = (await answer.json()) as { error?: { message?: string } }
    const isTold = answer.status < 400 || (body.error?.message ?? '') !== ''
    return `${answer.status < 500 && isTold ? 'ok' : answer.status} ${path}`
  }

  test.each(asked)('$path has an answer, or a reason, for every value', async (endpoint) => {
    const path = endpoint.path
      .replace(':key', encodeURIComponent('claude-code/small'))
      .replace(':turn', 'prompt-p')
      .replace(':item', 'x')
      .replace(':id', '1')
    for (const name of [...Object.keys(endpoint.query.shape), 'another']) {
      const urls = HOSTILE_VALUES.map(
        (value) => `${path}?${name}=${encodeURIComponent(value.toWellFormed())}`,
      )
      expect(await Promise.all(urls.map(statusOf))).toEqual(urls.map((url) => `ok ${url}`))
    }
  })

  test('names in paths are taken as they are', async () => {
    for (const value of HOSTILE_VALUES) {
      const name = encodeURIComponent(value.toWellFormed())
      const urls = [
        `/api/sessions/${name}`,
        `${pathOf('small')}/turns/${name}`,
        `${pathOf('small')}/turns/prompt-p/items/${name}`,
        `${pathOf('small')}/events/${name}`,
      ]
      expect(await Promise.all(urls.map(statusOf))).toEqual(urls.map((url) => `ok ${url}`))
    }
  })

  test('the stream takes any position, or says why not', async () => {
    for (const value of HOSTILE_VALUES) {
      const stop = new AbortController()
      const url = `${bridge.url}/api/live?after=${encodeURIComponent(value.toWellFormed())}`
      const answer = await fetch(url, { signal: stop.signal, headers: { 'last-event-id': '1e9' } })
      expect([value, answer.status < 500]).toEqual([value, true])
      stop.abort()
    }
  })

  test.each(['from', 'to'])('%s out of all calendars is refused in words', async (name) => {
    for (const value of ['1e300', '-1e300', 'NaN', 'tomorrow']) {
      const answer = await fetch(`${bridge.url}/api/overview?${name}=${value}`)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toEqual({
        error: {
          code: 'malformed',
          message: `${name}: expected a time as epoch milliseconds, in the years 1 to 9999`,
        },
      })
    }
  })

  test('a range of all years is answered', async () => {
    const range = 'from=-62135596800000&to=253402300799999&bucket=hour'
    const overview = await get<Overview>(`/api/overview?${range}`)
    expect(overview.series).toHaveLength(1000)
    expect(overview.omittedBuckets).toBeGreaterThan(80_000_000)
  })
})
