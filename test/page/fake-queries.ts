/** Queries over a made-up month, for what the page shows and does; each part can be changed. */
import { ok } from '../../src/domain/result.ts'
import type { DeadSelection } from '../../src/web/contract/delivery.ts'
import type { LiveEvent } from '../../src/web/contract/live.ts'
import type { WebQueries } from '../../src/web/web-queries.ts'
import { budgets } from './sample/budgets.ts'
import { delivery } from './sample/delivery.ts'
import { liveEvents } from './sample/live-events.ts'
import { overview } from './sample/overview.ts'
import { rawEvents } from './sample/raw-events.ts'
import { session } from './sample/session.ts'
import { sessionRows } from './sample/sessions.ts'
import { turn } from './sample/turn.ts'

/** What can be made to fail. */
export type Failing = 'overview' | 'sessions' | 'delivery'

export interface FakeQueries extends WebQueries {
  /** What the tests turn. */
  readonly knobs: { spentUsd: number; dead: number; failing: Failing | undefined }
  /** Has as many events arrive, all of them alike. */
  arrive(count: number, event: Partial<LiveEvent>): void
  /** Of the newest session. */
  readonly firstKey: string
  /** What it was asked to delete and to retry. */
  readonly deleted: string[]
  readonly retried: DeadSelection['ids'][]
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

  return {
    knobs,
    deleted,
    retried,
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
    facets: async () => ({
      agents: ['claude-code'],
      models: ['claude-opus-5-5', 'claude-sonnet-5-1'],
      projects: ['shop', 'importer', 'site'],
      teams: ['payments', 'platform'],
      users: ['ada@example.com', 'grace@example.com'],
      attributes: ['project', 'team'],
    }),
    sessions: async ({ search, limit, cursor, state }) => {
      work('sessions')
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
      })
    },
    session: async (key) => {
      const row = rowOf(key)
      return row && session(row)
    },
    turn: async (key, turnKey) => {
      const row = rowOf(key)
      return row && turn(row, turnKey)
    },
    events: async (key) => rowOf(key) && ok(rawEvents(nowMs)),
    deleteSession: async (key) => {
      deleted.push(key)
      return rowOf(key) && { records: 1 }
    },
    delivery: async () => {
      work('delivery')
      const usual = delivery(nowMs)
      return {
        ...usual,
        outbox: { ...usual.outbox, dead: knobs.dead },
        deadItems: Array.from({ length: knobs.dead }, (_, index) => ({
          id: index + 1,
          sessionKey: rows[index]?.key ?? '',
          kind: 'observation',
          attempts: 1,
          createdMs: nowMs - 3_600_000,
          bytes: 2_311,
          reason: '400 Bad Request: Invalid environment name "Prod"',
        })),
      }
    },
    retry: async ({ ids }) => {
      retried.push(ids)
      return { items: ids.length }
    },
    drop: async () => ({ items: 0 }),
    budgets: async () => budgets(knobs.spentUsd, nowMs),
    hasArrived: async () => true,
    live: {
      recent: async (limit) => ({
        position: events.length,
        events: events.slice(-limit),
      }),
      after: async (position, limit) => {
        const later = events.filter((event) => event.position > position)
        const slice = later.slice(0, limit)
        return {
          events: slice,
          position: slice.at(-1)?.position ?? position,
          more: later.length > slice.length,
        }
      },
      onCommitted: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
}
