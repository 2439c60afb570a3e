/**
 * What a tool of the MCP server is: a name, what it takes and answers, and how it works the answer out of
 * the questions that the JSON API answers too. So an agent gets the figures of the page and of the
 * commands, and sees of them what its key may see.
 */
import { z } from 'zod'
import type { api } from '../api/contract/api.ts'
import type { WebFailure } from '../api/failure.ts'
import type { Question } from '../api/queries.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { jsonBytes } from '../reports/answer-bounds.ts'
import { failureText } from './failure-text.ts'

/** A question that the JSON API answers by itself: an export is a file in parts. */
export type ApiQuestion = Exclude<Question, { readonly name: 'exportPart' }>
export type QuestionName = ApiQuestion['name']

/** The answer of the JSON API to a question. */
export type AnswerTo<Name extends QuestionName> = z.output<(typeof api)[Name]['answer']>

/** Puts a question as the one who calls. */
export type Ask = <Name extends QuestionName>(
  question: Extract<ApiQuestion, { readonly name: Name }>,
) => Promise<Result<AnswerTo<Name>, WebFailure>>

export interface ToolContext {
  readonly ask: Ask
  /** Epoch ms. */
  readonly now: () => number
  /** Where days begin unless the caller names another zone. */
  readonly timeZone: string
  /** What `.` stands for as a folder; absent where the server runs on another machine than the caller. */
  readonly workingDir?: string
}

/** What is wrong, for the agent that asked: it can correct its arguments by it. */
export type ToolResult<O> = Promise<Result<O, string>>

export interface Tool<I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: I
  readonly output: O
  /** The list that gives way where the answer is too long, and the count of what it then lacks. */
  readonly shortens?: { readonly list: string; readonly leftOff: string }
  answer(context: ToolContext, input: z.output<I>): ToolResult<z.input<O>>
  /** The answer in a sentence or a few lines. */
  summary(answer: z.output<O>): string
}

/** A tool with its types erased, for the list of all. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(tool: Tool<I, O>): Tool {
  return tool
}

/** Bytes of an answer as JSON: about ten thousand tokens, which is what clients take without complaint. */
export const MAX_ANSWER_BYTES = 40_000

/** The answer with so many rows of its list that it stays within bounds; the others are counted. */
export function shortened(
  answer: Readonly<Record<string, unknown>>,
  { list, leftOff }: NonNullable<Tool['shortens']>,
): Readonly<Record<string, unknown>> {
  const rows = answer[list]
  if (!Array.isArray(rows)) return answer
  let bytes = jsonBytes(answer)
  let kept = rows.length
  while (kept > 0 && bytes > MAX_ANSWER_BYTES) {
    kept -= 1
    bytes -= jsonBytes([rows[kept]])
  }
  if (kept === rows.length) return answer
  const already = Number(answer[leftOff] ?? 0)
  return { ...answer, [list]: rows.slice(0, kept), [leftOff]: already + rows.length - kept }
}

/** A count of what an answer does not hold. */
export const leftOff = (what: string) =>
  z
    .int()
    .min(0)
    .meta({ description: `${what} that were left off to keep the answer short` })

/** So long a tool goes through session after session; what is left is counted. */
const MAX_READING_MS = 20_000

/** Asks about each, as many as there is time for; undefined where the session was deleted meanwhile. */
export async function readEach<R, T>(
  { now }: Pick<ToolContext, 'now'>,
  rows: readonly R[],
  read: (row: R) => Promise<Result<T | undefined, string>>,
): Promise<Result<{ readonly told: readonly T[]; readonly notRead: number }, string>> {
  const untilMs = now() + MAX_READING_MS
  const told: T[] = []
  for (const [index, row] of rows.entries()) {
    if (index > 0 && now() > untilMs) return ok({ told, notRead: rows.length - index })
    const answer = await read(row)
    if (!answer.ok) return answer
    if (answer.value !== undefined) told.push(answer.value)
  }
  return ok({ told, notRead: 0 })
}

/** What a question about one session tells; undefined where that was deleted meanwhile. */
export function unlessDeleted<T>(answer: Result<T, WebFailure>): Result<T | undefined, string> {
  if (answer.ok) return answer
  return answer.error.code === 'not_found' ? ok(undefined) : err(failureText(answer.error))
}
