/** `GET` and `DELETE /api/sessions/:key`: everything about one session but its raw records. */
import { z } from 'zod'
import { toolUse } from './overview.ts'
import { costShape, count, durationMs, ratio, score, seconds, tokens, usd } from './quantities.ts'
import { sessionRow } from './session-list.ts'
import { turnHead } from './turn.ts'

/** The figures at the top of the page. Metrics feed lines, commits, pull requests, active time. */
export const strip = z
  .object({
    ...costShape,
    tokens,
    cacheHitRatio: ratio,
    durationMs,
    activeUserS: seconds,
    activeAgentS: seconds,
    prompts: count,
    modelCalls: count,
    modelErrors: count,
    toolResults: count,
    toolFailures: count,
    toolRefusals: count,
    subagents: count,
    linesAdded: count,
    linesRemoved: count,
    commits: count,
    pullRequests: count,
    editsAccepted: count,
    editsRejected: count,
    errors: count,
  })
  .meta({ id: 'Strip' })
export type Strip = z.infer<typeof strip>

export const modelUse = z
  .object({
    model: z.string(),
    calls: count,
    errors: count,
    ...costShape,
    tokens,
    avgMs: durationMs.nullable(),
    p95Ms: durationMs.nullable(),
    /** Median time to first token. */
    ttftMs: durationMs.nullable(),
  })
  .meta({ id: 'ModelUse' })
export type ModelUse = z.infer<typeof modelUse>

export const sessionAnswer = z
  .object({
    session: sessionRow,
    strip,
    scores: z.array(score),
    models: z.array(modelUse),
    tools: z.array(toolUse),
    /**
     * In order; at most 1000, the newest, fewer where they are long. Their waterfalls are asked for
     * one by one.
     */
    turns: z.array(turnHead),
    /** Earlier turns than these, which `/turns?cursor=<turnsCursor>` has. */
    omittedTurns: count,
    turnsCursor: z.string().nullable(),
    /** Resource attributes as sent, as text; at most 200, each cut at 1000 characters. */
    attributes: z.record(z.string(), z.string()),
    omittedAttributes: count,
    agentVersion: z.string().nullable(),
    /** Events against metrics; null when no metric came. The difference is shown, never mended. */
    reconciliation: z
      .object({
        /** Estimates included; null where the cost of no call is known. */
        eventsUsd: usd.nullable(),
        /** Null where no metric reports a cost. */
        metricsUsd: usd.nullable(),
        eventsTokens: count,
        /** Null where no metric reports tokens. */
        metricsTokens: count.nullable(),
      })
      .nullable(),
    /** The session in Langfuse; null without keys. */
    langfuseUrl: z.string().nullable(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof sessionAnswer>

/** How many raw records went, with every row that came of them. */
export const deletedAnswer = z.object({ records: count }).meta({ id: 'Deleted' })
export type Deleted = z.infer<typeof deletedAnswer>
