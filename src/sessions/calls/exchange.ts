/**
 * What a model asked its tools for and what it was told of their results: kept from the tool's records until
 * the calls are sent that asked, and that were told. Agents that report their calls as spans with messages
 * need none of it.
 *
 * A tool belongs to the call with its request id; where there is none, to the call of the same agent that had
 * begun last. A call is told of what its agent's earlier calls asked for.
 *
 * The lists are replaced, never written to. How many bytes they hold is bounded with all that an open turn
 * holds (`relief.ts`).
 */
import type { JsonValue } from '../../domain/json-value.ts'
import { jsonText } from '../../domain/numbers.ts'
import type { Draft } from '../draft.ts'
import { forgets, holds, holdsItem } from '../held.ts'
import type { HeldCall, OpenTurn, ToolAnswer, ToolRequest } from '../state.ts'

/** Characters of an input or an output as a message shows it; the tool's own observation has the rest. */
const MAX_MESSAGE_LENGTH = 4_000

type Told<T extends ToolRequest | ToolAnswer> = Omit<T, 'isPart'> & { readonly isPart?: boolean }

/** Notes that a tool was asked for; what a later record says of its input takes the place of this. */
export function noteRequest(draft: Draft, turn: OpenTurn, told: Told<ToolRequest>): void {
  const { toolRequests: list = [] } = turn
  const at = list.findIndex(({ key }) => key === told.key)
  const known = list[at]
  const own = told.input === undefined ? undefined : shortened(draft, told.input)
  const request: ToolRequest = {
    ...told,
    input: own ?? known?.input,
    isPart: told.isPart === true || own === undefined || own !== told.input,
    // The decision comes while the model still speaks, the result after what it asked for.
    atMs: known?.atMs ?? told.atMs,
  }
  hold(draft, request, own)
  turn.toolRequests = known === undefined ? added(draft, list, request) : list.with(at, request)
}

/** Notes what a tool returned, which its agent's next call tells the model. */
export function noteAnswer(draft: Draft, turn: OpenTurn, told: Told<ToolAnswer>): void {
  const { toolAnswers: list = [] } = turn
  const answer = shownAnswer(draft, told)
  const at = list.findIndex(({ key }) => key === told.key)
  turn.toolAnswers = at < 0 ? added(draft, list, answer) : list.with(at, answer)
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
  const amended = (list: readonly ToolAnswer[]): readonly ToolAnswer[] | undefined => {
    const at = list.findIndex((answer) => answer.key === key)
    const known = list[at]
    if (known === undefined) return undefined
    return list.with(at, shownAnswer(draft, { ...known, output: text, isPart: false }))
  }
  const waiting = amended(turn.toolAnswers ?? [])
  if (waiting !== undefined) {
    turn.toolAnswers = waiting
    return
  }
  for (const [at, call] of turn.held.entries()) {
    const answers = call.answers && amended(call.answers)
    if (answers !== undefined) turn.held[at] = { ...call, answers }
  }
}

type Begun = Pick<HeldCall, 'requestId' | 'lane'> & { readonly startMs: number }

/** What a call that begins is told of; it is told once. */
export function takeAnswers(turn: OpenTurn, call: Begun): readonly ToolAnswer[] {
  const [taken, kept] = parted(turn.toolAnswers, (answer) => isTold(answer, call))
  if (taken.length > 0) turn.toolAnswers = kept
  return taken
}

/** The same, and the next call is told it as well. */
export function answersFor({ toolAnswers }: OpenTurn, call: Begun): readonly ToolAnswer[] {
  return parted(toolAnswers, (answer) => isTold(answer, call))[0]
}

function isTold({ lane, requestId, timeMs }: ToolAnswer, call: Begun): boolean {
  if (lane !== call.lane) return false
  if (requestId === undefined || call.requestId === undefined) return timeMs <= call.startMs
  return requestId !== call.requestId
}

/** The tools that a call asked for, in the order in which they were told. */
export function takeRequests(turn: OpenTurn, call: HeldCall): readonly ToolRequest[] {
  const { nextMs = Number.POSITIVE_INFINITY } = call
  const [taken, kept] = parted(turn.toolRequests, ({ lane, requestId, atMs }) => {
    if (requestId !== undefined && call.requestId !== undefined) return requestId === call.requestId
    return lane === call.lane && atMs >= call.draft.startMs && atMs < nextMs
  })
  if (taken.length > 0) turn.toolRequests = kept
  return taken
}

/** Forgets what waits for its calls, and returns it. */
export function forgetExchange(draft: Draft, turn: OpenTurn): unknown {
  const { toolRequests = [], toolAnswers = [] } = turn
  forgets(draft, 'tool_requests', toolRequests.length)
  forgets(draft, 'tool_answers', toolAnswers.length)
  delete turn.toolRequests
  delete turn.toolAnswers
  return { toolRequests, toolAnswers }
}

const NONE: readonly never[] = []

function parted<T>(
  list: readonly T[] | undefined,
  isWanted: (item: T) => boolean,
): readonly [taken: readonly T[], kept: readonly T[]] {
  if (list === undefined || !list.some(isWanted)) return [NONE, list ?? NONE]
  const taken: T[] = []
  const kept: T[] = []
  for (const item of list) (isWanted(item) ? taken : kept).push(item)
  return [taken, kept]
}

/** Beyond as many as may be held open, the oldest is forgotten. */
function added<T extends ToolRequest | ToolAnswer>(
  draft: Draft,
  list: readonly T[],
  item: T,
): readonly T[] {
  if (list.length < draft.policy.maxHeldItems) return [...list, item]
  forgets(draft, 'output' in item ? 'tool_answers' : 'tool_requests', 1)
  return [...list.slice(1), item]
}

function shownAnswer(draft: Draft, told: Told<ToolAnswer>): ToolAnswer {
  const output = shortened(draft, told.output)
  const answer = { ...told, output, isPart: told.isPart === true || output !== told.output }
  hold(draft, answer, output)
  return answer
}

/** As short as it is, it takes few bytes whatever it is made of: `cut` would look at each character. */
function shortened({ policy }: Draft, text: string): string {
  const length = Math.min(MAX_MESSAGE_LENGTH, policy.maxContentLength)
  if (text.length <= length) return text
  const isSplit = /[\ud800-\udbff]/.test(text.charAt(length - 1))
  const end = isSplit ? length - 1 : length
  return `${text.slice(0, end)}… [cut: ${end} of ${text.length} characters]`
}

function hold(
  draft: Draft,
  { key, name, lane, requestId }: ToolRequest | ToolAnswer,
  content: string | undefined,
): void {
  holdsItem(draft, [key, key, name, lane, requestId])
  if (content !== undefined) holds(draft, content)
}
