/**
 * What replicas tell each other: that something was committed, by numbers and times alone. It is told
 * after the commit and not in it, since PostgreSQL has transactions that notify commit one by one; what
 * comes together is told together. What may have been missed is told as a change of everything: whenever
 * the connection that listens was made anew, and when a replica went without a word.
 */
import pg from 'pg'
import type { Outcome } from '../../domain/session-store.ts'
import type { ChangesElsewhere } from '../store.ts'
import { connectionName } from './replica.ts'
import { clientConfig, type Database, type PoolSettings } from './connection.ts'

export interface Notifications {
  /** This replica committed that. */
  committed(outcome: Outcome<unknown>): void
  /** Sessions were deleted, or changed in another way than by a commit. */
  changedAll(): void
  onElsewhere(listener: (changes: ChangesElsewhere) => void): void
  close(): Promise<void>
}

const CHANNEL = 'claude_telemetry'
/** Between two messages; the page shows what is new about as late. */
const TELL_EVERY_MS = 100
/** A message takes 8000 bytes. */
const MAX_BUCKETS = 200
const RECONNECT_FIRST_MS = 250
const RECONNECT_LONGEST_MS = 5_000
/** What others left undone is looked for this often, for a replica that is gone tells nothing. */
const LOOK_EVERY_MS = 5_000

/** For whoever is no replica: everything may have changed. */
export async function tellOfEverything(database: Database): Promise<void> {
  const message: Message = { from: 0, buckets: [], isAll: true }
  await database.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(message)])
}

/** As it goes over the channel. */
interface Message {
  readonly from: number
  readonly buckets: readonly number[]
  readonly regrouped?: readonly [fromMs: number, toMs: number]
  readonly isAll?: true
}

export function createNotifications(
  database: Database,
  settings: Omit<PoolSettings, 'size'>,
  self: number,
): Notifications {
  const listeners: ((changes: ChangesElsewhere) => void)[] = []
  const buckets = new Set<number>()
  let regrouped: { readonly fromMs: number; readonly toMs: number } | undefined
  let isAll = false
  let isNews = false
  let tellTimer: NodeJS.Timeout | undefined
  let telling: Promise<void> = Promise.resolve()
  let client: pg.Client | undefined
  let connectTimer: NodeJS.Timeout | undefined
  let connecting: Promise<void> = Promise.resolve()
  let delayMs = RECONNECT_FIRST_MS
  let isClosed = false
  /** Others that were there at the last look. */
  let others = new Set<number>()

  function emit(changes: ChangesElsewhere): void {
    for (const listener of listeners) listener(changes)
  }

  function tellSoon(): void {
    isNews = true
    tellTimer ??= setTimeout(() => {
      tellTimer = undefined
      telling = tell()
    }, TELL_EVERY_MS).unref()
  }

  async function tell(): Promise<void> {
    const message: Message = {
      from: self,
      buckets: isAll || buckets.size > MAX_BUCKETS ? [] : [...buckets],
      ...(regrouped && { regrouped: [regrouped.fromMs, regrouped.toMs] as const }),
      ...((isAll || buckets.size > MAX_BUCKETS) && { isAll: true as const }),
    }
    isAll = false
    isNews = false
    regrouped = undefined
    buckets.clear()
    try {
      await database.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(message)])
    } catch {
      // The next one says it, in short.
      isAll = true
      if (!isClosed) tellSoon()
    }
  }

  function heard(payload: string | undefined): void {
    const message = JSON.parse(payload ?? '{}') as Message
    if (message.from === self) return
    const span = message.regrouped
    emit({
      bucketsMs: message.buckets,
      regrouped: span && { fromMs: span[0], toMs: span[1] },
      isAll: message.isAll === true,
      isLeft: false,
    })
  }

  async function connect(): Promise<void> {
    const next = new pg.Client(clientConfig({ ...settings, name: connectionName(self) }))
    next.on('notification', ({ payload }) => heard(payload))
    next.on('error', () => lost(next))
    next.on('end', () => lost(next))
    try {
      await next.connect()
      await next.query(`listen ${CHANNEL}`)
      if (isClosed) {
        await next.end()
        return
      }
      client = next
      delayMs = RECONNECT_FIRST_MS
      emit(EVERYTHING)
    } catch {
      lost(next)
    }
  }

  function lost(which: pg.Client): void {
    if (which !== client && connectTimer !== undefined) return
    client = undefined
    which.removeAllListeners('notification')
    void which.end().catch(() => {})
    if (isClosed || connectTimer !== undefined) return
    connectTimer = setTimeout(() => {
      connectTimer = undefined
      connecting = connect()
    }, delayMs).unref()
    delayMs = Math.min(delayMs * 2, RECONNECT_LONGEST_MS)
  }

  /** A connection that was cut off without a word answers no question; what is undone is due for all. */
  async function look(): Promise<void> {
    try {
      const rows = await database.query<{ readonly id: number }>(
        'select id from replicas where id <> $1',
        [self],
      )
      const present = new Set(rows.map(({ id }) => id))
      const isOneGone = [...others].some((id) => !present.has(id))
      others = present
      emit(isOneGone ? EVERYTHING : NOTHING)
      await answered()
    } catch {
      // The database is away: what was missed is told once the listening connection is there again.
    }
  }

  async function answered(): Promise<void> {
    const listening = client
    if (listening === undefined) return
    try {
      await listening.query('select 1')
    } catch {
      lost(listening)
    }
  }

  const lookTimer = setInterval(() => void look(), LOOK_EVERY_MS)
  lookTimer.unref()
  connecting = connect()

  return {
    committed: ({ usage }) => {
      for (const used of usage) {
        const { models, tools, activity } = used.usage
        for (const { bucketMs } of [...models, ...tools, ...activity]) buckets.add(bucketMs)
        if (used.regrouped !== undefined) {
          const { fromMs, toMs } = used.regrouped
          regrouped = {
            fromMs: Math.min(fromMs, regrouped?.fromMs ?? fromMs),
            toMs: Math.max(toMs, regrouped?.toMs ?? toMs),
          }
        }
      }
      tellSoon()
    },
    changedAll: () => {
      isAll = true
      tellSoon()
    },
    onElsewhere: (listener) => void listeners.push(listener),
    close: async () => {
      clearInterval(lookTimer)
      clearTimeout(tellTimer)
      clearTimeout(connectTimer)
      await telling
      // What was committed last is told, too.
      isClosed = true
      if (isNews) await tell()
      await connecting
      await client?.end().catch(() => {})
    },
  }
}

const NOTHING: ChangesElsewhere = {
  bucketsMs: [],
  regrouped: undefined,
  isAll: false,
  isLeft: true,
}
const EVERYTHING: ChangesElsewhere = {
  bucketsMs: [],
  regrouped: undefined,
  isAll: true,
  isLeft: true,
}
