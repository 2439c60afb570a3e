/**
 * The duplicate filter inside a commit, whose sessions are locked: nobody else marks a record of them.
 * It decides as that of SQLite does (`sqlite/seen-records.ts`): a record is known by its key; where that
 * is made of an id, the first record of the id has the bare key, with what else tells it apart beside it,
 * and a further one gets a row under a longer key.
 */
import type { RecordInstance } from '../../domain/agent-event.ts'
import {
  asRepeat,
  copyText,
  fromOtherSource,
  instanceText,
  LONGER,
} from '../../domain/record-identity.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { Statements } from './connection.ts'
import { keyText, plainText } from './stored-values.ts'

type SeenRow = readonly [sessionRef: number, key: string, detail: string | null]

/** Sorts behind all text that begins alike, in the order of bytes. */
const BEHIND = '\u{10ffff}'

/**
 * Those that were not known, which are from now on; repeats of an id marked as such. In the order
 * given. `bareUntilMs` is up to when an id alone was believed; only stores that were moved here have it.
 */
export async function keepUnknown(
  statements: Statements,
  arrivals: readonly Arrival[],
  refOf: (arrival: Arrival) => number,
  bareUntilMs: number,
): Promise<readonly Arrival[]> {
  if (arrivals.length === 0) return []
  const rows = arrivals.map((arrival) => rowOf(arrival, refOf(arrival)))
  const added = await mark(statements, rows)
  const unknown: Arrival[] = []
  for (const [at, arrival] of arrivals.entries()) {
    const row = rows[at] as SeenRow
    const name = nameOf(row)
    // Of two with one key in a commit the first one is that which was added.
    if (added.delete(name)) unknown.push(arrival)
    else {
      const repeat = await knownAs(statements, row, arrival, bareUntilMs)
      if (repeat !== undefined) unknown.push(repeat)
    }
  }
  return unknown
}

async function knownAs(
  statements: Statements,
  [sessionRef, key]: SeenRow,
  arrival: Arrival,
  bareUntilMs: number,
): Promise<Arrival | undefined> {
  const { item } = arrival
  if (item.kind === 'metric' || item.instance === undefined) return undefined
  const { instance } = item
  const [found] = await statements.query<{ readonly detail: string | null }>(
    'select detail from seen where session_ref = $1 and dedup_key = $2',
    [sessionRef, key],
  )
  const first = found?.detail ?? null
  const text = textOf(instance)
  if (first === text) return undefined
  if (first === null && item.timeMs <= bareUntilMs) return undefined
  const longer: SeenRow = [sessionRef, longerKey(key, text), text]
  if ((await mark(statements, [longer])).size === 0) return undefined
  const isCopy = await isCopyOf(statements, sessionRef, key, first, instance)
  return isCopy ? undefined : asRepeat(arrival)
}

/** Whether the other source has told of as many of this id and content before. */
async function isCopyOf(
  statements: Statements,
  sessionRef: number,
  key: string,
  first: string | null,
  instance: RecordInstance,
): Promise<boolean> {
  const told = async (of: RecordInstance): Promise<number> => {
    const prefix = plainText(copyText(of).toWellFormed())
    const from = key + LONGER + prefix
    const [counted] = await statements.query<{ readonly records: number }>(
      `select count(*) as records from seen
       where session_ref = $1 and dedup_key >= $2 and dedup_key < $3`,
      [sessionRef, from, from + BEHIND],
    )
    return (counted?.records ?? 0) + (first?.startsWith(prefix) === true ? 1 : 0)
  }
  const others = await told(fromOtherSource(instance))
  return others > 0 && (await told(instance)) <= others
}

/** The rows that were not there, by `nameOf`. */
async function mark(statements: Statements, rows: readonly SeenRow[]): Promise<Set<string>> {
  const added = await statements.query<{
    readonly session_ref: number
    readonly dedup_key: string
  }>(
    `insert into seen (session_ref, dedup_key, detail)
     select * from unnest($1::bigint[], $2::text[], $3::text[])
     on conflict do nothing returning session_ref, dedup_key`,
    [rows.map(([ref]) => ref), rows.map(([, key]) => key), rows.map(([, , detail]) => detail)],
  )
  return new Set(added.map(({ session_ref, dedup_key }) => nameOf([session_ref, dedup_key, null])))
}

function nameOf([sessionRef, key]: SeenRow): string {
  return `${sessionRef} ${key}`
}

function rowOf({ item }: Arrival, sessionRef: number): SeenRow {
  const instance = item.kind === 'metric' ? undefined : item.instance
  const key = keyText(item.dedupKey.toWellFormed())
  return [sessionRef, key, instance === undefined ? null : textOf(instance)]
}

/** The key of a further record of an id, as it is stored. */
export function longerKey(key: string, text: string): string {
  return key + LONGER + keyText(text)
}

function textOf(instance: RecordInstance): string {
  return plainText(instanceText(instance).toWellFormed())
}
