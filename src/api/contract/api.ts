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
 * | GET /api/usage | what was used, by one or two groups |
 * | GET /api/waste | what the sessions of a range spent to no purpose, by kind |
 * | GET /api/sessions/:key/turns | its turns, page by page, the newest page first |
 * | GET /api/sessions/:key/turns/:turn | one turn's waterfall, page by page |
 * | GET /api/sessions/:key/turns/:turn/items/:item | one item of it, with its whole texts |
 * | GET /api/sessions/:key/status-line | what a status line shows of it |
 * | GET /api/sessions/:key/waste | where it spent money or time to no purpose |
 * | GET /api/sessions/:key/find | where a text stands in its turns |
 * | GET /api/sessions/:key/export | the session as one HTML or Markdown file, to be shared |
 * | GET /api/sessions/:key/events | its raw records, page by page |
 * | GET /api/sessions/:key/events/:id | one of them, whole |
 * | GET /api/live/recent, /api/live | what arrived last, and a stream of what arrives |
 * | GET /api/delivery | Langfuse, outbox, dead items, ingest log, retention |
 * | POST /api/delivery/retry, /drop | dead items: try again, or delete |
 * | POST /api/imports | begins to take in transcripts |
 * | GET /api/imports/:id | what has become of that |
 * | POST /api/quarantine/retry, /drop | records that could not be assigned: try again, or delete |
 * | GET /api/budgets | budgets and what was spent of them |
 * | POST /api/budgets, DELETE /api/budgets/:key | defines a budget, or takes one out |
 * | GET, POST /api/keys | named keys: list, create |
 * | POST /api/keys/:key/rotate, DELETE /api/keys/:key | another secret; revoke |
 * | GET /api/oidc/login, /api/oidc/callback | logging in by an OIDC provider, where one is set |
 * | GET /api/audit | who read, deleted or changed what |
 * | GET /api/plan-windows | how much of subscriptions' allowances is used, and was |
 * | GET /api/fleet | who reports with which programs and settings, and who fell silent |
 * | GET, POST /api/budgets/overrides | budgets that are lifted for a while; lifts one |
 * | POST /api/budgets/overrides/end | ends that early |
 * | GET /api/openapi.json | this table as OpenAPI 3.1 |
 * | POST /mcp | the same questions as tools of the Model Context Protocol (`docs/mcp.md`) |
 *
 * Answers are JSON, errors `Problem`s. No answer has more than some thousand rows or about two
 * megabytes, but for one record or item asked for by itself, which may have eight; what is left out
 * is counted. Keys of sessions and turns are percent-encoded in paths.
 * `filter.ts` has the common parameters, `quantities.ts` the units.
 */
import { z } from 'zod'
import { loginBody, meAnswer, meQuery, setupAnswer } from './access.ts'
import {
  budgetBody,
  budgetOverrideAsked,
  budgetOverrideEnded,
  budgetOverridesAnswer,
  budgetsAnswer,
  definedBudgetsAnswer,
  statusLineAnswer,
} from './budgets.ts'
import { changedAnswer, deadSelection, deliveryAnswer, retriedAnswer } from './delivery.ts'
import { fleetAnswer, fleetQuery } from './fleet.ts'
import { planWindowsAnswer, planWindowsQuery } from './plan-windows.ts'
import { facetsAnswer, filter } from './filter.ts'
import { importBody, importStarted, importState } from './imports.ts'
import {
  auditAnswer,
  auditQuery,
  issuedAnswer,
  keyAnswer,
  keyBody,
  keyChange,
  keysAnswer,
  rotateBody,
  type scope,
} from './keys.ts'
import { liveRecentAnswer, liveRecentQuery } from './live.ts'
import { overviewAnswer, overviewQuery } from './overview.ts'
import { rawEvent, rawEventsAnswer, rawEventsQuery } from './raw-events.ts'
import { deletedAnswer, scrubbedAnswer, scrubbedSessionAnswer, sessionAnswer } from './session.ts'
import { findAnswer, findQuery } from './session-find.ts'
import { sessionListAnswer, sessionListQuery } from './session-list.ts'
import { usageAnswer, usageQuery } from './usage.ts'
import { turnAnswer, turnQuery, turnsAnswer, turnsQuery, waterfallItem } from './turn.ts'
import { wasteAnswer, wasteInRange, wasteQuery } from './waste.ts'

const nothing = z.object({})

/** Who may ask, and whether it is written down that they did. */
export interface EndpointAccess {
  /**
   * `none`: everybody, before they log in. Else the least scope; what is read is of those sessions
   * alone that the asking one may see.
   */
  readonly scope: 'none' | z.output<typeof scope>
  readonly isAudited: boolean
  /** Why a smaller scope does not get a smaller answer, for whoever is refused. */
  readonly reason?: string
}

const PUBLIC: EndpointAccess = { scope: 'none', isAudited: false }
const READS: EndpointAccess = { scope: 'read:own', isAudited: false }
const READS_CONTENT: EndpointAccess = { scope: 'read:own', isAudited: true }
const READS_BRIDGE: EndpointAccess = {
  scope: 'read:all',
  isAudited: false,
  reason:
    'it tells of the bridge as a whole: queues, refusals and who reports are not kept by team',
}
const ADMIN: EndpointAccess = { scope: 'admin', isAudited: true }
const ADMIN_READS: EndpointAccess = { scope: 'admin', isAudited: false }

/** One path. `params` are the names after colons in it. */
export interface Endpoint<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly summary: string
  readonly query: Q
  readonly body: B
  readonly answer: A
  readonly access: EndpointAccess
}

function get<Q extends z.ZodObject, A extends z.ZodType>(
  path: string,
  summary: string,
  query: Q,
  answer: A,
  access: EndpointAccess,
): Endpoint<Q, typeof nothing, A> {
  return { method: 'GET', path, summary, query, body: nothing, answer, access }
}

function post<B extends z.ZodType, A extends z.ZodType>(
  path: string,
  summary: string,
  body: B,
  answer: A,
  access: EndpointAccess,
): Endpoint<typeof nothing, B, A> {
  return { method: 'POST', path, summary, query: nothing, body, answer, access }
}

export const LIVE_PATH = '/api/live'
/** Answers with a file. */
export const EXPORT_PATH = '/api/sessions/:key/export'
export const OPENAPI_PATH = '/api/openapi.json'
/** Where a login by an OIDC provider begins, and where it ends; both redirect. */
export const OIDC_LOGIN_PATH = '/api/oidc/login'
export const OIDC_CALLBACK_PATH = '/api/oidc/callback'
/** The MCP server: its messages are those of that protocol. */
export const MCP_PATH = '/mcp'
/** Of the paths that are in no table. */
export const LIVE_ACCESS = READS_CONTENT
export const EXPORT_ACCESS = READS_CONTENT
export const MCP_ACCESS = READS_CONTENT
export const OPENAPI_ACCESS = READS

/** Endpoints that answer with one JSON document. The stream at LIVE_PATH takes `live.ts`'s `liveQuery`. */
export const api = {
  me: get(
    '/api/me',
    'Get how access is controlled and what this request may do',
    meQuery,
    meAnswer,
    PUBLIC,
  ),
  login: post('/api/login', 'Check an API key', loginBody, meAnswer, PUBLIC),
  logout: post('/api/logout', 'Clear the login cookie', nothing, meAnswer, PUBLIC),
  setup: get(
    '/api/setup',
    'List the environment variables to set for an agent',
    nothing,
    setupAnswer,
    READS,
  ),
  facets: get('/api/facets', 'List filter values', filter, facetsAnswer, READS),
  overview: get(
    '/api/overview',
    'Get totals and time series of a range',
    overviewQuery,
    overviewAnswer,
    READS,
  ),
  usage: get('/api/usage', 'Get usage by one or two groups', usageQuery, usageAnswer, READS),
  wasteInRange: get(
    '/api/waste',
    'List the waste of the sessions in a range',
    wasteQuery,
    wasteInRange,
    READS,
  ),
  sessions: get('/api/sessions', 'List sessions', sessionListQuery, sessionListAnswer, READS),
  session: get('/api/sessions/:key', 'Get a session', nothing, sessionAnswer, READS_CONTENT),
  deleteSession: {
    method: 'DELETE',
    path: '/api/sessions/:key',
    summary: 'Delete a session and all of its data',
    query: nothing,
    body: nothing,
    answer: deletedAnswer,
    access: ADMIN,
  },
  scrubSession: post(
    '/api/sessions/:key/scrub',
    'Mask secrets in the stored data of a session',
    nothing,
    scrubbedSessionAnswer,
    ADMIN,
  ),
  scrub: post(
    '/api/scrub',
    'Mask secrets in data outside of sessions, then rewrite the database files; call it after all sessions',
    nothing,
    scrubbedAnswer,
    ADMIN,
  ),
  turns: get(
    '/api/sessions/:key/turns',
    'List the turns of a session',
    turnsQuery,
    turnsAnswer,
    READS_CONTENT,
  ),
  turn: get(
    '/api/sessions/:key/turns/:turn',
    'Get the timeline of a turn',
    turnQuery,
    turnAnswer,
    READS_CONTENT,
  ),
  item: get(
    '/api/sessions/:key/turns/:turn/items/:item',
    'Get an item of a timeline, with its full text',
    nothing,
    waterfallItem,
    READS_CONTENT,
  ),
  find: get(
    '/api/sessions/:key/find',
    'Find a text in all turns of a session',
    findQuery,
    findAnswer,
    READS_CONTENT,
  ),
  statusLine: get(
    '/api/sessions/:key/status-line',
    'Get the figures of a status line',
    nothing,
    statusLineAnswer,
    READS_CONTENT,
  ),
  waste: get(
    '/api/sessions/:key/waste',
    'List the waste of a session',
    nothing,
    wasteAnswer,
    READS_CONTENT,
  ),
  events: get(
    '/api/sessions/:key/events',
    'List the raw records of a session',
    rawEventsQuery,
    rawEventsAnswer,
    READS_CONTENT,
  ),
  event: get('/api/sessions/:key/events/:id', 'Get a raw record', nothing, rawEvent, READS_CONTENT),
  fleet: get(
    '/api/fleet',
    'List users, their agent versions and settings, and who stopped reporting',
    fleetQuery,
    fleetAnswer,
    READS_BRIDGE,
  ),
  liveRecent: get(
    '/api/live/recent',
    'List the newest records',
    liveRecentQuery,
    liveRecentAnswer,
    READS_CONTENT,
  ),
  delivery: get(
    '/api/delivery',
    'Get the state of delivery and ingest',
    nothing,
    deliveryAnswer,
    READS_BRIDGE,
  ),
  retry: post('/api/delivery/retry', 'Retry dead items', deadSelection, changedAnswer, ADMIN),
  drop: post('/api/delivery/drop', 'Delete dead items', deadSelection, changedAnswer, ADMIN),
  retryQuarantine: post(
    '/api/quarantine/retry',
    'Retry records in the quarantine',
    deadSelection,
    retriedAnswer,
    ADMIN,
  ),
  dropQuarantine: post(
    '/api/quarantine/drop',
    'Delete records from the quarantine',
    deadSelection,
    changedAnswer,
    ADMIN,
  ),
  budgets: get('/api/budgets', 'List budgets with what was spent', nothing, budgetsAnswer, READS),
  planWindows: get(
    '/api/plan-windows',
    'Get the usage of subscription plan windows',
    planWindowsQuery,
    planWindowsAnswer,
    READS,
  ),
  addBudget: post(
    '/api/budgets',
    'Create or replace a budget',
    budgetBody,
    definedBudgetsAnswer,
    ADMIN,
  ),
  removeBudget: {
    method: 'DELETE',
    path: '/api/budgets/:key',
    summary: 'Remove a budget by its name',
    query: nothing,
    body: nothing,
    answer: definedBudgetsAnswer,
    access: ADMIN,
  },
  keys: get('/api/keys', 'List API keys, without their secrets', nothing, keysAnswer, ADMIN_READS),
  createKey: post(
    '/api/keys',
    'Create an API key; only this response contains its secret',
    keyBody,
    issuedAnswer,
    ADMIN,
  ),
  rotateKey: post(
    '/api/keys/:key/rotate',
    'Rotate an API key; its old secret stays valid for a grace period',
    rotateBody,
    issuedAnswer,
    ADMIN,
  ),
  updateKey: post(
    '/api/keys/:key/update',
    'Change the limits and the end of an API key; its secret stays',
    keyChange,
    keyAnswer,
    ADMIN,
  ),
  revokeKey: {
    method: 'DELETE',
    path: '/api/keys/:key',
    summary: 'Revoke an API key by its name or id',
    query: nothing,
    body: nothing,
    answer: keyAnswer,
    access: ADMIN,
  },
  audit: get('/api/audit', 'List the audit log', auditQuery, auditAnswer, ADMIN_READS),
  import: post(
    '/api/imports',
    'Start an import of transcripts from the machine of the bridge',
    importBody,
    importStarted,
    ADMIN,
  ),
  importState: get(
    '/api/imports/:id',
    'Get the progress of an import',
    nothing,
    importState,
    ADMIN_READS,
  ),
  overrides: get(
    '/api/budgets/overrides',
    'List active budget overrides',
    nothing,
    budgetOverridesAnswer,
    READS_BRIDGE,
  ),
  override: post(
    '/api/budgets/overrides',
    'Override spent budgets for a while',
    budgetOverrideAsked,
    budgetOverridesAnswer,
    ADMIN,
  ),
  endOverride: post(
    '/api/budgets/overrides/end',
    'End budget overrides early',
    budgetOverrideEnded,
    budgetOverridesAnswer,
    ADMIN,
  ),
} as const satisfies Record<string, Endpoint<z.ZodObject, z.ZodType, z.ZodType>>
