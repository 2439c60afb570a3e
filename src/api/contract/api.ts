/**
 * The JSON API of the page: every path with what it takes and what it answers. The server
 * registers its routes from this table, the page calls through it, and the OpenAPI document is
 * written from it, so the three cannot differ. Runs in Node and in the browser: imports nothing
 * but Zod, knows no SQL, no Fastify and no React.
 *
 * | Path | What it is for |
 * |---|---|
 * | GET /api/me | which kind of access, whether the key that was sent is right, version |
 * | POST /api/login | whether a key is right; nothing is kept |
 * | POST /api/logout | forgets the cookie that version 0.1 kept a login in |
 * | GET /api/setup | what to export, and whether anything has arrived |
 * | GET /api/facets | what the filters' menus offer |
 * | GET /api/overview | sums, series, shares, tools, most expensive sessions of a range |
 * | GET /api/sessions | the list, by search, filter and sort, page by page |
 * | GET /api/sessions/:key | one session: strip, scores, models, tools, turns |
 * | DELETE /api/sessions/:key | deletes every row of it |
 * | POST /api/sessions/:key/scrub | masks the secrets in what is stored of it |
 * | POST /api/scrub | masks what belongs to no session, after all of them |
 * | GET /api/sessions/:key/turns | its turns, page by page, the newest page first |
 * | GET /api/sessions/:key/turns/:turn | one turn's waterfall, page by page |
 * | GET /api/sessions/:key/turns/:turn/items/:item | one item of it, with its whole texts |
 * | GET /api/sessions/:key/events | its raw records, page by page |
 * | GET /api/sessions/:key/events/:id | one of them, whole |
 * | GET /api/live/recent, /api/live | what arrived last, and a stream of what arrives |
 * | GET /api/delivery | Langfuse, outbox, dead items, ingest log, retention |
 * | POST /api/delivery/retry, /drop | dead items: try again, or delete |
 * | POST /api/quarantine/retry, /drop | records that could not be placed: try again, or delete |
 * | POST /api/imports | begins to take in transcripts |
 * | GET /api/imports/:id | what has become of that |
 * | POST /api/quarantine/retry, /drop | records that could not be assigned: try again, or delete |
 * | GET /api/budgets | budgets and what was spent of them |
 * | GET /api/openapi.json | this table as OpenAPI 3.1 |
 *
 * Answers are JSON, errors `Problem`s. No answer has more than some thousand rows or about two
 * megabytes, but for one record or item asked for by itself, which may have eight; what is left out
 * is counted. Keys of sessions and turns are percent-encoded in paths.
 * `filter.ts` has the common parameters, `quantities.ts` the units.
 */
import { z } from 'zod'
import { loginBody, meAnswer, meQuery, setupAnswer } from './access.ts'
import { budgetsAnswer } from './budgets.ts'
import { changedAnswer, deadSelection, deliveryAnswer, retriedAnswer } from './delivery.ts'
import { facetsAnswer, filter } from './filter.ts'
import { importBody, importStarted, importState } from './imports.ts'
import { liveRecentAnswer, liveRecentQuery } from './live.ts'
import { overviewAnswer, overviewQuery } from './overview.ts'
import { rawEvent, rawEventsAnswer, rawEventsQuery } from './raw-events.ts'
import { deletedAnswer, scrubbedAnswer, scrubbedSessionAnswer, sessionAnswer } from './session.ts'
import { sessionListAnswer, sessionListQuery } from './session-list.ts'
import { turnAnswer, turnQuery, turnsAnswer, turnsQuery, waterfallItem } from './turn.ts'

const nothing = z.object({})

/** One path. `params` are the names after colons in it. */
export interface Endpoint<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly summary: string
  readonly query: Q
  readonly body: B
  readonly answer: A
}

function get<Q extends z.ZodObject, A extends z.ZodType>(
  path: string,
  summary: string,
  query: Q,
  answer: A,
): Endpoint<Q, typeof nothing, A> {
  return { method: 'GET', path, summary, query, body: nothing, answer }
}

function post<B extends z.ZodType, A extends z.ZodType>(
  path: string,
  summary: string,
  body: B,
  answer: A,
): Endpoint<typeof nothing, B, A> {
  return { method: 'POST', path, summary, query: nothing, body, answer }
}

export const LIVE_PATH = '/api/live'
export const OPENAPI_PATH = '/api/openapi.json'

/** Endpoints that answer with one JSON document. The stream at LIVE_PATH takes `live.ts`'s `liveQuery`. */
export const api = {
  me: get('/api/me', 'Kind of access, and whether this request may read', meQuery, meAnswer),
  login: post(
    '/api/login',
    'Tells whether a key is right, to be sent as a bearer token',
    loginBody,
    meAnswer,
  ),
  logout: post('/api/logout', 'Removes the cookie of earlier versions', nothing, meAnswer),
  setup: get('/api/setup', 'What to export for an agent', nothing, setupAnswer),
  facets: get('/api/facets', 'What the filters offer', filter, facetsAnswer),
  overview: get('/api/overview', 'Sums and series of a range', overviewQuery, overviewAnswer),
  sessions: get('/api/sessions', 'Sessions, page by page', sessionListQuery, sessionListAnswer),
  session: get('/api/sessions/:key', 'One session', nothing, sessionAnswer),
  deleteSession: {
    method: 'DELETE',
    path: '/api/sessions/:key',
    summary: 'Deletes a session with every row of it',
    query: nothing,
    body: nothing,
    answer: deletedAnswer,
  },
  scrubSession: post(
    '/api/sessions/:key/scrub',
    'Masks the secrets in what is stored of a session',
    nothing,
    scrubbedSessionAnswer,
  ),
  scrub: post(
    '/api/scrub',
    'Masks what belongs to no session, and clears the files of what was masked; after all sessions',
    nothing,
    scrubbedAnswer,
  ),
  turns: get('/api/sessions/:key/turns', 'Turns, page by page', turnsQuery, turnsAnswer),
  turn: get('/api/sessions/:key/turns/:turn', 'The waterfall of one turn', turnQuery, turnAnswer),
  item: get(
    '/api/sessions/:key/turns/:turn/items/:item',
    'One item of a waterfall, with its whole texts',
    nothing,
    waterfallItem,
  ),
  events: get('/api/sessions/:key/events', 'Raw records', rawEventsQuery, rawEventsAnswer),
  event: get('/api/sessions/:key/events/:id', 'One raw record, whole', nothing, rawEvent),
  liveRecent: get('/api/live/recent', 'The newest records', liveRecentQuery, liveRecentAnswer),
  delivery: get('/api/delivery', 'Delivery to Langfuse, and ingest', nothing, deliveryAnswer),
  retry: post('/api/delivery/retry', 'Tries dead items again', deadSelection, changedAnswer),
  drop: post('/api/delivery/drop', 'Deletes dead items', deadSelection, changedAnswer),
  retryQuarantine: post(
    '/api/quarantine/retry',
    'Tries records again that could not be assigned',
    deadSelection,
    retriedAnswer,
  ),
  dropQuarantine: post(
    '/api/quarantine/drop',
    'Deletes records that could not be assigned',
    deadSelection,
    changedAnswer,
  ),
  import: post(
    '/api/imports',
    'Begins to take in transcripts that lie on the machine of the bridge',
    importBody,
    importStarted,
  ),
  importState: get('/api/imports/:id', 'What has become of an import', nothing, importState),
  budgets: get('/api/budgets', 'Budgets and what was spent', nothing, budgetsAnswer),
} as const satisfies Record<string, Endpoint<z.ZodObject, z.ZodType, z.ZodType>>
