/**
 * What a model asked its tools for and what it was told of their results: kept from the tool's records until
 * the calls are sent that asked, and that were told. Agents that report their calls as spans with messages
 * need none of it.
 *
 * A tool belongs to the call with its request id; where there is none, to the call of the same agent that had
 * begun last. A call is told of what its agent's earlier calls asked for.
 */
import type { JsonValue } from '../../domain/json-value.ts'
import { jsonText } from '../../domain/numbers.ts'
import { cut } from '../content.ts'
import type { Draft } from '../draft.ts'
import { forgets, holds, holdsItem } from '../held.ts'
import {
  bytesOf,
  type CorrelationBounds,
  drop,
  forgetOldest,
  isEmpty,
  look,
  note,
} from '../pending-correlations.ts'
import type { HeldCall, OpenTurn, ToolAnswer, ToolRequest } from '../state.ts'

/** Characters of an input or an output as a message shows it; the tool's own observation has the rest. */
const MAX_MESSAGE_LENGTH = 8_000

/** Of each kind, in one turn. */
const BOUNDS: CorrelationBounds = { entries: 250, bytes: 200_000 }

type Told<T extends ToolRequest | ToolAnswer> = Omit<T, 'isPart'> & { readonly isPart?: boolean }

/** Notes that a tool was asked for; what a later record says of its input takes the place of this. */
export function noteRequest(
  draft: Draft,
  turn: OpenTurn,
  key: string,
  told: Told<ToolRequest>,
): void {
  turn.toolRequests ??= {}
  const known = look(turn.toolRequests, key)
  const own = told.input === undefined ? undefined : shortened(draft, told.input)
  const input = own ?? known?.input
  const isPart = told.isPart === true || own === undefined || own !== told.input
  // The decision comes while the model still speaks, the result after what it asked for.
  const request: ToolRequest = { ...told, input, isPart, atMs: known?.atMs ?? told.atMs }
  hold(draft, request, input)
  note(turn.toolRequests, key, request, BOUNDS, () => forgets(draft, 'tool_requests', 1))
}

/** Notes what a tool returned, which its agent's next call tells the model. */
export function noteAnswer(
  draft: Draft,
  turn: OpenTurn,
  key: string,
  told: Told<ToolAnswer>,
): void {
  turn.toolAnswers ??= {}
  const output = shortened(draft, told.output)
  const isPart = told.isPart === true || output !== told.output
  const answer: ToolAnswer = { ...told, output, isPart }
  hold(draft, answer, output)
  note(turn.toolAnswers, key, answer, BOUNDS, () => forgets(draft, 'tool_answers', 1))
}

/** A span told what a tool returned, of which its result had only said that it came. */
export function amendAnswer(
  draft: Draft,
  turn: OpenTurn,
  key: string,
  output: JsonValue | undefined,
): void {
  if (output === undefined) return
  const text = typeof output === 'string' ? output : jsonText(output)
  const known = look(turn.toolAnswers ?? {}, key)
  if (known !== undefined) {
    noteAnswer(draft, turn, key, { ...known, output: text, isPart: false })
    return
  }
  const at = turn.held.findIndex(({ answers }) => answers?.some(({ id }) => id === key) === true)
  const call = turn.held[at]
  if (call === undefined) return
  const own = shortened(draft, text)
  holds(draft, own)
  const answers = call.answers?.map((answer) =>
    answer.id === key ? { ...answer, output: own, isPart: own !== text } : answer,
  )
  turn.held[at] = { ...call, ...(answers !== undefined && { answers }) }
}

type Begun = Pick<HeldCall, 'requestId' | 'lane'> & { readonly startMs: number }

/** What a call that begins is told of; it is told once. */
export function takeAnswers(turn: OpenTurn, call: Begun): readonly ToolAnswer[] {
  return takeWhere(turn.toolAnswers, (answer) => isTold(answer, call))
}

/** The same, and the next call is told it as well. */
export function answersFor({ toolAnswers = {} }: OpenTurn, call: Begun): readonly ToolAnswer[] {
  return Object.values(toolAnswers).filter((answer) => isTold(answer, call))
}

function isTold({ lane, requestId, timeMs }: ToolAnswer, call: Begun): boolean {
  if (lane !== call.lane) return false
  if (requestId === undefined || call.requestId === undefined) return timeMs <= call.startMs
  return requestId !== call.requestId
}

/** The tools that a call asked for, in the order in which they were told. */
export function takeRequests(turn: OpenTurn, call: HeldCall): readonly ToolRequest[] {
  const { nextMs = Number.POSITIVE_INFINITY } = call
  return takeWhere(turn.toolRequests, ({ lane, requestId, atMs }) => {
    if (requestId !== undefined && call.requestId !== undefined) return requestId === call.requestId
    return lane === call.lane && atMs >= call.draft.startMs && atMs < nextMs
  })
}

/** Keeps about that share of what waits for its calls, the newest. */
export function forgetExchange(
  draft: Draft,
  { toolRequests = {}, toolAnswers = {} }: OpenTurn,
  share: number,
): void {
  for (const [kind, facts] of Object.entries({
    tool_requests: toolRequests,
    tool_answers: toolAnswers,
  })) {
    const bounds = { ...BOUNDS, bytes: bytesOf(facts) * share }
    forgets(draft, kind, forgetOldest<ToolRequest | ToolAnswer>(facts, bounds))
  }
}

/** Bytes of all that waits. */
export function exchangeBytes({ toolRequests = {}, toolAnswers = {} }: OpenTurn): number {
  return bytesOf(toolRequests) + bytesOf(toolAnswers)
}

function takeWhere<T>(
  facts: Record<string, T> | undefined,
  isWanted: (fact: T) => boolean,
): readonly T[] {
  if (facts === undefined || isEmpty(facts)) return []
  const taken: T[] = []
  for (const key of Object.keys(facts)) {
    const fact = facts[key]
    if (fact === undefined || !isWanted(fact)) continue
    drop(facts, key)
    taken.push(fact)
  }
  return taken
}

function shortened({ policy }: Draft, text: string): string {
  return cut(text, Math.min(MAX_MESSAGE_LENGTH, policy.maxContentLength))
}

function hold(
  draft: Draft,
  { id, name, lane, requestId }: ToolRequest | ToolAnswer,
  content: string | undefined,
): void {
  holdsItem(draft, [id, id, name, lane, requestId])
  if (content !== undefined) holds(draft, content)
}
