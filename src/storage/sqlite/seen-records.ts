/**
 * The duplicate filter. A record is known by its key. Where that is made of an id, the first record of
 * the id has the bare key, with what else tells it apart beside it; a further one of the same id gets a
 * row under a longer key (`domain/record-identity.ts` says when it is the same record). So what has ids
 * that are unique costs one small row, and nothing is looked up.
 */
import Database from 'better-sqlite3'
import { sql } from 'kysely'
import type { RecordInstance } from '../../domain/agent-event.ts'
import {
  asRepeat,
  copyText,
  fromOtherSource,
  instanceText,
  LONGER,
} from '../../domain/record-identity.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'

export interface SeenRecords {
  /** Those that were not known, which are from now on; repeats of an id marked as such. */
  unknownOf(sessionRef: number, arrivals: readonly Arrival[]): readonly Arrival[]
}

interface Rows {
  readonly sessionRef: number
  /** A JSON list of keys, each with its detail: one statement for all costs half of one for each. */
  readonly rows: string
}

interface Prefix {
  readonly sessionRef: number
  readonly from: string
  readonly to: string
}

/** Sorts behind all text that begins alike. */
const BEHIND = '\u{10ffff}'

export function createSeenRecords(connection: Connection): SeenRecords {
  const { kysely } = connection
  const insert = prepare(connection, ({ sessionRef, rows }: Rows) =>
    kysely
      .insertInto('seen')
      .columns(['session_ref', 'dedup_key', 'detail'])
      .expression((eb) =>
        eb
          .selectFrom(sql<{ value: string }>`json_each(${rows})`.as('each'))
          .select((each) => [
            each.val(sessionRef).as('session_ref'),
            sql<string>`each.value ->> 0`.as('dedup_key'),
            sql<string | null>`each.value ->> 1`.as('detail'),
          ]),
      ),
  )
  const find = prepare(connection, ({ sessionRef, key }: { sessionRef: number; key: string }) =>
    kysely
      .selectFrom('seen')
      .select('detail')
      .where('session_ref', '=', sessionRef)
      .where('dedup_key', '=', key),
  )
  const countBetween = prepare(connection, ({ sessionRef, from, to }: Prefix) =>
    kysely
      .selectFrom('seen')
      .select((eb) => eb.fn.countAll<number>().as('records'))
      .where('session_ref', '=', sessionRef)
      .where('dedup_key', '>=', from)
      .where('dedup_key', '<', to),
  )
  const bareIds = prepare(connection, () => kysely.selectFrom('bare_ids').select('until_ms'))
  /** Never changes while this program runs. */
  let bareUntilMs: number | undefined

  /** All of them, or none when one is known already. */
  function mark(sessionRef: number, rows: readonly (readonly [string, string | null])[]): boolean {
    try {
      insert.run({ sessionRef, rows: JSON.stringify(rows) })
      return true
    } catch (error) {
      if (isKnownKey(error)) return false
      throw error
    }
  }

  function knownAs(sessionRef: number, arrival: Arrival): Arrival | undefined {
    if (mark(sessionRef, [rowOf(arrival)])) return arrival
    const { item } = arrival
    if (item.kind === 'metric' || item.instance === undefined) return undefined
    const key = keyOf(arrival)
    const { instance } = item
    const first = find.get({ sessionRef, key })?.detail ?? null
    const text = textOf(instance)
    if (first === text) return undefined
    // What an earlier version stored is known by its id alone.
    if (first === null && item.timeMs <= untilMs()) return undefined
    if (!mark(sessionRef, [[key + LONGER + text, text]])) return undefined
    return isCopy(sessionRef, key, first, instance) ? undefined : asRepeat(arrival)
  }

  /** Whether the other source has told of as many of this id and content before. */
  function isCopy(
    sessionRef: number,
    key: string,
    first: string | null,
    instance: RecordInstance,
  ): boolean {
    const told = (of: RecordInstance): number => {
      const prefix = copyText(of).toWellFormed()
      const from = key + LONGER + prefix
      const longer = countBetween.get({ sessionRef, from, to: from + BEHIND })?.records ?? 0
      return longer + (first?.startsWith(prefix) === true ? 1 : 0)
    }
    const others = told(fromOtherSource(instance))
    return others > 0 && told(instance) <= others
  }

  function untilMs(): number {
    bareUntilMs ??= bareIds.get({})?.until_ms ?? Number.NEGATIVE_INFINITY
    return bareUntilMs
  }

  return {
    // Hardly ever is one known: only then they are asked for one by one.
    unknownOf: (sessionRef, arrivals) => {
      if (mark(sessionRef, arrivals.map(rowOf))) return arrivals
      return arrivals
        .map((arrival) => knownAs(sessionRef, arrival))
        .filter((arrival) => arrival !== undefined)
    },
  }
}

function rowOf(arrival: Arrival): readonly [string, string | null] {
  const { item } = arrival
  const instance = item.kind === 'metric' ? undefined : item.instance
  return [keyOf(arrival), instance === undefined ? null : textOf(instance)]
}

/** SQLite makes half a surrogate pair of JSON into bytes that are no text. */
function keyOf({ item }: Arrival): string {
  return item.dedupKey.toWellFormed()
}

function textOf(instance: RecordInstance): string {
  return instanceText(instance).toWellFormed()
}

function isKnownKey(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}
