/** `GET` and `DELETE /api/sessions/:key`: everything about one session but its raw records. */
import { z } from 'zod'
import { toolUse } from './overview.ts'
import {
  costShape,
  count,
  durationMs,
  ratio,
  score,
  seconds,
  timeMs,
  tokens,
  usd,
} from './quantities.ts'
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

/** Secrets by the rule that found them. */
const secretCounts = z.record(z.string(), count)

/** A commit or a pull request that came of a session. */
export const workResult = z
  .object({
    kind: z.enum(['commit', 'pull_request']),
    /** The hash of a commit, as it was printed, or the address of a pull request; else a name. */
    name: z.string(),
    url: z.string().nullable(),
    repository: z.string().nullable(),
    branch: z.string().nullable(),
    atMs: timeMs,
    /** Key of the turn that made it. */
    turn: z.string().nullable(),
  })
  .meta({ id: 'WorkResult' })
export type WorkResult = z.infer<typeof workResult>

/** A file that tools wrote to. */
export const changedFile = z
  .object({
    path: z.string(),
    /** How often it was written. */
    times: count,
  })
  .meta({ id: 'ChangedFile' })
export type ChangedFile = z.infer<typeof changedFile>

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
    /** In order of time; the newest 200. */
    work: z.array(workResult),
    /** In the order in which they were written first; those of tools whose input is recorded, at most 500. */
    files: z.array(changedFile),
    /** Writes to further ones. */
    omittedFiles: count,
    /** Secrets that were masked in its records, by rule. */
    masked: secretCounts,
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

const scrubbed = {
  /** Something was masked. */
  isChanged: z.boolean(),
  /** Records in which something was masked. */
  records: count,
  /** What was masked in them, by rule. */
  secrets: secretCounts,
}

/** A session that was masked as it lies in the store. */
export const scrubbedSessionAnswer = z
  .object({
    /** Another one than before where the session was called by a secret. */
    key: z.string(),
    ...scrubbed,
  })
  .meta({ id: 'ScrubbedSession' })
export type ScrubbedSession = z.infer<typeof scrubbedSessionAnswer>

/** What belongs to no session: who sent records, the quarantine, budget alerts. */
export const scrubbedAnswer = z.object(scrubbed).meta({ id: 'Scrubbed' })
export type Scrubbed = z.infer<typeof scrubbedAnswer>

/** How many raw records went, with every row that came of them. */
export const deletedAnswer = z.object({ records: count }).meta({ id: 'Deleted' })
export type Deleted = z.infer<typeof deletedAnswer>
