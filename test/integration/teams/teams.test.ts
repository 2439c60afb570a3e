/** Two teams with keys of their own on one bridge: nothing crosses, on whatever path it is tried. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { openApiDocument } from '../../../src/api/openapi.ts'
import { createHome } from '../cli/home.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { eventually } from '../corpus/recording.ts'
import {
  API_KEY,
  markerOf,
  sendAll,
  SESSION_ID,
  sessionFor,
  sessionKeyOf,
  sessionsFor,
  type SharedBridge,
  startSharedBridge,
  type Team,
  TEAMS,
} from './two-teams.ts'

type Document = ReturnType<typeof openApiDocument>
type Scope = 'ingest' | 'read:own' | 'read:team' | 'read:all' | 'admin'

const dataDir = temporaryFolder()
let bridge: SharedBridge
const keys = new Map<string, string>()
const keyOf = (name: string): string => keys.get(name) ?? ''

beforeAll(async () => {
  bridge = await startSharedBridge(dataDir)
  for (const team of TEAMS) {
    const make = async (name: string, scopes: readonly Scope[], user?: string) =>
      keys.set(`${team} ${name}`, await bridge.key(`${team}-${name}`, { scopes, team, user }))
    await make('ingest', ['ingest'])
    await make('team', ['read:team'])
    await make('own', ['read:own'], `${team}-person`)
    await make('both', ['ingest', 'read:team'])
    await make('person', ['ingest'], `${team}-person`)
  }
  keys.set('all', await bridge.key('all', { scopes: ['read:all'] }))
  keys.set('admin', await bridge.key('admin', { scopes: ['admin'] }))
  keys.set('revoked', await bridge.key('revoked', { scopes: ['read:all', 'ingest'] }))
  await bridge.ask('/api/keys/revoked', API_KEY, { method: 'DELETE' })
  for (const team of TEAMS) {
    await sendAll(bridge, team, keyOf(`${team} ingest`))
    await sendAll(bridge, team, keyOf(`${team} person`))
  }
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(dataDir)
})

const other = (team: Team): Team => (team === 'red' ? 'blue' : 'red')
const allKeys = TEAMS.flatMap((team) => [
  sessionKeyOf(team),
  sessionKeyOf(team, `${team}-person`),
]).toSorted()

test('a session of one id is one for each owner, with the team of the key', async () => {
  expect(await sessionsFor(bridge, API_KEY)).toEqual(allKeys)
  for (const team of TEAMS) {
    const { session, attributes } = await sessionFor(bridge, sessionKeyOf(team), API_KEY)
    expect(session.team).toBe(team)
    expect(session.modelCalls).toBe(2)
    expect(attributes.team).toBe(team)
    // The client names its user.
    expect(session.userId).toBe(`${markerOf(team)}-user`)
  }
})

test('what is told of the bridge as a whole is refused with the reason', async () => {
  const refused = await bridge.ask('/api/delivery', keyOf('red team'))
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { error: { message: expect.stringMatching(/scope read:all.*not kept by team/) } },
  ])
})

test('each reads what its scope says', async () => {
  for (const team of TEAMS) {
    const own = sessionKeyOf(team, `${team}-person`)
    const ofTeam = [sessionKeyOf(team), own].toSorted()
    expect(await sessionsFor(bridge, keyOf(`${team} team`))).toEqual(ofTeam)
    expect(await sessionsFor(bridge, keyOf(`${team} both`))).toEqual(ofTeam)
    expect(await sessionsFor(bridge, keyOf(`${team} own`))).toEqual([own])
    expect((await bridge.ask('/api/sessions', keyOf(`${team} ingest`))).status).toBe(403)
  }
  expect(await sessionsFor(bridge, keyOf('all'))).toEqual(allKeys)
  expect(await sessionsFor(bridge, keyOf('admin'))).toEqual(allKeys)
  expect((await bridge.ask('/api/sessions', keyOf('revoked'))).status).toBe(401)
})

describe('every path with every key', () => {
  /** What a path may be asked with that is the other team's. */
  interface Target {
    readonly key: string
    readonly turn: string
    readonly item: string
    readonly id: string
  }

  async function targetOf(team: Team): Promise<Target> {
    const key = sessionKeyOf(team)
    const path = `/api/sessions/${encodeURIComponent(key)}`
    const json = async (url: string): Promise<Record<string, never>> => {
      const answer = await bridge.ask(url, API_KEY)
      expect([url, answer.status]).toEqual([url, 200])
      return (await answer.json()) as Record<string, never>
    }
    const { turns } = (await json(`${path}/turns`)) as unknown as { turns: { key: string }[] }
    const turn = turns[0]?.key ?? ''
    const { items } = (await json(`${path}/turns/${encodeURIComponent(turn)}`)) as unknown as {
      items: { id: string }[]
    }
    const { events } = (await json(`${path}/events`)) as unknown as { events: { id: number }[] }
    return { key, turn, item: items[0]?.id ?? '', id: String(events[0]?.id) }
  }

  /** Queries that name what is the other team's, and some that are usual. */
  const queriesOf = (team: Team): readonly string[] => {
    const marker = markerOf(team)
    return [
      '',
      `team=${team}`,
      `user=${marker}-user`,
      `search=${marker}`,
      `model=${marker}-model`,
      `project=${marker}-project`,
      `attribute=${encodeURIComponent(`${marker}.attribute=${marker}-value`)}`,
      'from=0&bucket=day',
      'empty=shown&sort=cost',
      'limit=50',
    ]
  }

  /** The beginning of a stream, as far as it comes within a moment after its greeting. */
  async function beginningOf(answer: Response): Promise<string> {
    const reader = answer.body?.getReader()
    if (reader === undefined) return ''
    let text = ''
    const decoder = new TextDecoder()
    for (let waits = 0; waits < 3; waits += 1) {
      const read = await Promise.race([reader.read(), delay(300, undefined)])
      if (read === undefined || read.done) break
      text += decoder.decode(read.value as Uint8Array)
    }
    await reader.cancel()
    return text
  }

  /** By the scopes of a key: what it may not do at all. */
  const rank: readonly Scope[] = ['read:own', 'read:team', 'read:all', 'admin']
  const holders: readonly (readonly [string, readonly Scope[]])[] = [
    ['ingest', ['ingest']],
    ['team', ['read:team']],
    ['own', ['read:own']],
    ['both', ['ingest', 'read:team']],
    ['person', ['ingest']],
  ]
  const isAllowed = (scopes: readonly Scope[], needed: string | undefined): boolean =>
    needed === undefined ||
    scopes.some((scope) => rank.indexOf(scope) >= rank.indexOf(needed as Scope))

  interface Attempt {
    readonly method: string
    readonly path: string
    readonly query: string
    /** Undefined on a path that is open before one logs in. */
    readonly needed: string | undefined
  }

  /** Every operation of the document, asked for what is the other team's. */
  function attemptsOf(document: Document, target: Target, team: Team): readonly Attempt[] {
    return Object.entries(document.paths).flatMap(([template, operations]) => {
      const path = template.replace(/\{(\w+)\}/g, (_, name: keyof Target) =>
        encodeURIComponent(target[name]),
      )
      return Object.entries(operations).flatMap(([method, operation]) => {
        const needed = operation['x-required-scope'] as string | undefined
        const reads = template === '/api/live' ? ['after=0'] : queriesOf(team)
        const queries = method === 'get' ? reads : ['']
        return queries.map((query) => ({ method: method.toUpperCase(), path, query, needed }))
      })
    })
  }

  async function tryWith(team: Team, attempt: Attempt): Promise<void> {
    const { method, path, query, needed } = attempt
    const url = query === '' ? path : `${path}?${query}`
    const body = { ids: 'all', name: 'x', scopes: ['admin'] }
    for (const [holder, scopes] of holders) {
      const key = keyOf(`${team} ${holder}`)
      const answer = await bridge.ask(url, key, { method, ...(method === 'POST' && { body }) })
      const isStream = answer.headers.get('content-type') === 'text/event-stream'
      const text = isStream ? await beginningOf(answer) : await answer.text()
      const asked = [team, holder, method, url]
      expect([...asked, text.includes(markerOf(other(team)))]).toEqual([...asked, false])
      const isRefused = answer.status === 403
      expect([...asked, isRefused]).toEqual([...asked, !isAllowed(scopes, needed)])
    }
  }

  async function tryWithout({ method, path, needed }: Attempt): Promise<void> {
    if (needed === undefined) return
    for (const wrong of [undefined, keyOf('revoked'), `ctk_${'0'.repeat(16)}_${'x'.repeat(43)}`]) {
      const answer = await bridge.ask(path, wrong, { method })
      expect([method, path, [401, 429].includes(answer.status)]).toEqual([method, path, true])
      await answer.body?.cancel()
    }
  }

  test.each(TEAMS)(
    'with those of %s nothing of the other team is told or changed',
    async (team) => {
      const document = (await (await bridge.ask('/api/openapi.json', API_KEY)).json()) as Document
      const target = await targetOf(other(team))
      const untouched = await sessionFor(bridge, target.key, API_KEY)
      const attempts = attemptsOf(document, target, other(team))
      expect(attempts.length).toBeGreaterThan(100)
      for (const attempt of attempts) await tryWith(team, attempt)
      // At once: the bridge puts off its answers to wrong keys.
      await Promise.all(attempts.filter(({ query }) => query === '').map(tryWithout))
      expect((await sessionFor(bridge, target.key, API_KEY)).session).toEqual(untouched.session)
    },
  )

  test('the team itself is told what is its own on these paths', async () => {
    for (const team of TEAMS) {
      const { key, turn, item, id } = await targetOf(team)
      const session = `/api/sessions/${encodeURIComponent(key)}`
      const ofTurn = `${session}/turns/${encodeURIComponent(turn)}`
      for (const path of [
        session,
        ofTurn,
        `${ofTurn}/items/${encodeURIComponent(item)}`,
        `${session}/events/${id}`,
        '/api/overview',
        '/api/facets',
        '/api/live/recent?limit=50',
        `/api/sessions?search=${markerOf(team)}`,
      ]) {
        const answer = await bridge.ask(path, keyOf(`${team} team`))
        const text = await answer.text()
        expect([path, answer.status, text.includes(markerOf(team))]).toEqual([path, 200, true])
      }
    }
  })
})

test('the live feed tells each team what is its own, and ends with its key', async () => {
  const key = await bridge.key('watcher', { scopes: ['read:team'], team: 'red' })
  const answer = await bridge.ask('/api/live?after=0', key)
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const reading = (async () => {
    for (;;) {
      const read = await reader?.read()
      if (read === undefined || read.done) return
      text += read.value
    }
  })()
  for (const team of TEAMS) await sendAll(bridge, team, keyOf(`${team} ingest`))
  await eventually('its own events', () => (text.includes(markerOf('red')) ? true : undefined))
  await bridge.ask('/api/keys/watcher', API_KEY, { method: 'DELETE' })
  await sendAll(bridge, 'red', keyOf('red person'))
  await reading
  expect(text).not.toContain(markerOf('blue'))
})

test('sums, menus and budgets are those of what may be seen', async () => {
  const costOf = async (key: string): Promise<number> => {
    const overview = (await (await bridge.ask('/api/overview', key)).json()) as {
      totals: { costUsd: number; sessions: number }
    }
    return overview.totals.costUsd
  }
  const all = await costOf(API_KEY)
  const red = await costOf(keyOf('red team'))
  const blue = await costOf(keyOf('blue team'))
  expect(red).toBeGreaterThan(0)
  expect(red + blue).toBe(all)
  const own = await costOf(keyOf('red own'))
  expect([own > 0, own < red]).toEqual([true, true])
})

test('a key may be used over gRPC, for hooks and OTLP; a reading one may not send', async () => {
  const refused = await bridge.ask('/v1/logs', keyOf('red team'), { method: 'POST', body: {} })
  expect(refused.status).toBe(403)
  expect(await refused.text()).toContain('ingest')
  const hook = await bridge.ask('/hooks/claude-code', keyOf('red team'), {
    method: 'POST',
    body: {},
  })
  expect(hook.status).toBe(403)
})

test('no key is in an answer, the log or the database as it was sent', async () => {
  const listed = await (await bridge.ask('/api/keys', API_KEY)).text()
  for (const secret of keys.values()) {
    expect(listed).not.toContain(secret.slice(21))
  }
})

test('what a key may not do fills the audit log with an entry a minute, whatever it asks for', async () => {
  const count = async () => {
    const answer = await bridge.ask('/api/audit?limit=1000', keyOf('admin'))
    return ((await answer.json()) as { entries: readonly object[] }).entries.length
  }
  const refused = await bridge.ask('/api/sessions/claude-code%2Fx', keyOf('red ingest'))
  expect(refused.status).toBe(403)
  const before = await count()
  for (let n = 0; n < 30; n += 1) {
    await bridge.ask(`/api/sessions/claude-code%2Fx${n}`, keyOf('red ingest'))
    await bridge.ask(`/api/sessions/claude-code%2Fx${n}`, keyOf('red ingest'), { method: 'DELETE' })
  }
  // The deletion is another action.
  expect((await count()) - before).toBeLessThanOrEqual(2)
})

test('commands ask whose session is meant where owners share an id, and delete none', async () => {
  const run = (...args: readonly string[]) => createHome().start(args, bridge.environment)
  for (const args of [
    ['session'],
    ['delete', '--yes'],
    ['export'],
    ['delete', '--langfuse', '--yes'],
  ]) {
    const { code, stderr } = await run(...args, SESSION_ID)
    expect([args, code]).toEqual([args, 1])
    for (const key of allKeys) expect(stderr).toContain(key)
  }
  // Langfuse knows it by its id alone, so what is deleted there is everybody's.
  const { code, stderr } = await run('delete', sessionKeyOf('red'), '--langfuse', '--yes')
  expect([code, stderr]).toEqual([1, expect.stringContaining('has the same')])
  expect((await run('session', sessionKeyOf('blue'))).code).toBe(0)
  expect(await sessionsFor(bridge, API_KEY)).toEqual(allKeys)
})

test('metrics are for keys that read everything: others are known, and refused', async () => {
  const scraped = async (key: string | undefined) => (await bridge.ask('/metrics', key)).status
  expect(await scraped(keyOf('all'))).toBe(200)
  for (const name of ['red ingest', 'red own', 'red team']) {
    const answer = await bridge.ask('/metrics', keyOf(name))
    expect([name, answer.status]).toEqual([name, 403])
    expect(await answer.text()).toContain('read:all')
  }
  expect([await scraped(undefined), await scraped(keyOf('revoked'))]).toEqual([401, 401])
})

test.each([
  'a\u0000b',
  'a\nb',
  'a\u001b[2J',
  'a\u007f',
  'a\u202eb',
  '\ud800',
  'x\udc00',
  'a\u0085',
])('a key is of no team or user with what is no text: %j', async (text) => {
  for (const of of [{ team: text }, { user: text }, { team: 'red', user: text }]) {
    const body = { name: 'unsafe', scopes: ['ingest'], ...of }
    const answer = await bridge.ask('/api/keys', API_KEY, { method: 'POST', body })
    expect(answer.status).toBe(400)
  }
})

test('what was read and changed is in the audit log, without content', async () => {
  await bridge.ask(`/api/sessions/${encodeURIComponent(sessionKeyOf('red'))}`, keyOf('red team'))
  await bridge.ask(`/api/sessions/${encodeURIComponent(sessionKeyOf('red'))}`, keyOf('red team'), {
    method: 'DELETE',
  })
  const answer = await bridge.ask('/api/audit?limit=1000', keyOf('admin'))
  const text = await answer.text()
  const { entries } = JSON.parse(text) as { entries: readonly object[] }
  expect(entries).toContainEqual(
    expect.objectContaining({
      actor: 'red-team',
      action: 'session',
      target: sessionKeyOf('red'),
      outcome: 'done',
    }),
  )
  expect(entries).toContainEqual(
    expect.objectContaining({ actor: 'red-team', action: 'deleteSession', outcome: 'refused' }),
  )
  expect(entries).toContainEqual(
    expect.objectContaining({ actor: 'API_KEY', action: 'revokeKey', target: 'revoked' }),
  )
  for (const team of TEAMS) expect(text).not.toContain(markerOf(team))
})
