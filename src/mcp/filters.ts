/** What most tools take: a range of time, and which sessions. */
import { win32 } from 'node:path'
import { z } from 'zod'
import { filter, type Filter, filterShape } from '../api/contract/filter.ts'
import type { SessionList, SessionListQuery } from '../api/contract/session-list.ts'
import type { WebFailure } from '../api/failure.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { TIME_SYNTAX, timeOf } from '../reports/time-text.ts'
import { failureText } from './failure-text.ts'
import type { ToolContext } from './tool.ts'

/** Of reports without `since`. */
export const DEFAULT_DAYS = 7

const MAX_TIME_CHARS = 40
const MAX_FOLDER_CHARS = 4000

const time = (what: string) =>
  z.string().max(MAX_TIME_CHARS).optional().describe(`${what}: ${TIME_SYNTAX}, or with an offset`)

export const rangeShape = {
  since: time('begin of the range'),
  until: time('end of the range, not included'),
  timeZone: z
    .string()
    .max(64)
    .optional()
    .describe("IANA time zone in which days begin, such as Europe/Vienna; default: the server's"),
}

export const folderShape = {
  folder: z
    .string()
    .min(1)
    .max(MAX_FOLDER_CHARS)
    .optional()
    .describe(
      'only sessions of the project in this folder: its path or name; over stdio, "." is the current one',
    ),
}

export const selectionShape = {
  ...folderShape,
  project: filterShape.project.describe('only this project, exactly as sessions name it'),
  agent: filterShape.agent.describe('only this agent, such as claude-code or codex'),
  model: filterShape.model.describe('only sessions that used this model'),
  user: filterShape.user.describe('only this user'),
  team: filterShape.team.describe('only this team'),
  where: filterShape.where,
}

export type Asked = Partial<{
  [Name in keyof (typeof rangeShape & typeof selectionShape)]: z.output<
    (typeof rangeShape & typeof selectionShape)[Name]
  >
}>

export interface Selection {
  readonly filter: Filter
  readonly timeZone: string
}

/** The filter of the JSON API that the arguments mean; without `since` it begins `days` before now. */
export async function selectionOf(
  context: ToolContext,
  asked: Asked,
  days?: number,
): Promise<Result<Selection, string>> {
  const timeZone = asked.timeZone ?? context.timeZone
  const { since = days === undefined ? undefined : `${days}d`, until } = asked
  const bounds: { from?: number; to?: number } = {}
  for (const [name, bound, text] of [
    ['since', 'from', since],
    ['until', 'to', until],
  ] as const) {
    if (text === undefined) continue
    const atMs = momentOf(text, context.now(), timeZone)
    if (!atMs.ok) return err(`${name}: ${atMs.error}`)
    bounds[bound] = atMs.value
  }
  const { from, to } = bounds
  if (from !== undefined && to !== undefined && from >= to) return err('since: it is after until')
  const { agent, model, project, user, team, where } = asked
  const given = { ...bounds, agent, model, project, user, team, where }
  const parsed = filter.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return err(`${issue?.path.join('.')}: ${issue?.message}`)
  }
  if (asked.folder === undefined) return ok({ filter: parsed.data, timeZone })
  const within = await folderFilter(context, asked.folder)
  return within.ok ? ok({ filter: { ...parsed.data, ...within.value }, timeZone }) : within
}

function momentOf(text: string, nowMs: number, timeZone: string): Result<number, string> {
  try {
    const atMs = timeOf(text.trim(), nowMs, timeZone)
    return atMs === undefined ? err(`expected ${TIME_SYNTAX}`) : ok(atMs)
  } catch {
    return err(`${JSON.stringify(timeZone)} is not an IANA time zone such as Europe/Vienna`)
  }
}

const anySession = {
  search: '',
  state: 'any',
  empty: 'hidden',
  sort: 'last',
  order: 'desc',
  limit: 1,
} as const

/**
 * Sessions know the name of their folder where hooks or transcripts told it; others know a project that
 * is called like it, alone or behind its owner.
 */
async function folderFilter(
  context: ToolContext,
  folder: string,
): Promise<Result<Partial<Filter>, string>> {
  const { ask, workingDir } = context
  if (/^\.[\\/]?$/.test(folder) && workingDir === undefined) {
    return err('folder: this server does not know your current folder; give its path or name')
  }
  const path = /^\.[\\/]?$/.test(folder) ? (workingDir ?? folder) : folder
  // Takes both kinds of separators, whatever the machine of the caller has.
  const name = win32.basename(path)
  if (name === '' || name.length > 200) return err('folder: it has no name to look for')
  const facets = await ask({ name: 'facets', query: { attribute: [] } })
  if (!facets.ok) return err(failureText(facets.error))
  const { projects } = facets.value
  const named = projects.filter((project) => project === name || project.endsWith(`/${name}`))
  const candidates: readonly Partial<Filter>[] = [
    { attribute: [`folder=${name}`] },
    ...named.map((project) => ({ project })),
  ]
  for (const candidate of candidates) {
    const found = await listSessions(context, candidate)
    if (!found.ok) return err(failureText(found.error))
    if (found.value.sessions.length > 0) return ok(candidate)
  }
  const known = projects.length === 0 ? '' : `; projects: ${projects.slice(0, 10).join(', ')}`
  return err(`folder: no session is known to be of ${JSON.stringify(name)}${known}`)
}

/** Sessions of the JSON API's list, one page, the newest first unless the query says otherwise. */
export function listSessions(
  { ask }: ToolContext,
  query: Partial<SessionListQuery>,
): Promise<Result<SessionList, WebFailure>> {
  return ask({ name: 'sessions', query: { attribute: [], ...anySession, ...query } })
}
