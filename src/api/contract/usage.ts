/** `GET /api/usage`: what was used in a range of time, by one or two groups. */
import { z } from 'zod'
import { GROUPS_SYNTAX, USAGE_GROUPS, usageGroupsOf } from '../../domain/usage-group.ts'
import { filterShape, timeZone } from './filter.ts'
import { BUCKETS } from './overview.ts'
import { costShape, count, timeMs, tokens, usd } from './quantities.ts'

/** Names of groups between commas. */
const groups = z
  .string()
  .max(500)
  .refine((list) => usageGroupsOf(list) !== undefined, `expected ${GROUPS_SYNTAX}`)

/** What has a name of its own, to choose from; `resource:<key>` stands for any resource attribute. */
export const GROUP_CHOICES = USAGE_GROUPS.map(({ name, label }) => ({ name, label }))

export const usageQuery = z.object({
  ...filterShape,
  tz: timeZone,
  group: groups
    .default('model')
    .meta({ description: 'one or two groups between commas, such as project,model' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  bucket: z
    .enum(BUCKETS)
    .optional()
    .meta({ description: 'with `series` in the answer, in buckets of this size' }),
})
export type UsageQuery = z.output<typeof usageQuery>

const figures = { ...costShape, tokens, sessions: count, modelCalls: count }

export const usageRow = z
  .object({
    /** One for each group, in their order; null: what names none. */
    names: z.array(z.string().nullable()),
    /** Where they lead, where any does: pages of pull requests and commits. */
    links: z.array(z.string().nullable()).optional(),
    ...figures,
  })
  .meta({ id: 'UsageRow' })
export type UsageRow = z.infer<typeof usageRow>

/** One bucket of time, with what falls to each row of the answer in it. */
export const usageBucket = z
  .object({
    startMs: timeMs,
    sessions: count,
    /** By kind, of all rows. */
    tokens,
    /** US dollars, one for each row, in their order. */
    costUsd: z.array(usd),
    /** All tokens, one for each row, in their order. */
    tokenSums: z.array(count),
  })
  .meta({ id: 'UsageBucket' })
export type UsageBucket = z.infer<typeof usageBucket>

export const usageAnswer = z
  .object({
    fromMs: timeMs,
    toMs: timeMs,
    /** The groups as they are called, in the order asked for. */
    groups: z.array(z.object({ name: z.string(), label: z.string() })),
    totals: z.object(figures),
    /**
     * The most expensive first, what is left of them as one row named `(other)`; calls, tokens and costs
     * add up to the totals. A session counts with each name that its calls have.
     */
    rows: z.array(usageRow),
    /** Where a bucket was asked for: every one of the range (the newest 1000), empty ones as zeros. */
    series: z.array(usageBucket).optional(),
  })
  .meta({ id: 'Usage' })
export type UsageAnswer = z.infer<typeof usageAnswer>
