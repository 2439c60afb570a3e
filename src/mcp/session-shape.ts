/** A session as the tools answer it, and how one is found by what an agent says of it. */
import { shortSessionId } from '../domain/short-session-id.ts'
import { z } from 'zod'
import { costShape, count, tokens } from '../api/contract/quantities.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { usdText } from '../domain/usd-text.ts'
import { namedSessions } from '../reports/named-sessions.ts'
import { failureText } from './failure-text.ts'
import { type Asked, folderShape, listSessions, selectionOf, selectionShape } from './filters.ts'
import type { ToolContext } from './tool.ts'

export const isoTime = z.string().meta({ description: 'ISO 8601, UTC' })

export const sessionItem = z.object({
  key: z.string().meta({ description: 'names the session for the other tools' }),
  sessionId: z.string(),
  agent: z.string(),
  title: z.string().nullable(),
  user: z.string().nullable(),
  project: z.string().nullable(),
  team: z.string().nullable(),
  isOpen: z.boolean(),
  first: isoTime,
  last: isoTime,
  ...costShape,
  tokens,
  prompts: count,
  modelCalls: count,
  toolResults: count,
  errors: count.meta({ description: 'model calls and tools that failed' }),
})
export type SessionItem = z.infer<typeof sessionItem>

export function sessionItemOf(row: SessionRow): SessionItem {
  const { key, sessionId, agent, title, project, team, isOpen, tokens: used } = row
  const { costUsd, estimatedUsd, metricsUsd, unpricedCalls } = row
  const { prompts, modelCalls, toolResults, errors } = row
  return {
    ...{ key, sessionId, agent, title, user: row.userId, project, team, isOpen },
    ...{ first: isoOf(row.firstMs), last: isoOf(row.lastMs) },
    ...{ costUsd, estimatedUsd, metricsUsd, unpricedCalls, tokens: used },
    ...{ prompts, modelCalls, toolResults, errors },
  }
}

/** Times of agents can be anything; those that no calendar has are told as 1970. */
export function isoOf(ms: number): string {
  return new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString()
}

/** `claude-code session 3f2a91c0 "Fix the login test"`. */
export function sessionText({ agent, sessionId, title }: SessionItem): string {
  const named = title === null ? '' : ` ${JSON.stringify(title.slice(0, 80))}`
  return `${agent} session ${shortSessionId(sessionId)}${named}`
}

/** `1 session`, `2 sessions`. */
export function countText(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

export function costText(costUsd: number | null): string {
  return costUsd === null ? 'cost unknown' : usdText(costUsd)
}

const sessionName = z
  .string()
  .min(1)
  .max(1000)
  .describe('id or key of a session, or how it begins; "last" is the one that was active last')

/** Where a tool tells of many sessions unless one is named. */
export const someSession = sessionName.optional()

export const oneSessionShape = {
  session: sessionName.default('last'),
  ...folderShape,
  project: selectionShape.project,
  agent: selectionShape.agent,
}

const PAGE = 200

/** The session that an agent means. */
export async function meantSession(
  context: ToolContext,
  {
    session,
    ...within
  }: { readonly session: string } & Pick<Asked, 'folder' | 'project' | 'agent'>,
): Promise<Result<SessionRow, string>> {
  const selection = await selectionOf(context, within)
  if (!selection.ok) return selection
  const { filter } = selection.value
  if (session === 'last') {
    const newest = await listSessions(context, filter)
    if (!newest.ok) return err(failureText(newest.error))
    const [row] = newest.value.sessions
    return row === undefined ? err('there is no such session yet') : ok(row)
  }
  const found = await foundSessions(context, filter, session)
  if (!found.ok) return found
  const [first, another] = found.value
  if (another !== undefined) {
    const keys = found.value.map(({ key }) => key).join(', ')
    return err(
      first?.sessionId === session
        ? `session: more than one has this id; give the key: ${keys}`
        : `session: more than one begins like that: ${keys}`,
    )
  }
  if (first !== undefined) return ok(first)
  const shown = JSON.stringify(session.slice(0, 100))
  return err(
    `session: none has an id that begins with ${shown}; list_sessions shows which there are`,
  )
}

/** Those that a name means, of all pages of the list. */
async function foundSessions(
  context: ToolContext,
  filter: Filter,
  name: string,
): Promise<Result<readonly SessionRow[], string>> {
  let failure: string | undefined
  const found = await namedSessions(async function* (question) {
    let cursor: string | undefined
    do {
      const asked = { ...filter, ...question, limit: PAGE, ...(cursor !== undefined && { cursor }) }
      const page = await listSessions(context, asked)
      if (!page.ok) {
        failure = failureText(page.error)
        return
      }
      yield* page.value.sessions
      cursor = page.value.nextCursor ?? undefined
    } while (cursor !== undefined)
  }, name)
  return failure === undefined ? ok(found) : err(failure)
}
