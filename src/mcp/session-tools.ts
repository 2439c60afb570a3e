/** The tools that list sessions and tell of one. */
import { z } from 'zod'
import { costShape, count, tokens as tokensShape } from '../api/contract/quantities.ts'
import { SESSION_SORTS } from '../api/contract/session-list.ts'
import type { Session } from '../api/contract/session.ts'
import { err, ok } from '../domain/result.ts'
import { cutText } from '../reports/answer-bounds.ts'
import { failureItem, failureLine, failuresOf } from './failures.ts'
import { failureText } from './failure-text.ts'
import { type Asked, listSessions, rangeShape, selectionOf, selectionShape } from './filters.ts'
import {
  costText,
  countText,
  isoOf,
  isoTime,
  meantSession,
  oneSessionShape,
  sessionItem,
  sessionItemOf,
  sessionText,
} from './session-shape.ts'
import { defineTool, leftOff, type ToolContext, type ToolResult } from './tool.ts'
import { wasteItem, wasteItemOf } from './waste-shape.ts'

const MAX_LISTED = 50
/** Of those behind a page, so many are counted. */
const MAX_COUNTED = 200

const listShape = {
  ...rangeShape,
  ...selectionShape,
  state: z.enum(['any', 'open', 'closed']).default('any'),
  sort: z
    .enum(SESSION_SORTS)
    .default('last')
    .describe('"last": by the time of last activity; "cost", "errors" and so on: the most first'),
  order: z.enum(['desc', 'asc']).default('desc'),
  limit: z.int().min(1).max(MAX_LISTED).default(10),
  cursor: z.string().max(2000).optional().describe('nextCursor of the page before'),
}

const listAnswer = z.object({
  sessions: z.array(sessionItem),
  leftOff: leftOff('sessions'),
  total: count.meta({ description: 'how many match, on all pages' }),
  isIndexing: z
    .boolean()
    .optional()
    .meta({ description: 'stored records are still being indexed: a search may miss some' }),
  leftOffIsAtLeast: z.boolean().meta({ description: 'there may be more than leftOff says' }),
  nextCursor: z
    .string()
    .nullable()
    .meta({ description: 'leads to the next page, if there is one' }),
})

type ListInput = Asked & {
  readonly state: 'any' | 'open' | 'closed'
  readonly sort: (typeof SESSION_SORTS)[number]
  readonly order: 'desc' | 'asc'
  readonly limit: number
  readonly cursor?: string | undefined
}

async function list(
  context: ToolContext,
  input: ListInput,
  search: string,
): ToolResult<z.input<typeof listAnswer>> {
  const selection = await selectionOf(context, input)
  if (!selection.ok) return selection
  const { state, sort, order, limit, cursor } = input
  const asked = { ...selection.value.filter, state, sort, order, search }
  const page = await listSessions(context, {
    ...asked,
    limit,
    ...(cursor !== undefined && { cursor }),
  })
  if (!page.ok) return err(failureText(page.error))
  const { sessions, nextCursor } = page.value
  const rest = { leftOff: 0, leftOffIsAtLeast: false }
  if (cursor === undefined) {
    rest.leftOff = page.value.total - sessions.length
  } else if (nextCursor !== null) {
    const behind = await listSessions(context, { ...asked, cursor: nextCursor, limit: MAX_COUNTED })
    if (!behind.ok) return err(failureText(behind.error))
    rest.leftOff = behind.value.sessions.length
    rest.leftOffIsAtLeast = behind.value.nextCursor !== null
  }
  const { total, isIndexing } = page.value
  return ok({
    ...{ sessions: sessions.map(sessionItemOf), total, ...rest, nextCursor },
    ...(isIndexing === true && { isIndexing }),
  })
}

function listSummary(answer: z.output<typeof listAnswer>): string {
  const { sessions, leftOff: more, leftOffIsAtLeast } = answer
  if (sessions.length === 0) return 'No session matches.'
  const rest = more === 0 ? '' : `; ${leftOffIsAtLeast ? 'at least ' : ''}${more} more`
  return [
    `${countText(sessions.length, 'session')}${rest}:`,
    ...sessions.map(
      (session) =>
        `${session.last} ${sessionText(session)}: ${costText(session.costUsd)}, ${countText(session.modelCalls, 'model call')}, ${countText(session.errors, 'error')}`,
    ),
  ].join('\n')
}

const shortens = { list: 'sessions', leftOff: 'leftOff' }

export const listSessionsTool = defineTool({
  name: 'list_sessions',
  title: 'List sessions',
  description:
    'Lists sessions of coding agents with cost, tokens, and counts of prompts, model calls, tool results ' +
    'and errors. The newest come first; sort by cost or errors to find the expensive or broken ones. ' +
    'For the last session alone, get_session is shorter.',
  input: z.strictObject(listShape),
  output: listAnswer,
  shortens,
  answer: (context, input) => list(context, input, ''),
  summary: listSummary,
})

export const searchSessionsTool = defineTool({
  name: 'search_sessions',
  title: 'Search sessions',
  description:
    'Finds sessions by words of their titles, prompts, tools, files, models, errors, attributes, users, ' +
    'projects or ids, as list_sessions lists them. All words have to be in a session, each by its ' +
    'beginning; "words in quotes" as they stand. src/app.ts and E2BIG find what they say.',
  input: z.strictObject({
    query: z.string().trim().min(1).max(200).describe('words, or a phrase in double quotes'),
    ...listShape,
  }),
  output: listAnswer,
  shortens,
  answer: (context, { query, ...input }) => list(context, input, query),
  summary: listSummary,
})

const MAX_TURN_TEXT = 500
const MAX_ROWS = 20

const turnItem = z.object({
  ordinal: count,
  start: isoTime,
  prompt: z.string().nullable(),
  answer: z.string().nullable(),
  ...costShape,
  modelCalls: count,
  toolResults: count,
  errors: count,
})

const sessionAnswer = z.object({
  session: sessionItem,
  totals: z.object({
    durationMs: z.number(),
    modelErrors: count,
    toolFailures: count,
    toolRefusals: count,
    subagents: count,
    linesAdded: z.number(),
    linesRemoved: z.number(),
    commits: z.number(),
    pullRequests: z.number(),
    cacheHitRatio: z.number().nullable(),
  }),
  models: z.array(
    z.object({ model: z.string(), calls: count, errors: count, ...costShape, tokens: tokensShape }),
  ),
  tools: z.array(z.object({ tool: z.string(), results: count, failures: count, refusals: count })),
  failures: z.array(failureItem).meta({
    description: 'the last ones, those that say the same as one with how often it happened',
  }),
  failuresLeftOff: leftOff('earlier failures'),
  waste: z.array(wasteItem),
  work: z
    .array(z.object({ kind: z.string(), name: z.string(), url: z.string().nullable() }))
    .meta({ description: 'commits and pull requests that came of it, the newest' }),
  turns: z.array(turnItem).meta({ description: 'the newest first' }),
  turnsLeftOff: leftOff('earlier turns'),
  langfuseUrl: z.string().nullable(),
})

export const getSessionTool = defineTool({
  name: 'get_session',
  title: 'One session',
  description:
    'Tells what one session cost, what it did and why it failed: cost by model, tools, the last turns, ' +
    'errors with their messages, waste, commits and pull requests. Without arguments it is the session that ' +
    'was active last; with folder "." the last one of this project. A session that is running, such as ' +
    'your own, counts as the last one.',
  input: z.strictObject({
    ...oneSessionShape,
    turns: z.int().min(0).max(MAX_LISTED).default(5).describe('how many of the last turns'),
  }),
  output: sessionAnswer,
  shortens: { list: 'turns', leftOff: 'turnsLeftOff' },
  answer: async (context, { turns, ...asked }) => {
    const meant = await meantSession(context, asked)
    if (!meant.ok) return meant
    const { key } = meant.value
    const [stored, waste] = await Promise.all([
      context.ask({ name: 'session', key }),
      context.ask({ name: 'waste', key }),
    ])
    if (!stored.ok) return err(failureText(stored.error))
    if (!waste.ok) return err(failureText(waste.error))
    const session = stored.value
    const failures = await failuresOf(context, session, {})
    if (!failures.ok) return failures
    const { strip } = session
    const failed = strip.modelErrors + strip.toolFailures
    const told = failures.value.reduce((sum, { times }) => sum + times, 0)
    return ok({
      session: sessionItemOf(session.session),
      totals: totalsOf(session),
      models: session.models.slice(0, MAX_ROWS).map((of) => {
        const { model, calls, errors, costUsd, estimatedUsd, metricsUsd, unpricedCalls, tokens } =
          of
        return { model, calls, errors, costUsd, estimatedUsd, metricsUsd, unpricedCalls, tokens }
      }),
      tools: session.tools
        .slice(0, MAX_ROWS)
        .map(({ tool, results, failures: fails, refusals }) => ({
          tool,
          results,
          failures: fails,
          refusals,
        })),
      failures: [...failures.value],
      failuresLeftOff: Math.max(0, failed - told),
      waste: waste.value.findings.slice(0, 10).map(wasteItemOf),
      work: session.work.slice(-10).map(({ kind, name, url }) => ({ kind, name, url })),
      ...turnsOf(session, turns),
      langfuseUrl: session.langfuseUrl,
    })
  },
  summary: ({ session, totals, failures }) => {
    const { modelErrors, toolFailures } = totals
    const failed = [
      ...(modelErrors === 0 ? [] : [`${countText(modelErrors, 'model call')} failed`]),
      ...(toolFailures === 0 ? [] : [`${countText(toolFailures, 'tool')} failed`]),
    ]
    return [
      `${sessionText(session)}, ${session.isOpen ? 'still open' : 'over'}: ${costText(session.costUsd)} in ` +
        `${countText(session.modelCalls, 'model call')}, ${failed.length === 0 ? 'nothing failed' : failed.join(', ')}.`,
      ...failures.slice(0, 5).map(failureLine),
    ].join('\n')
  },
})

function totalsOf({ strip }: Session) {
  const { durationMs, modelErrors, toolFailures, toolRefusals, subagents, cacheHitRatio } = strip
  const { linesAdded, linesRemoved, commits, pullRequests } = strip
  return {
    ...{ durationMs, modelErrors, toolFailures, toolRefusals, subagents },
    ...{ linesAdded, linesRemoved, commits, pullRequests, cacheHitRatio },
  }
}

function turnsOf({ turns, omittedTurns }: Session, wanted: number) {
  const shown = wanted === 0 ? [] : turns.slice(-wanted).reverse()
  const cut = (text: string | null) => (text === null ? null : cutText(text, MAX_TURN_TEXT))
  return {
    turns: shown.map((turn) => {
      const { ordinal, costUsd, estimatedUsd, metricsUsd, unpricedCalls } = turn
      const { modelCalls, toolResults, errors } = turn
      return {
        ...{ ordinal, start: isoOf(turn.startMs) },
        ...{ prompt: cut(turn.prompt.text), answer: cut(turn.answer.text) },
        ...{ costUsd, estimatedUsd, metricsUsd, unpricedCalls, modelCalls, toolResults, errors },
      }
    }),
    turnsLeftOff: omittedTurns + turns.length - shown.length,
  }
}
