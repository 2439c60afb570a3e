/** The tools that tell of many sessions at once: costs, waste, budgets. */
import { z } from 'zod'
import { budgetsAnswer } from '../api/contract/budgets.ts'
import { costShape, count, tokens } from '../api/contract/quantities.ts'
import { usageQuery, usageRow } from '../api/contract/usage.ts'
import { USAGE_GROUPS } from '../domain/usage-group.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { usdText } from '../domain/usd-text.ts'
import { sharedFindings } from '../reports/waste/findings.ts'
import { failureText } from './failure-text.ts'
import {
  type Asked,
  DEFAULT_DAYS,
  listSessions,
  rangeShape,
  selectionOf,
  selectionShape,
} from './filters.ts'
import { costText, countText, isoOf, isoTime, meantSession, someSession } from './session-shape.ts'
import { defineTool, leftOff, readEach, type ToolContext, unlessDeleted } from './tool.ts'
import { wasteItem, wasteItemOf } from './waste-shape.ts'

export const getCostsTool = defineTool({
  name: 'get_costs',
  title: 'Costs by group',
  description:
    `Sums cost, tokens, sessions and model calls of a range of time (default: the last ${DEFAULT_DAYS} days) by ` +
    `one or two groups, as "report --group" does. Groups: ${USAGE_GROUPS.map(({ name }) => name).join(', ')}, ` +
    'resource:<key>. The most expensive come first; what is beyond the limit is added up as "(other)". ' +
    'A name of null is what names none.',
  input: z.strictObject({
    group: usageQuery.shape.group
      .unwrap()
      .default('model')
      .describe('one group, or two with a comma between: "model", "project,model"'),
    ...rangeShape,
    ...selectionShape,
    limit: z.int().min(1).max(50).default(20),
  }),
  output: z.object({
    from: isoTime,
    to: isoTime,
    groups: z.array(z.string()),
    totals: z.object({ ...costShape, tokens, sessions: count, modelCalls: count }),
    rows: z.array(usageRow),
    leftOff: leftOff('rows'),
  }),
  shortens: { list: 'rows', leftOff: 'leftOff' },
  answer: async (context, { group, limit, ...asked }) => {
    const selection = await selectionOf(context, asked, DEFAULT_DAYS)
    if (!selection.ok) return selection
    const { filter, timeZone } = selection.value
    const query = { ...filter, tz: timeZone, group, limit }
    const answer = await context.ask({ name: 'usage', query })
    if (!answer.ok) return err(failureText(answer.error))
    const { fromMs, toMs, groups, totals, rows } = answer.value
    const names = groups.map(({ name }) => name)
    return ok({ from: isoOf(fromMs), to: isoOf(toMs), groups: names, totals, rows, leftOff: 0 })
  },
  summary: ({ from, to, groups, totals, rows }) =>
    [
      `${costText(totals.costUsd)} in ${countText(totals.sessions, 'session')} and ${countText(totals.modelCalls, 'model call')}, ` +
        `${from} to ${to}; by ${groups.join(' and ')}:`,
      ...rows
        .slice(0, 10)
        .map(
          ({ names, costUsd }) =>
            `${names.map((name) => name ?? '(none)').join(', ')}: ${costText(costUsd)}`,
        ),
    ].join('\n'),
})

/** Sessions that are gone through for waste: each is told anew. */
const MAX_WASTING = 30

export const findWasteTool = defineTool({
  name: 'find_waste',
  title: 'Waste',
  description:
    'Finds where sessions spent money or time to no purpose (retry loops, files read again unchanged, cold ' +
    'caches, compactions, large results, expensive subagents, waiting for permission), each with its cost ' +
    `and what to do. Of one session, or of the ${MAX_WASTING} most expensive of a range (default: the last ` +
    `${DEFAULT_DAYS} days).`,
  input: z.strictObject({
    ...rangeShape,
    ...selectionShape,
    session: someSession,
    limit: z.int().min(1).max(50).default(10),
  }),
  output: z.object({
    usd: z.number().meta({ description: 'US dollars that all findings come to' }),
    findings: z.array(wasteItem.extend({ sessions: count })),
    leftOff: leftOff('findings'),
    sessionsRead: count,
    sessionsNotRead: count,
    sessionsNotReadIsAtLeast: z.boolean(),
  }),
  shortens: { list: 'findings', leftOff: 'leftOff' },
  answer: async (context, { session, limit, ...asked }) => {
    const of =
      session === undefined
        ? await expensiveSessions(context, asked)
        : await oneSession(context, { ...asked, session })
    if (!of.ok) return of
    const { keys, notRead, isAtLeast } = of.value
    const read = await readEach(context, keys, async (key) =>
      unlessDeleted(await context.ask({ name: 'waste', key })),
    )
    if (!read.ok) return read
    const { told, notRead: late } = read.value
    const found = told.flatMap((waste) => waste.findings)
    const findings = sharedFindings(found.map((finding) => ({ ...finding, sessions: 1 })))
    return ok({
      usd: findings.reduce((sum, finding) => addUsd(sum, finding.usd ?? 0), 0),
      findings: findings
        .slice(0, limit)
        .map((finding) => ({ ...wasteItemOf(finding), sessions: finding.sessions })),
      leftOff: Math.max(0, findings.length - limit),
      sessionsRead: keys.length - late,
      sessionsNotRead: notRead + late,
      sessionsNotReadIsAtLeast: isAtLeast,
    })
  },
  summary: ({ usd, findings, sessionsRead, sessionsNotRead, sessionsNotReadIsAtLeast }) => {
    const read = countText(sessionsRead, 'session')
    const others = sessionsNotReadIsAtLeast ? `at least ${sessionsNotRead}` : sessionsNotRead
    const rest = sessionsNotRead === 0 ? '' : `, the most expensive; ${others} more were not read`
    if (findings.length === 0) return `No waste was found in ${read}${rest}.`
    return [
      `${usdText(usd)} in ${read}${rest}:`,
      ...findings.map(
        ({ title, subject, usd: cost, advice }) =>
          `${title}${subject === '' ? '' : ` (${subject})`}: ${cost === null ? 'time only' : usdText(cost)}. ${advice}`,
      ),
    ].join('\n')
  },
})

interface Wasting {
  readonly keys: readonly string[]
  readonly notRead: number
  readonly isAtLeast: boolean
}

async function expensiveSessions(
  context: ToolContext,
  asked: Asked,
): Promise<Result<Wasting, string>> {
  const selection = await selectionOf(context, asked, DEFAULT_DAYS)
  if (!selection.ok) return selection
  const query = { ...selection.value.filter, sort: 'cost', limit: 200 } as const
  const listed = await listSessions(context, query)
  if (!listed.ok) return err(failureText(listed.error))
  const keys = listed.value.sessions.map(({ key }) => key)
  return ok({
    keys: keys.slice(0, MAX_WASTING),
    notRead: Math.max(0, keys.length - MAX_WASTING),
    isAtLeast: listed.value.nextCursor !== null,
  })
}

async function oneSession(
  context: ToolContext,
  asked: Asked & { readonly session: string },
): Promise<Result<Wasting, string>> {
  const meant = await meantSession(context, asked)
  if (!meant.ok) return meant
  return ok({ keys: [meant.value.key], notRead: 0, isAtLeast: false })
}

export const getBudgetsTool = defineTool({
  name: 'get_budgets',
  title: 'Budgets',
  description:
    'Tells what was spent of each budget, what is left, when it begins anew, and at which pace it is spent. ' +
    'The fullest come first.',
  input: z.strictObject({}),
  output: z.object({
    budgets: budgetsAnswer.shape.budgets,
    defined: budgetsAnswer.shape.defined.unwrap(),
    leftOff: leftOff('budgets'),
  }),
  shortens: { list: 'budgets', leftOff: 'leftOff' },
  answer: async ({ ask }) => {
    const answer = await ask({ name: 'budgets' })
    if (!answer.ok) return err(failureText(answer.error))
    const { budgets, defined = [] } = answer.value
    return ok({ budgets, defined: defined.slice(0, 50), leftOff: 0 })
  },
  summary: ({ budgets, defined }) => {
    if (defined.length === 0) return 'No budget is set that you may see.'
    if (budgets.length === 0) return 'Budgets are set, and nothing was spent of them.'
    return budgets
      .slice(0, 20)
      .map(({ scope, name, budget, window, spentUsd, limitUsd, level }) => {
        const whom = name ?? (scope === 'day' ? 'all' : scope)
        const what = `${budget === undefined || budget === null ? '' : `${budget}, `}${whom} per ${window ?? scope}`
        return `${what}: ${usdText(spentUsd)} of ${usdText(limitUsd)} (${level})`
      })
      .join('\n')
  },
})
