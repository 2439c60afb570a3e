/**
 * The index of what sessions are found by: a row for each piece of words (`domain/search-words.ts`) as a
 * `tsvector`. Words and places are written in its own syntax, so no parser or dictionary of the server has
 * a say in what a word is.
 *
 * What is stored comes in with its commit. What was stored before there was an index, or was changed since,
 * is read again from the records: `search_backlog` names those sessions and how far each of them is.
 */
import type { Arrival } from '../../domain/session-store.ts'
import { piecesOf, type SearchTerm } from '../../domain/search-words.ts'
import { searchTextsOf } from '../../domain/search-texts.ts'
import type { StateFormat } from '../../domain/stored-state.ts'
import { type BatchColumns, wholeBatchOf } from '../batch-parts.ts'
import { unpackJson } from '../packed-json.ts'
import type { StoreLog } from '../store-log.ts'
import { type NamedColumns, namesIn } from '../stored-rows.ts'
import type { Statements } from './connection.ts'
import { isAlive } from './replica.ts'
import { insertRows, type Row } from './values-list.ts'

/** In `search_backlog`: all sessions, once no program runs that does not index what it stores. */
export const ALL_SESSIONS = 0
/** The migration since which programs index what they store. */
const SINCE = '0012-search'

/** Of a slice: some milliseconds, or one large batch. */
const BATCHES_PER_SLICE = 20
const BYTES_PER_SLICE = 256 * 1024
/** Sessions whose rows are indexed at once. */
const SESSIONS_PER_SLICE = 500

/** What a session can be found by from now on, besides what is indexed of it. */
export interface SearchTexts {
  readonly sessionRef: number
  readonly texts: readonly string[]
}

export async function insertTexts(
  statements: Statements,
  added: readonly SearchTexts[],
): Promise<void> {
  const rows = added.flatMap(({ sessionRef, texts }) =>
    piecesOf(texts).map((words): Row => [sessionRef, vectorOf(words)]),
  )
  await insertRows(statements, 'search_texts', ['session_ref', 'words'], rows)
}

/**
 * What is stored of a session was changed: nothing of before is found any more. Its row is indexed at once,
 * its records by upkeep, which waits for this transaction.
 */
export async function rebuildSearch(statements: Statements, sessionRef: number): Promise<void> {
  await statements.run(
    `insert into search_backlog (session_ref, after_id) values ($1, 0)
     on conflict (session_ref) do update set after_id = 0`,
    [sessionRef],
  )
  await statements.run('delete from search_texts where session_ref = $1', [sessionRef])
  await indexRows(statements, { afterId: sessionRef - 1, throughId: sessionRef })
}

interface NamedRow extends NamedColumns {
  readonly id: number
  readonly labels: Readonly<Record<string, string>> | null
}

/** Indexes the rows of sessions behind the first id, up to the second. */
export async function indexRows(
  statements: Statements,
  range: { readonly afterId: number; readonly throughId: number },
): Promise<void> {
  for (let { afterId } = range; ; ) {
    const rows = await statements.query<NamedRow>(
      `select id, agent, session_id, title, user_id, project, team,
         (select jsonb_object_agg(key, value) from session_attributes where session_ref = s.id) as labels
       from sessions s where id > $1 and id <= $2 order by id limit ${SESSIONS_PER_SLICE}`,
      [afterId, range.throughId],
    )
    await insertTexts(
      statements,
      rows.map((row) => ({ sessionRef: row.id, texts: namesIn(row, row.labels ?? {}) })),
    )
    const last = rows.at(-1)
    if (last === undefined) return
    afterId = last.id
  }
}

/** What arrivals and rows tell, session by session. */
export function textsBySession(
  arrivals: readonly Arrival[],
  refOf: (arrival: Arrival) => number,
  rows: readonly { readonly id: number; readonly texts: readonly string[] }[],
): readonly SearchTexts[] {
  const texts = new Map<number, string[]>()
  const add = (ref: number, more: readonly string[]): void => {
    const own = texts.get(ref)
    if (own === undefined) texts.set(ref, [...more])
    else own.push(...more)
  }
  for (const arrival of arrivals) add(refOf(arrival), searchTextsOf(arrival.item))
  for (const row of rows) add(row.id, row.texts)
  return [...texts].map(([sessionRef, own]) => ({ sessionRef, texts: own }))
}

export interface CatchUpDeps {
  readonly itemsOf: StateFormat<unknown>['itemsOf']
  readonly log: StoreLog
}

interface RawBatch extends BatchColumns {
  readonly json_bytes: number
}

/** Indexes some of what has to be read again; true while there may be more. */
export async function catchUpSearch(statements: Statements, deps: CatchUpDeps): Promise<boolean> {
  const [session] = await statements.query<{
    readonly session_ref: number
    readonly session_key: string | null
    readonly after_id: number
  }>(
    `select b.session_ref, b.after_id, s.session_key from search_backlog b
     left join sessions s on s.id = b.session_ref
     order by b.session_ref limit 1 for update of b skip locked`,
  )
  if (session === undefined) return false
  const { session_ref: ref, session_key: key, after_id: afterId } = session
  if (ref === ALL_SESSIONS) return enqueueAll(statements)
  // Without a session its rows are being deleted, and this one with them.
  const rows = key === null ? [] : await batchesBehind(statements, ref, afterId)
  if (key === null || rows.length === 0) {
    await statements.run('delete from search_backlog where session_ref = $1', [ref])
    return true
  }
  const texts: string[] = []
  let throughId = afterId
  for (const row of rows) {
    texts.push(...(await textsOfBatch(statements, { key, ref, row }, deps)))
    throughId = row.id
  }
  await insertTexts(statements, [{ sessionRef: ref, texts: [...new Set(texts)] }])
  await statements.run('update search_backlog set after_id = $2 where session_ref = $1', [
    ref,
    throughId,
  ])
  return true
}

/** Not while a program runs that indexes nothing: what it stores would be missed. */
async function enqueueAll(statements: Statements): Promise<boolean> {
  const [older] = await statements.query(
    `select 1 from replicas where ${isAlive('replicas')}
       and coalesce(newest_migration, '') < $1 limit 1`,
    [SINCE],
  )
  if (older !== undefined) return false
  await statements.run('delete from search_backlog where session_ref = $1', [ALL_SESSIONS])
  await statements.run(
    `insert into search_backlog (session_ref, after_id) select id, 0 from sessions
     on conflict (session_ref) do nothing`,
  )
  return true
}

/** The next ones, as many as a slice may take. */
async function batchesBehind(
  statements: Statements,
  ref: number,
  afterId: number,
): Promise<readonly RawBatch[]> {
  const rows = await statements.query<RawBatch>(
    `select b.id, signal, received_ms, json_bytes, scope_name, scope_version, resource
     from record_batches b join origins o on o.id = b.origin_ref
     where session_ref = $1 and b.id > $2 order by b.id limit ${BATCHES_PER_SLICE}`,
    [ref, afterId],
  )
  let bytes = 0
  const end = rows.findIndex(({ json_bytes }) => {
    bytes += json_bytes
    return bytes >= BYTES_PER_SLICE
  })
  return end === -1 ? rows : rows.slice(0, end + 1)
}

interface BatchOfSession {
  readonly key: string
  readonly ref: number
  readonly row: RawBatch
}

/** What a batch tells; nothing where nobody can read it. */
async function textsOfBatch(
  statements: Statements,
  { key, ref, row }: BatchOfSession,
  { itemsOf, log }: CatchUpDeps,
): Promise<readonly string[]> {
  const [stored] = await statements.query<{ readonly body: Buffer }>(
    'select body from record_batches where session_ref = $1 and id = $2',
    [ref, row.id],
  )
  if (stored === undefined) return []
  try {
    return itemsOf(wholeBatchOf(key, row, unpackJson(stored.body))).flatMap(searchTextsOf)
  } catch (error) {
    const message = 'cannot index a stored batch of records; the search does not find it'
    log.error({ sessionKey: key, batch: row.id, err: error }, message)
    return []
  }
}

/** In the syntax of a `tsvector`. Words hold letters, digits and symbols beyond ASCII alone: none needs an escape. */
function vectorOf(words: readonly string[]): string {
  const places = new Map<string, number[]>()
  for (const [at, word] of words.entries()) {
    const known = places.get(word)
    if (known === undefined) places.set(word, [at + 1])
    else known.push(at + 1)
  }
  return [...places].map(([word, at]) => `'${word}':${at.join(',')}`).join(' ')
}

/** In the syntax of a `tsquery`. */
export function queryOf({ words, isPrefix }: SearchTerm): string {
  return `${words.map((word) => `'${word}'`).join(' <-> ')}${isPrefix ? ':*' : ''}`
}
