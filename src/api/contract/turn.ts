/**
 * `GET /api/sessions/:key/turns` and what stands below it: the turns of a session, one of them with
 * its waterfall, one item of that. Lists are bounded in rows and in bytes: `nextCursor` leads to the
 * rest, and where `truncated` says that a text was cut, the thing by itself has it whole, up to two
 * million characters.
 */
import { z } from 'zod'
import {
  content,
  costShape,
  costSource,
  count,
  durationMs,
  timeMs,
  tokens,
  usd,
} from './quantities.ts'

/** One prompt with what it added up to. */
export const turnHead = z
  .object({
    /** Names the turn within its session; stable, may hold any character. */
    key: z.string(),
    /** Counts the session's turns from 1. */
    ordinal: count,
    startMs: timeMs,
    endMs: timeMs,
    /** Nobody typed it: the agent sent it to itself. */
    isSynthetic: z.boolean(),
    /** Slash command without the slash, when the prompt was one. */
    command: z.string().nullable(),
    prompt: content,
    /** The last answer of the main agent. */
    answer: content,
    ...costShape,
    tokens,
    modelCalls: count,
    toolResults: count,
    errors: count,
    /** Prompt or answer is cut. */
    truncated: z.boolean(),
    /** Its trace in Langfuse; null without keys. */
    langfuseUrl: z.string().nullable(),
  })
  .meta({ id: 'TurnHead' })
export type TurnHead = z.infer<typeof turnHead>

/** Something that took time within a turn, or a moment (`startMs` = `endMs`). */
export const waterfallItem = z
  .object({
    id: z.string(),
    /**
     * The item it happened in: a tool's subagent, a subagent's call. Null on the top level. Where a
     * turn has several pages of items, it may stand on another page.
     */
    parentId: z.string().nullable(),
    /** `waiting`: for a person to decide, or for a next try. `note`: a compaction, a hook, … */
    kind: z.enum(['call', 'tool', 'subagent', 'waiting', 'note']),
    /** Model, tool, kind of subagent, or what it was. */
    name: z.string(),
    /** Of tools: what it was used for, in one line of at most 120 characters, where the input tells. */
    summary: z.string().nullable(),
    startMs: timeMs,
    endMs: timeMs,
    level: z.enum(['default', 'warning', 'error']),
    statusMessage: z.string().nullable(),
    /** Of calls. */
    costUsd: usd.nullable(),
    costSource,
    tokens: tokens.nullable(),
    ttftMs: durationMs.nullable(),
    /** What went in and came out, where it was recorded; JSON as text. */
    input: content.nullable(),
    output: content.nullable(),
    /** Further facts by name, as text: request id, decision, effort, … */
    facts: z.record(z.string(), z.string()),
    /** Some text of it is cut. */
    truncated: z.boolean(),
  })
  .meta({ id: 'WaterfallItem' })
export type WaterfallItem = z.infer<typeof waterfallItem>

const cursor = z
  .string()
  .max(20)
  .optional()
  .meta({ description: '`nextCursor` of the page before' })

export const turnQuery = z.object({
  cursor,
  limit: z.coerce.number().int().min(1).max(2000).default(2000),
})
export type TurnQuery = z.output<typeof turnQuery>

export const turnAnswer = z
  .object({
    /** Its prompt and answer are whole, up to 100,000 characters each. */
    turn: turnHead,
    /**
     * Those that ended first, by start; parents come before their children. At most 2000, fewer
     * where they are long.
     */
    items: z.array(waterfallItem),
    /** How many are on no page up to this one. */
    omittedItems: count,
    /** Null on the last page. */
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'Turn' })
export type Turn = z.infer<typeof turnAnswer>

export const turnsQuery = z.object({
  cursor: cursor.meta({ description: '`turnsCursor` of the session, or `nextCursor`' }),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
})
export type TurnsQuery = z.output<typeof turnsQuery>

export const turnsAnswer = z
  .object({
    /** In order; without a cursor the newest, with one those before it. */
    turns: z.array(turnHead),
    /** How many come before these. */
    omittedTurns: count,
    /** Leads to those before these; null where there are none. */
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'Turns' })
export type Turns = z.infer<typeof turnsAnswer>
