/** `GET /api/sessions`: the list, searched, filtered, sorted, one page at a time. */
import { z } from 'zod'
import { filterShape } from './filter.ts'
import { costShape, count, sessionKey, timeMs, tokens } from './quantities.ts'

/** One session in a list. */
export const sessionRow = z
  .object({
    key: sessionKey,
    agent: z.string(),
    sessionId: z.string(),
    /** The agent's title of the session, else the beginning of its first prompt (200 characters). */
    title: z.string().nullable(),
    userId: z.string().nullable(),
    /** Resource attribute `project`, else `repository`. */
    project: z.string().nullable(),
    /** Resource attribute `team`. */
    team: z.string().nullable(),
    /** The destinations that it goes to, once routes have decided that; absent where there are none. */
    route: z.array(z.string()).optional(),
    isOpen: z.boolean(),
    /** `idle`, `shutdown`, `max_age`, `limit`, `session_end`; null while it is open. */
    closeReason: z.string().nullable(),
    firstMs: timeMs,
    lastMs: timeMs,
    ...costShape,
    tokens,
    prompts: count,
    modelCalls: count,
    toolResults: count,
    errors: count,
  })
  .meta({ id: 'SessionRow' })
export type SessionRow = z.infer<typeof sessionRow>

/** Times, figures, and names without case; a session without a title is called by its id. */
export const SESSION_SORTS = [
  'last',
  'first',
  'cost',
  'tokens',
  'duration',
  'errors',
  'prompts',
  'calls',
  'tools',
  'title',
  'user',
  'project',
  'team',
  'agent',
] as const

/** Those that begin with A where nobody says otherwise, on the page and in commands. */
export const NAME_SORTS: ReadonlySet<(typeof SESSION_SORTS)[number]> = new Set([
  'title',
  'user',
  'project',
  'team',
  'agent',
])

export const MAX_SEARCH_LENGTH = 200

export const sessionListQuery = z.object({
  ...filterShape,
  search: z
    .string()
    .trim()
    .max(MAX_SEARCH_LENGTH)
    .default('')
    .meta({
      description:
        'words of titles, prompts, tools, files, models, errors, attributes, users, projects or ids: ' +
        'their beginnings (a single character is a whole word), all of which have to be in a session; "in quotes" as they stand',
    }),
  state: z.enum(['any', 'open', 'closed']).default('any'),
  empty: z.enum(['hidden', 'shown']).default('hidden').meta({
    description: 'sessions in which nothing happened but the start of an agent',
  }),
  sort: z.enum(SESSION_SORTS).default('last'),
  order: z.enum(['desc', 'asc']).default('desc'),
  cursor: z.string().max(2000).optional().meta({ description: '`nextCursor` of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export type SessionListQuery = z.output<typeof sessionListQuery>

export const sessionListAnswer = z
  .object({
    sessions: z.array(sessionRow),
    /** Null on the last page. Belongs to this sort, order and filter. */
    nextCursor: z.string().nullable(),
    /** How many match, on all pages. */
    total: count,
    /** On a search: records of before are still being indexed, so that it may miss some. */
    isIndexing: z.boolean().optional(),
  })
  .meta({ id: 'SessionList' })
export type SessionList = z.infer<typeof sessionListAnswer>
