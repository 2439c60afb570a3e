/** The tool that tells what failed. */
import { z } from 'zod'
import type { OverviewQuery, ToolUse } from '../api/contract/overview.ts'
import { count } from '../api/contract/quantities.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { failureItem, failureLine, failuresOf, merged } from './failures.ts'
import { failureText } from './failure-text.ts'
import { DEFAULT_DAYS, listSessions, rangeShape, selectionOf, selectionShape } from './filters.ts'
import { countText, isoOf, isoTime, meantSession, someSession } from './session-shape.ts'
import { defineTool, leftOff, readEach, type ToolContext, unlessDeleted } from './tool.ts'

/** Sessions whose turns are read for what failed in them. */
const MAX_READ = 8

const toolCounts = z.object({ tool: z.string(), results: count, failures: count, refusals: count })

export const listFailuresTool = defineTool({
  name: 'list_failures',
  title: 'What failed',
  description:
    `Counts failed model calls (API errors) and failed tools of a range of time (default: the last ` +
    `${DEFAULT_DAYS} days) or of one session, and tells the last messages.`,
  input: z.strictObject({
    ...rangeShape,
    ...selectionShape,
    session: someSession,
    limit: z.int().min(1).max(50).default(10).describe('how many messages'),
  }),
  output: z.object({
    from: isoTime.nullable(),
    to: isoTime.nullable(),
    modelCalls: count,
    modelErrors: count,
    toolResults: count,
    toolFailures: count,
    tools: z.array(toolCounts).meta({ description: 'those that failed, the most failures first' }),
    failures: z.array(failureItem).meta({ description: 'the newest first' }),
    leftOff: leftOff('messages'),
    sessionsRead: count.meta({ description: 'sessions whose messages were read, the newest' }),
    sessionsNotRead: count.meta({ description: 'sessions with errors that were not read' }),
  }),
  shortens: { list: 'failures', leftOff: 'leftOff' },
  answer: async (context, { session, limit, ...asked }) => {
    const days = session === undefined ? DEFAULT_DAYS : undefined
    const selection = await selectionOf(context, asked, days)
    if (!selection.ok) return selection
    const { filter, timeZone } = selection.value
    const counted =
      session === undefined
        ? await inRange(context, { ...filter, tz: timeZone, bucket: 'month' })
        : await inSession(context, { ...asked, session })
    if (!counted.ok) return counted
    const { counts, failing } = counted.value
    const read = failing.slice(0, MAX_READ)
    const told = await readEach(context, read, async ({ key }) => {
      const stored = unlessDeleted(await context.ask({ name: 'session', key }))
      if (!stored.ok) return stored
      if (stored.value === undefined) return ok(undefined)
      return failuresOf(context, stored.value, filter)
    })
    if (!told.ok) return told
    const { notRead } = told.value
    const failures = merged(told.value.told.flat())
    const { from, to } = filter
    return ok({
      from: from === undefined ? null : isoOf(from),
      to: to === undefined ? null : isoOf(to),
      ...counts,
      failures: failures.slice(0, limit),
      leftOff: Math.max(0, failures.length - limit),
      sessionsRead: read.length - notRead,
      sessionsNotRead: failing.length - read.length + notRead,
    })
  },
  summary: ({ modelErrors, modelCalls, toolFailures, toolResults, failures }) =>
    [
      failedText({ modelErrors, modelCalls, toolFailures, toolResults }),
      ...failures.map(failureLine),
    ].join('\n'),
})

/** How many failed of how many there were: a model call that failed is not among `modelCalls`. */
export function failedText(counts: {
  readonly modelErrors: number
  readonly modelCalls: number
  readonly toolFailures: number
  readonly toolResults: number
}): string {
  const calls = countText(counts.modelErrors + counts.modelCalls, 'model call')
  const tools = countText(counts.toolResults, 'tool')
  return `${counts.modelErrors} of ${calls} failed; ${counts.toolFailures} of ${tools} failed.`
}

interface Counted {
  readonly counts: {
    readonly modelCalls: number
    readonly modelErrors: number
    readonly toolResults: number
    readonly toolFailures: number
    readonly tools: z.input<typeof toolCounts>[]
  }
  /** Sessions with errors, the newest first. */
  readonly failing: readonly SessionRow[]
}

async function inRange(
  context: ToolContext,
  query: OverviewQuery,
): Promise<Result<Counted, string>> {
  const { tz: _, bucket: __, ...filter } = query
  const [overview, listed] = await Promise.all([
    context.ask({ name: 'overview', query }),
    listSessions(context, { ...filter, sort: 'errors', limit: 200 }),
  ])
  if (!overview.ok) return err(failureText(overview.error))
  if (!listed.ok) return err(failureText(listed.error))
  const { totals, tools } = overview.value
  return ok({
    counts: countsOf(totals, tools),
    failing: listed.value.sessions
      .filter(({ errors }) => errors > 0)
      .sort((a, b) => b.lastMs - a.lastMs),
  })
}

async function inSession(
  context: ToolContext,
  asked: Parameters<typeof meantSession>[1],
): Promise<Result<Counted, string>> {
  const meant = await meantSession(context, asked)
  if (!meant.ok) return meant
  const stored = await context.ask({ name: 'session', key: meant.value.key })
  if (!stored.ok) return err(failureText(stored.error))
  const { strip, tools } = stored.value
  return ok({ counts: countsOf(strip, tools), failing: [meant.value] })
}

function countsOf(
  of: Pick<Counted['counts'], 'modelCalls' | 'modelErrors' | 'toolResults' | 'toolFailures'>,
  tools: readonly ToolUse[],
): Counted['counts'] {
  const { modelCalls, modelErrors, toolResults, toolFailures } = of
  return {
    ...{ modelCalls, modelErrors, toolResults, toolFailures },
    tools: tools
      .filter(({ failures }) => failures > 0)
      .sort((a, b) => b.failures - a.failures)
      .map(({ tool, results, failures, refusals }) => ({ tool, results, failures, refusals })),
  }
}
