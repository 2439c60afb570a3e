/** `GET /api/sessions/:key/turns/:turn`: one prompt and all it caused, as a waterfall. */
import { z } from 'zod'
import { content, count, durationMs, timeMs, tokens, usd } from './quantities.ts'

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
    costUsd: usd,
    tokens,
    modelCalls: count,
    toolResults: count,
    errors: count,
    /** Its trace in Langfuse; null without keys. */
    langfuseUrl: z.string().nullable(),
  })
  .meta({ id: 'TurnHead' })
export type TurnHead = z.infer<typeof turnHead>

/** Something that took time within a turn, or a moment (`startMs` = `endMs`). */
export const waterfallItem = z
  .object({
    id: z.string(),
    /** The item it happened in: a tool's subagent, a subagent's call. Null on the top level. */
    parentId: z.string().nullable(),
    /** `waiting`: for a person to decide, or for a next try. `note`: a compaction, a hook, … */
    kind: z.enum(['call', 'tool', 'subagent', 'waiting', 'note']),
    /** Model, tool, kind of subagent, or what it was. */
    name: z.string(),
    startMs: timeMs,
    endMs: timeMs,
    level: z.enum(['default', 'warning', 'error']),
    statusMessage: z.string().nullable(),
    /** Of calls. */
    costUsd: usd.nullable(),
    tokens: tokens.nullable(),
    ttftMs: durationMs.nullable(),
    /** What went in and came out, where it was recorded; JSON as text. */
    input: content.nullable(),
    output: content.nullable(),
    /** Further facts by name, as text: request id, decision, effort, … */
    facts: z.record(z.string(), z.string()),
  })
  .meta({ id: 'WaterfallItem' })
export type WaterfallItem = z.infer<typeof waterfallItem>

export const turnAnswer = z
  .object({
    turn: turnHead,
    /** By start; parents come before their children. At most 2000. */
    items: z.array(waterfallItem),
    omittedItems: count,
  })
  .meta({ id: 'Turn' })
export type Turn = z.infer<typeof turnAnswer>
