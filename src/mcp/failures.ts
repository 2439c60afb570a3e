/** What failed in a session: the model calls and tools of its last turns with errors, with their messages. */
import { z } from 'zod'
import { count } from '../api/contract/quantities.ts'
import type { Session } from '../api/contract/session.ts'
import type { Turn, WaterfallItem } from '../api/contract/turn.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { cutText } from '../reports/answer-bounds.ts'
import { failureText } from './failure-text.ts'
import { isoOf, isoTime } from './session-shape.ts'
import type { ToolContext } from './tool.ts'

const MAX_MESSAGE = 500
/** Turns of a session whose items are looked at: each is read and told anew. */
const MAX_TURNS = 5
/** Of one session. */
const MAX_FAILURES = 20

export const failureItem = z.object({
  at: isoTime.meta({ description: 'when it happened last' }),
  session: z.string().meta({ description: 'its key' }),
  turn: count.meta({ description: 'ordinal of the turn in the session' }),
  kind: z.enum(['model_call', 'tool']),
  name: z.string().meta({ description: 'the model or the tool' }),
  message: z.string().nullable().meta({ description: 'null where the agent did not say' }),
  input: z
    .string()
    .nullable()
    .meta({ description: 'what the tool was asked to do, where recorded' }),
  times: z.int().min(1),
})
export type FailureItem = z.infer<typeof failureItem>

export interface FailureRange {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** The last ones, the newest first. */
export async function failuresOf(
  { ask }: ToolContext,
  { session, turns }: Session,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: FailureRange,
): Promise<Result<readonly FailureItem[], string>> {
  const { key } = session
  const failing = turns.filter(
    ({ errors, startMs, endMs }) => errors > 0 && endMs >= from && startMs < to,
  )
  const found: FailureItem[] = []
  for (const { key: turn } of failing.slice(-MAX_TURNS).reverse()) {
    const told = await ask({ name: 'turn', key, turn, query: { limit: 2000 } })
    // A turn that was deleted meanwhile has no failures any more.
    if (!told.ok && told.error.code === 'not_found') continue
    if (!told.ok) return err(failureText(told.error))
    const items = told.value.items.filter(({ endMs }) => endMs >= from && endMs < to)
    found.push(...items.flatMap((item) => failureOf(item, told.value, key)))
  }
  return ok(merged(found).slice(0, MAX_FAILURES))
}

function failureOf(item: WaterfallItem, { turn }: Turn, session: string): FailureItem[] {
  const { kind, name, level, endMs, statusMessage, input } = item
  if (level !== 'error' || (kind !== 'call' && kind !== 'tool')) return []
  const cut = (text: string | null) => (text === null ? null : cutText(text, MAX_MESSAGE))
  return [
    {
      at: isoOf(endMs),
      session,
      turn: turn.ordinal,
      kind: kind === 'call' ? 'model_call' : 'tool',
      name,
      message: cut(statusMessage),
      input: kind === 'tool' ? cut(input?.text ?? null) : null,
      times: 1,
    },
  ]
}

/** Those of a session that say the same as one, the newest of them; the newest first. */
export function merged(failures: readonly FailureItem[]): FailureItem[] {
  const same = Map.groupBy(failures, ({ session, kind, name, message }) =>
    JSON.stringify([session, kind, name, message]),
  )
  return [...same.values()]
    .map((of) => {
      const newest = of.reduce((a, b) => (b.at > a.at ? b : a))
      return { ...newest, times: of.reduce((sum, { times }) => sum + times, 0) }
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1))
}

export function failureLine({ at, kind, name, message, times }: FailureItem): string {
  const often = times === 1 ? '' : ` (${times} times)`
  const what = kind === 'tool' ? `tool ${name}` : `model call ${name}`
  return `${at} ${what} failed${often}: ${message ?? 'no message was recorded'}`
}
