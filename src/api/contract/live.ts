/**
 * The live feed. The page asks `GET /api/live/recent` first and then opens `GET /api/live` with
 * `?after=<position>`, so nothing is lost between; the stream's ids are positions, so a browser
 * that comes back with `Last-Event-ID` goes on where it was.
 *
 * The stream sends `event: record` with a LiveEvent each, and comments to stay alive. Where more came
 * than a person can read (about 200 a second over a while), or the browser was away for long, it
 * leaves the older ones out and says so: `event: gap` with `{"records": <how many>}`.
 */
import { z } from 'zod'
import { count, durationMs, sessionKey, timeMs, usd } from './quantities.ts'

/** Grows with every stored record, and never again goes to another. */
export const position = z.coerce.number().int().min(0)

/** One record in words. Metrics and spans are left out: they repeat what events tell. */
export const liveEvent = z
  .object({
    position: z.number(),
    sessionKey,
    /** As in lists. */
    sessionTitle: z.string().nullable(),
    /** Of the session. */
    user: z.string().nullable().optional(),
    project: z.string().nullable().optional(),
    promptId: z.string().nullable(),
    timeMs,
    receivedMs: timeMs,
    kind: z.enum(['prompt', 'call', 'answer', 'tool', 'decision', 'error', 'note', 'hook']),
    /** The agent's own name of the event. */
    name: z.string(),
    /** Model, tool, or what it was. */
    subject: z.string().nullable(),
    /** Of tools and decisions on them: what for, in one line, where the input is recorded. */
    summary: z.string().nullable(),
    /** Prompt, answer or error, where recorded; at most 500 characters. */
    text: z.string().nullable(),
    level: z.enum(['default', 'warning', 'error']),
    costUsd: usd.nullable(),
    durationMs: durationMs.nullable(),
    /** All tokens of a call. */
    tokens: count.nullable(),
  })
  .meta({ id: 'LiveEvent' })
export type LiveEvent = z.infer<typeof liveEvent>

export const liveRecentQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
export type LiveRecentQuery = z.output<typeof liveRecentQuery>

export const liveRecentAnswer = z
  .object({
    /** Of the newest stored record, shown or not; 0 when there is none. */
    position: z.number(),
    /** The newest, in order of arrival; fewer than asked for where they are long. */
    events: z.array(liveEvent),
  })
  .meta({ id: 'LiveRecent' })
export type LiveRecent = z.infer<typeof liveRecentAnswer>

/** Data of `event: gap`. */
export const liveGap = z.object({
  /** Stored records that were left out, shown ones and others. */
  records: count,
})

export const liveQuery = z.object({
  after: position.optional().meta({ description: 'a position; default: the newest' }),
})
