/** Queries over a made-up month, for what the page shows and does; each part can be changed. */
import { ok } from '../../src/domain/result.ts'
import { answerTo, liveChunk } from '../../src/api/answers.ts'
import type { DeadSelection } from '../../src/api/contract/delivery.ts'
import type { SessionListQuery } from '../../src/api/contract/session-list.ts'
import type { LiveEvent } from '../../src/api/contract/live.ts'
import type { StoreQueries, WebQueries } from '../../src/api/queries.ts'
import { budgets } from './sample/budgets.ts'
import { delivery } from './sample/delivery.ts'
import { liveEvents } from './sample/live-events.ts'
import { overview } from './sample/overview.ts'
import { rawEvents } from './sample/raw-events.ts'
import { session } from './sample/session.ts'
import { sessionRows } from './sample/sessions.ts'
import { turn } from './sample/turn.ts'
import { usage } from './sample/usage.ts'
import { waste, wasteInRange } from './sample/waste.ts'

/** What can be made to fail. */
export type Failing = 'overview' | 'sessions' | 'delivery'

export interface FakeQueries extends StoreQueries {
  /** As the page's server asks; some of the store's answers may be others. */
  web(over?: Partial<StoreQueries>): WebQueries
  /** What the tests turn. */
  readonly knobs: { spentUsd: number; dead: number; failing: Failing | undefined }
  /** Has as many events arrive, all of them alike. */
  arrive(count: number, event: Partial<LiveEvent>): void
  /** Of the newest session. */
  readonly firstKey: string
  /** What it was asked to delete and to retry. */
  readonly deleted: string[]
  readonly retried: DeadSelection['ids'][]
  /** What lists of sessions it was asked for. */
  readonly listed: SessionListQuery[]
  /** Streams that wait for news. */
  followers(): number
}

export function createFakeQueries(nowMs: number): FakeQueries {
  const rows = [...sessionRows(nowMs)]
  const events = liveEvents(nowMs, rows)
  const listeners = new Set<() => void>()
  const knobs: FakeQueries['knobs'] = { spentUsd: 4, dead: 0, failing: undefined }
  const rowOf = (key: string) => rows.find((row) => row.key === key)
  const work = (name: Failing): void => {
    if (knobs.failing === name) throw new Error(`${name} was told to fail`)
  }

  const deleted: string[] = []
  const retried: DeadSelection['ids'][] = []
  const listed: SessionListQuery[] = []

  const queries: FakeQueries = {
    knobs,
    deleted,
    retried,
    listed,
    followers: () => listeners.size,
    firstKey: rows[0]?.key ?? '',
    arrive: (count, event) => {
      const last = events.at(-1)
      if (last === undefined) throw new Error('the sample has live events')
      for (let n = 1; n <= count; n += 1) {
        events.push({ ...last, ...event, position: last.position + n })
      }
      for (const listener of listeners) listener()
    },
    overview: async () => {
      work('overview')
      return overview(nowMs)
    },
    usage: async ({ group }) => usage(nowMs, group),
    facets: async () => ({
      agents: ['claude-code'],
      models: ['claude-opus-5-5', 'claude-sonnet-5-1'],
      projects: ['shop', 'importer', 'site'],
      teams: ['payments', 'platform'],
      users: ['ada@example.com', 'grace@example.com'],
      attributes: ['project', 'team'],
    }),
    sessions: async (query) => {
      work('sessions')
      listed.push(query)
      const { search, limit, cursor, state } = query
      const found = rows.filter(
        (row) =>
          (state === 'any' || row.isOpen === (state === 'open')) &&
          `${row.key} ${row.title ?? ''} ${row.userId ?? ''}`
            .toLowerCase()
            .includes(search.toLowerCase()),
      )
      const start = Number(cursor ?? 0)
      const next = start + limit
      return ok({
        sessions: found.slice(start, next),
        nextCursor: next < found.length ? String(next) : null,
        total: found.length,
      })
    },
    session: async (key) => {
      const row = rowOf(key)
      return row && session(row)
    },
    turns: async (key) => {
      const row = rowOf(key)
      return row && ok({ turns: session(row).turns, omittedTurns: 0, nextCursor: null })
    },
    turn: async (key, turnKey) => {
      const row = rowOf(key)
      const found = row && turn(row, turnKey)
      return found && ok(found)
    },
    item: async (key, turnKey, id) => {
      const row = rowOf(key)
      return row && turn(row, turnKey)?.items.find((item) => item.id === id)
    },
    find: async (key) => rowOf(key) && { matches: [], omitted: 0 },
    exportPart: async (key) => {
      const row = rowOf(key)
      return row && ok({ text: `# ${row.title}\n`, nextCursor: null })
    },
    wasteInRange: async () => wasteInRange(),
    waste: async (key) => rowOf(key) && { findings: waste(), omitted: 0, isPartial: false },
    events: async (key) => rowOf(key) && ok(rawEvents(nowMs)),
    event: async (key, id) =>
      rowOf(key) && rawEvents(nowMs).events.find((event) => String(event.id) === id),
    outbox: async () => {
      work('delivery')
      return {
        outbox: { ...delivery(nowMs).outbox, dead: knobs.dead },
        exporters: delivery(nowMs).exporters,
        deadItems: Array.from({ length: knobs.dead }, (_, index) => ({
          id: index + 1,
          exporter: 'langfuse',
          sessionKey: rows[index]?.key ?? '',
          kind: 'observation',
          attempts: 1,
          createdMs: nowMs - 3_600_000,
          bytes: 2_311,
          reason: '400 Bad Request: Invalid environment name "Prod"',
        })),
        deadReasons:
          knobs.dead === 0
            ? []
            : [
                {
                  exporter: 'langfuse',
                  reason: '400 Bad Request: Invalid environment name "Prod"',
                  count: knobs.dead,
                  oldestMs: nowMs - 3_600_000,
                },
              ],
      }
    },
    budgets: async () => budgets(knobs.spentUsd, nowMs),
    planWindows: async () => ({ windows: [] }),
    fleet: async () => {
      return { sinceMs: 0, silentSinceMs: 0, users: [], isCut: false, versions: [] }
    },
    statusLine: async () => ({ sessionUsd: 1, todayUsd: knobs.spentUsd, budgets: [] }),
    hasArrived: async () => true,
    setupSeen: async () => {
      return { prompts: true, promptTexts: true, hooks: false, planWindows: false }
    },
    live: {
      recent: async (limit) => ({
        position: events.length,
        events: events.slice(-limit),
      }),
      since: async ({ position, upTo = events.length, limit }) => {
        const later = events.slice(position ?? upTo, upTo)
        const news = later.slice(-limit)
        return { events: news, position: upTo, omitted: later.length - news.length }
      },
      after: async (position, limit) => {
        const later = events.filter((event) => event.position > position)
        const slice = later.slice(0, limit)
        return {
          events: slice,
          position: slice.at(-1)?.position ?? position,
          more: later.length > slice.length,
        }
      },
    },
    web: (over = {}) => ({
      ask: async (question) => {
        const answer = await answerTo({ ...queries, ...over }, question)
        return answer.ok ? ok(new TextEncoder().encode(answer.value)) : answer
      },
      bridgeState: async () => {
        const { langfuse, exporters, ingest, quarantine, retention } = delivery(nowMs)
        return { langfuse, exporters, ingest, quarantine, retention, dropped: 0 }
      },
      deleteSession: async (key) => {
        deleted.push(key)
        return rowOf(key) && { records: 1 }
      },
      retry: async ({ ids }) => {
        retried.push(ids)
        return { items: ids.length }
      },
      drop: async () => ({ items: 0 }),
      retryQuarantine: async () => ({ taken: 0, left: 0 }),
      scrubSession: async () => ok({ key: '', isChanged: false, records: 0, secrets: {} }),
      scrub: async () => ok({ isChanged: false, records: 0, secrets: {} }),
      dropQuarantine: async () => ({ items: 0 }),
      startImport: () => '1',
      importState: () => ({
        state: 'running',
        progress: { bytes: 0, totalBytes: 0, files: 0, totalFiles: 0 },
        counts: null,
        error: null,
      }),
      addBudget: async () => ok({ defined: [] }),
      removeBudget: async () => ok({ defined: [] }),
      overrides: () => ok({ overrides: [] }),
      override: async () => ok({ overrides: [] }),
      endOverride: async () => ok({ overrides: [] }),
      live: {
        since: async (asked) => ok(await liveChunk(queries.live, asked)),
        onCommitted: (listener) => {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      },
    }),
  }
  return queries
}
