/**
 * This process among those that share the database. It says now and then that it is there; what is
 * claimed under its number is free again once it was not seen for a while. By the database's clock
 * alone, and by real time: clocks of replicas differ, and a lease is about processes.
 */
import { type Database, OtherStore, type Statements, Superseded } from './connection.ts'
import { migrations, newestMigration } from './migrations/migrations.ts'

export interface Replica {
  readonly id: number
  /** Says that it is there, which takes a commit. Rejects when that cannot be. */
  beat(): Promise<void>
  /** Why this program may not change the database at present, as the last beat found. */
  objection(): Superseded | OtherStore | undefined
  /**
   * Says that this one takes no more records. Resolves to whether no other one is left that does, and
   * so whether it is for this one to end the sessions. One that was not seen lately is waited for,
   * until it is seen again or counts as gone.
   */
  isLastToStop(): Promise<boolean>
  /** Says goodbye: what it holds is free at once. */
  close(): Promise<void>
}

const BEAT_MS = 2_000
/** Longer than a beat that waits for a statement's time-out is late by. */
const GONE_AFTER_S = 12
/** The same for one whose connection is gone, too: its process ended. */
const ENDED_AFTER_S = 4
const LOOK_AGAIN_MS = 250
/** One after the other stops, so that exactly one is the last. Any number will do, as long as it stays. */
const STOPPING_LOCK = 7_251_403_118_600_002n

/** A condition: nobody else has it. `owner` is a column, `self` a parameter. */
export function isFree(owner: string, self: string): string {
  return `(${owner} is null or ${owner} = ${self}
    or not exists (select 1 from replicas where ${isAlive('replicas')} and replicas.id = ${owner}))`
}

export function isAlive(table: string): string {
  return `${table}.seen_at > now() - interval '${GONE_AFTER_S} seconds'`
}

/** `instance` is the store that it joins; nothing is said of it in another one. */
export async function joinReplicas(database: Database, instance: string): Promise<Replica> {
  const [row] = await database.query<{ readonly id: number }>(
    'insert into replicas (seen_at, newest_migration) values (now(), $1) returning id',
    [newestMigration],
  )
  if (row === undefined) throw new Error('the database gave this process no number')
  const { id } = row
  let isClosed = false
  let isStopping = false
  let objection: Superseded | OtherStore | undefined
  let beat: NodeJS.Timeout | undefined
  let beating: Promise<void> = Promise.resolve()

  async function sayThere(): Promise<void> {
    const [told] = await database.query<{ readonly needed: string | null }>(
      `insert into replicas (id, seen_at, stopping_at, newest_migration)
       select $1::bigint, now(), case when $2::boolean then now() end, $3
       from instance where instance.id = $4
       on conflict (id) do update set seen_at = excluded.seen_at
       returning (select needed_migration from instance) as needed`,
      [id, isStopping, newestMigration, instance],
    )
    objection = objectionTo(told)
    if (objection !== undefined) throw objection
  }

  async function goOn(): Promise<void> {
    try {
      await sayThere()
      await forgetGone(database)
    } catch {
      // The database is away, or of a newer program, which commits tell of. What this one holds is given up meanwhile.
    }
    arm()
  }

  function arm(): void {
    if (isClosed) return
    beat = setTimeout(() => {
      beating = goOn()
    }, BEAT_MS)
    beat.unref()
  }

  arm()
  return {
    id,
    beat: sayThere,
    objection: () => objection,
    isLastToStop: async () => {
      const sinceS = await database.transaction(async (statements) => {
        await statements.query('select pg_advisory_xact_lock($1)', [STOPPING_LOCK])
        isStopping = true
        const [stopped] = await statements.query<{ readonly at: number }>(
          `insert into replicas (id, seen_at, stopping_at, newest_migration)
           select $1::bigint, clock_timestamp(), clock_timestamp(), $2
           from instance where instance.id = $3
           on conflict (id) do update
             set seen_at = excluded.seen_at, stopping_at = excluded.stopping_at
           returning extract(epoch from stopping_at)::double precision as at`,
          [id, newestMigration, instance],
        )
        return stopped?.at ?? 0
      })
      for (;;) {
        await forgetGone(database)
        const others = await othersAt(database, id, sinceS)
        // Seen after that it goes on; or it stops, later than this one, and it is for it to know.
        if (others.some(({ seenAt, isStopping: stops }) => stops || seenAt > sinceS)) return false
        if (others.length === 0) return true
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      }
    },
    close: async () => {
      isClosed = true
      clearTimeout(beat)
      await beating
      try {
        const own = 'id = $1 and exists (select 1 from instance where instance.id = $2)'
        await database.run(`delete from replicas where ${own}`, [id, instance])
      } catch {
        // It counts as gone in a while.
      }
    },
  }
}

/** `told` is missing in another store. */
function objectionTo(
  told: { readonly needed: string | null } | undefined,
): Superseded | OtherStore | undefined {
  if (told === undefined) return new OtherStore()
  const { needed } = told
  return needed === null || Object.hasOwn(migrations, needed) ? undefined : new Superseded(needed)
}

/** What the connection is called that a replica keeps open as long as it runs (`notifications.ts`). */
export function connectionName(id: number | string): string {
  return `claude-telemetry replica ${id}`
}

/** Rows of processes that ended without a goodbye. */
async function forgetGone(statements: Statements): Promise<void> {
  await statements.run(
    `delete from replicas r where not ${isAlive('r')}
       or (r.seen_at < now() - interval '${ENDED_AFTER_S} seconds' and not exists (
         select 1 from pg_stat_activity
         where application_name = '${connectionName('')}' || r.id))`,
  )
}

/** Others that are there, without those that stopped before; times by the database's clock, in seconds. */
function othersAt(
  statements: Statements,
  id: number,
  sinceS: number,
): Promise<readonly { readonly seenAt: number; readonly isStopping: boolean }[]> {
  return statements.query(
    `select extract(epoch from seen_at)::double precision as "seenAt",
       stopping_at is not null as "isStopping" from replicas
     where id <> $1 and ${isAlive('replicas')} and (stopping_at is null
       or extract(epoch from stopping_at)::double precision > $2)`,
    [id, sinceS],
  )
}
