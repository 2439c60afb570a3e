/**
 * Model calls: a finished call waits for what other records tell about it (the text of its
 * answer just behind it, raw bodies, its span), and is then sent as a GENERATION. Calls that
 * only asked for tools have no text: the lane's next call shows that none will come. The
 * turn's end or the join timeout lets every call go.
 */
import type {
  ModelCallEvent,
  ModelErrorEvent,
  ModelResponseEvent,
  ModelUsageEvent,
} from '../../domain/agent-event.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import { cut, laterMessages, shown } from '../content.ts'
import { type CallCost, costOfCall } from './call-cost.ts'
import { chatOf, inputOfFailure, shownAnswer, shownMessages } from './chat.ts'
import { answersFor, takeAnswers } from './exchange.ts'
import {
  countCall,
  countEarlyUsage,
  countError,
  countLateUsage,
  countUntold,
} from './call-usage.ts'
import type { Draft } from '../draft.ts'
import {
  attemptsOf,
  enrichedCall,
  generationOf,
  retriesOf,
  type PricedUsage,
  pricedUsage,
  usageGenerationOf,
} from './generation.ts'
import { forgets, holds, holdsItem } from '../held.ts'
import {
  type Bodies,
  bytesOf,
  forgetOldest,
  type CorrelationBounds,
  note,
  take,
} from '../pending-correlations.ts'
import type {
  EarlyAnswer,
  EarlyUsage,
  HeldCall,
  ObservationDraft,
  OpenTurn,
  Subagent,
  Wait,
} from '../state.ts'
import { noteSubagent, subagentCalls } from '../subagents/subagent.ts'
import { noteEarlyCall } from '../turns/note.ts'
import { noteAnswer } from '../turns/turn-answer.ts'
import { onPromptOfCall } from '../turns/turn-prompt.ts'
import { leaveRefusals } from '../tools/tool-call.ts'
import { countAnswered } from '../turns/prompt-count.ts'
import { emitInTurn, MAX_FAILURE_LENGTH, openTurns, parentOf, turnOf } from '../turns/turn.ts'
import { takeBackMetricSpending } from '../usage/metric-spending.ts'

/** Answers of one turn that came before their call: only what was torn apart waits here. */
const EARLY_ANSWERS: CorrelationBounds = { entries: 1000, bytes: 130_000 }
/**
 * Times the join timeout that a call waits for its agent's next one, which shows that none of its tools is
 * still to come: a person may take minutes to allow one.
 */
const TOOL_WAITS = 60
/** Characters of a title, which stands on everything that is sent of its session. */
const MAX_TITLE_LENGTH = 200

export function onModelCall(draft: Draft, event: ModelCallEvent, arrivedMs: number): void {
  const { policy } = draft
  const startMs = event.timeMs - (event.durationMs ?? 0)
  const cost = costOfCall(event, policy.priceOf)
  takeBackMetricSpending(draft, event)
  const counted = countCall(draft, event, cost)
  if (isTurnless(draft, event)) {
    noteEarlyCall(draft, generationOf(event, cost, startMs, shownContent(draft, event, true)))
    return
  }
  const turn = turnOf(draft, event, arrivedMs)
  const lane = event.subagentId ?? ''
  const isFirst = isFirstCall(draft, turn, event)
  const isFirstOfTurn = isFirstInTurn(turn, event)
  turn.startMs = Math.min(turn.startMs, startMs)
  if (event.isMain) countAnswered(draft, turn, startMs)
  goOn(draft, turn, lane, isChat(event) ? startMs : undefined)
  leaveRefusals(draft, turn, lane)
  turn.modelCalls += 1
  turn.costUsd = addUsd(turn.costUsd, cost.cost?.usd ?? 0)
  noteSubagent(draft, turn, event, (known) => ({
    type: event.subagentType ?? known.type,
    startMs: Math.min(known.startMs, startMs),
    modelCalls: known.modelCalls + 1,
    ...addedCost(known, cost),
  }))
  if (event.isMain) {
    turn.isPromptTold = true
    const isLast = event.requestId === undefined || event.requestId !== turn.resultFor
    turn.mainFinished = isLast && event.asksForTools !== true
    turn.failure = undefined
    if (event.prompt !== undefined) onPromptOfCall(draft, turn, event.prompt, startMs)
    if (event.answer !== undefined) {
      noteAnswer(draft, turn, shown(event.answer, policy.maxContentLength), event.timeMs)
    }
  }
  const waitsFor = waitsOf(draft, event)
  const joinByMs = arrivedMs + policy.joinTimeoutMs
  const waitsForTools = waitsFor.includes('tools')
  hold(draft, turn, {
    draft: generationOf(event, cost, startMs, shownContent(draft, event, isFirst)),
    requestId: event.requestId,
    lane,
    waitsFor,
    releaseAtMs: waitsForTools ? arrivedMs + TOOL_WAITS * policy.joinTimeoutMs : joinByMs,
    ...(waitsForTools && { joinByMs }),
    ...(isChat(event) && { isChat: true, ...exchangeOf(turn, event, startMs, isFirstOfTurn) }),
    ...(event.usage === undefined && { counted }),
  })
}

/** Whether the agent speaks in it, or a subagent: not what it has made beside, such as a title. */
function isChat({ isMain, subagentId }: Pick<ModelCallEvent, 'isMain' | 'subagentId'>): boolean {
  return isMain || subagentId !== undefined
}

/** Whether the agent, or the subagent, has not been told yet in this turn what it is to do. */
function isFirstInTurn(
  turn: OpenTurn,
  { isMain, subagentId }: Pick<ModelCallEvent, 'isMain' | 'subagentId'>,
): boolean {
  if (subagentId !== undefined) return subagentCalls(turn, subagentId) === 0
  return isMain && turn.segment === 1 && turn.isPromptTold !== true
}

function exchangeOf(
  turn: OpenTurn,
  { requestId, subagentId: lane = '' }: Pick<ModelCallEvent, 'requestId' | 'subagentId'>,
  startMs: number,
  isFirst: boolean,
): Pick<HeldCall, 'isFirst' | 'answers'> {
  const answers = takeAnswers(turn, { requestId, lane, startMs })
  return { ...(isFirst && { isFirst }), ...(answers.length > 0 && { answers }) }
}

/** A subagent's sums; `pricedCalls` is what its cost is known of. */
function addedCost(known: Subagent, { cost }: CallCost): Partial<Subagent> {
  const pricedCalls = known.pricedCalls ?? known.modelCalls
  if (cost === undefined) return { pricedCalls }
  return { costUsd: addUsd(known.costUsd, cost.usd), pricedCalls: pricedCalls + 1 }
}

/** Nobody asked for it, and there is no turn that it could be shown in. */
function isTurnless({ state }: Draft, event: ModelCallEvent): boolean {
  return !event.isMain && event.promptId === undefined && state.currentTurn === undefined
}

/** Whether the model has been told nothing before: by the session, or by the subagent. */
function isFirstCall({ state }: Draft, turn: OpenTurn, { subagentId }: ModelCallEvent): boolean {
  // This one is counted already.
  if (subagentId === undefined) return state.totals.modelCalls <= 1
  return subagentCalls(turn, subagentId) === 0
}

/** Content as it is shown: an agent's later calls show what is new to the model. */
function shownContent({ policy }: Draft, event: ModelCallEvent, isFirst: boolean) {
  const { input, output } = event
  const isWhole = isFirst || event.querySource !== undefined
  return {
    ...(input !== undefined && {
      input: shownMessages(isWhole ? input : laterMessages(input), policy.maxContentLength),
    }),
    ...(output !== undefined && { output: shownAnswer(output, policy.maxContentLength) }),
  }
}

function waitsOf({ state }: Draft, event: ModelCallEvent): Wait[] {
  const { requestId, usage, place, output } = event
  // A span says all at once; its usage may stand on a span around it.
  if (place !== undefined) return usage === undefined ? ['usage'] : []
  const waits: Wait[] = usage === undefined ? ['answer', 'usage'] : ['answer']
  // Messages name their tools themselves.
  const mayAsk = event.asksForTools !== false && typeof output !== 'object'
  if (isChat(event) && mayAsk) waits.push('tools')
  if (requestId === undefined) return waits
  return [
    ...waits,
    ...(state.bodied ? ['bodies' as const] : []),
    ...(state.traced ? ['span' as const] : []),
  ]
}

/** Usage goes to its call; where that was sent already, or never comes, it is shown by itself. */
export function onModelUsage(draft: Draft, event: ModelUsageEvent, arrivedMs: number): void {
  const { policy } = draft
  const turn = turnOf(draft, event, arrivedMs)
  takeBackMetricSpending(draft, event)
  const cost = costOfCall(event, policy.priceOf)
  turn.costUsd = addUsd(turn.costUsd, cost.cost?.usd ?? 0)
  noteSubagent(draft, turn, event, (known) => addedCost(known, cost))
  const lane = event.subagentId ?? ''
  const at = turn.held.findIndex(
    (call) =>
      call.waitsFor.includes('usage') &&
      (event.requestId === undefined ? call.lane === lane : call.requestId === event.requestId),
  )
  const held = turn.held[at]
  const part = countLateUsage(draft, event, cost, held)
  if (held !== undefined) settle(draft, turn, at, withUsage(held, pricedUsage(event.usage, cost)))
  else {
    const observation = usageGenerationOf(event, cost)
    if (event.requestId === undefined) emitInTurn(draft, turn, observation)
    else noteEarlyUsage(draft, turn, event.requestId, { draft: observation, part })
  }
}

function withUsage(call: HeldCall, usage: PricedUsage): HeldCall {
  const { counted: _, ...told } = call
  return without({ ...told, draft: { ...call.draft, ...usage } }, 'usage')
}

function noteEarlyUsage(draft: Draft, turn: OpenTurn, requestId: string, early: EarlyUsage): void {
  const { key, model } = early.draft
  holdsItem(draft, [requestId, key, model, model])
  holds(draft, early.part)
  const known = take(turn.earlyUsage, requestId)
  if (known !== undefined) emitInTurn(draft, turn, known.draft)
  note(turn.earlyUsage, requestId, early, EARLY_ANSWERS, (oldest) => {
    emitInTurn(draft, turn, oldest.draft)
  })
}

/** The turn is over: calls that usage waits for will not come any more. */
export function sendEarlyUsage(draft: Draft, turn: OpenTurn): void {
  for (const { draft: observation } of Object.values(turn.earlyUsage)) {
    emitInTurn(draft, turn, observation)
  }
  turn.earlyUsage = {}
}

/** The answer's text goes to its call, and to the turn when it is the main agent's. */
export function onModelResponse(draft: Draft, event: ModelResponseEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  const { maxContentLength } = draft.policy
  const text = shown(event.response, maxContentLength)
  if (event.isMain) {
    countAnswered(draft, turn, event.timeMs)
    noteAnswer(draft, turn, text, event.timeMs)
  }
  if (event.isTitle && event.response.text !== undefined) {
    draft.state.title = cut(event.response.text, Math.min(MAX_TITLE_LENGTH, maxContentLength))
  }
  noteSubagent(draft, turn, event, () => ({ answer: text }))
  holds(draft, text)
  const lane = event.subagentId ?? ''
  const at = answeredCall(turn, event.requestId, lane)
  const held = turn.held[at]
  const isNote = event.response.text === undefined
  if (held !== undefined) {
    holds(draft, text)
    settle(draft, turn, at, without(answered(held, isNote ? { note: text } : text), 'answer'))
  } else if (event.requestId !== undefined) {
    holds(draft, text)
    noteEarly(draft, turn, event.requestId, isNote ? { note: text } : text)
  }
}

/** The call with its answer, unless more is known of that. */
function answered(call: HeldCall, answer: EarlyAnswer): HeldCall {
  if (call.draft.output !== undefined) return call
  const isNote = typeof answer !== 'string'
  const output = isNote ? answer.note : answer
  return { ...call, draft: { ...call.draft, output }, ...(isNote && { isAnswerNote: true }) }
}

/** The call that an answer is of. Of several with its id, one of its agent that has no answer yet. */
function answeredCall(turn: OpenTurn, requestId: string | undefined, lane: string): number {
  if (requestId === undefined) return turn.held.findIndex((call) => call.lane === lane)
  const isOf = (call: HeldCall): boolean => call.requestId === requestId
  const waits = (call: HeldCall): boolean => isOf(call) && call.waitsFor.includes('answer')
  const first = turn.held.findIndex((call) => waits(call) && call.lane === lane)
  if (first >= 0) return first
  const waiting = turn.held.findIndex(waits)
  return waiting >= 0 ? waiting : turn.held.findIndex(isOf)
}

function noteEarly(draft: Draft, turn: OpenTurn, requestId: string, answer: EarlyAnswer): void {
  let forgotten = 0
  note(turn.earlyAnswers, requestId, answer, EARLY_ANSWERS, () => {
    forgotten += 1
  })
  forgets(draft, 'answers', forgotten)
}

/** Keeps about that share of a turn's early answers, the newest. */
export function forgetAnswers(draft: Draft, { earlyAnswers }: OpenTurn, share: number): void {
  const bounds = { ...EARLY_ANSWERS, bytes: bytesOf(earlyAnswers) * share }
  forgets(draft, 'answers', forgetOldest(earlyAnswers, bounds))
}

/** A span or raw bodies have come: the call they belong to may wait for nothing else. */
export function joinCall(draft: Draft, requestId: string): void {
  for (const turn of openTurns(draft)) {
    const at = turn.held.findIndex((call) => call.requestId === requestId)
    const held = turn.held[at]
    if (held !== undefined) settle(draft, turn, at, joined(draft, turn, held))
  }
}

export function onModelError(draft: Draft, event: ModelErrorEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  const lane = event.subagentId ?? ''
  const startMs = event.timeMs - (event.durationMs ?? 0)
  goOn(draft, turn, lane, isChat(event) ? startMs : undefined)
  countError(draft, event)
  noteSubagent(draft, turn, event)
  const message = cut(event.message, draft.policy.maxContentLength)
  if (event.isMain) {
    countAnswered(draft, turn, event.timeMs - (event.durationMs ?? 0))
    turn.mainFinished = true
    turn.failure = cut(event.message, Math.min(MAX_FAILURE_LENGTH, draft.policy.maxContentLength))
    holds(draft, turn.failure)
  }
  emitInTurn(draft, turn, {
    type: 'generation',
    key: event.dedupKey,
    parentKey: parentOf(event.subagentId),
    name: `chat ${event.model}`,
    startMs,
    endMs: event.timeMs,
    model: event.model,
    ...failedInput(draft, turn, event, startMs),
    output: `[failed: ${message}]`,
    level: 'ERROR',
    statusMessage: message,
    metadata: {
      request_id: event.requestId,
      query_source: event.querySource,
      subagent_id: event.subagentId,
      status_code: event.statusCode,
      attempt: event.attempt,
      implausible: event.implausible,
    },
  })
}

/** The next try is given the same: nothing of it is taken. */
function failedInput(
  draft: Draft,
  turn: OpenTurn,
  event: ModelErrorEvent,
  startMs: number,
): Pick<ObservationDraft, 'input'> {
  if (!isChat(event)) return {}
  const { requestId, subagentId: lane = '' } = event
  const isFirst = isFirstInTurn(turn, event)
  const answers = answersFor(turn, { requestId, lane, startMs })
  return inputOfFailure(draft, turn, { lane, answers, ...(isFirst && { isFirst }) })
}

/** Lets go the calls whose wait is over at `nowMs`. */
export function releaseDueCalls(draft: Draft, turn: OpenTurn, nowMs: number): void {
  keep(draft, turn, (call) => (call.releaseAtMs <= nowMs ? { ...call, waitsFor: [] } : call))
}

/** Sends the call that waits for longest, and returns it. */
export function sendOldestCall(draft: Draft, turn: OpenTurn): HeldCall | undefined {
  const oldest = turn.held.shift()
  if (oldest !== undefined) send(draft, turn, oldest)
  return oldest
}

function send(draft: Draft, turn: OpenTurn, call: HeldCall): void {
  countUntold(draft, call)
  emitInTurn(draft, turn, chatOf(draft, turn, call))
}

/**
 * The lane's agent went on: what its calls have not told by now they will not tell. Nor will they ask for
 * more tools, if it was the agent itself that went on, at `nextMs`.
 */
function goOn(draft: Draft, turn: OpenTurn, lane: string, nextMs: number | undefined): void {
  keep(draft, turn, (call) => {
    if (call.lane !== lane) return call
    const told = without(call, 'answer', 'bodies')
    if (nextMs === undefined || !call.waitsFor.includes('tools')) return told
    const releaseAtMs = call.joinByMs ?? call.releaseAtMs
    return { ...without(told, 'tools'), releaseAtMs, nextMs }
  })
}

function hold(draft: Draft, turn: OpenTurn, call: HeldCall): void {
  const answer = take(turn.earlyAnswers, call.requestId)
  const own = answer === undefined ? call : without(answered(call, answer), 'answer')
  const early = take(turn.earlyUsage, call.requestId)
  if (early !== undefined) countEarlyUsage(draft, call, early)
  const next = joined(
    draft,
    turn,
    early === undefined ? own : withUsage(own, usageOfDraft(early.draft)),
  )
  if (next.waitsFor.length === 0) {
    send(draft, turn, next)
    return
  }
  turn.held.push(next)
  const { key, model, modelParameters, metadata } = next.draft
  const { requestId, lane } = call
  const source = metadata.query_source as string | undefined
  holdsItem(draft, [key, model, model, requestId, requestId, lane, lane, lane, source])
  holds(draft, modelParameters)
  holds(draft, next.counted)
  holds(draft, next.draft.output)
  holds(draft, next.draft.input)
  if (turn.held.length > draft.policy.maxHeldItems) sendOldestCall(draft, turn)
}

function usageOfDraft({ usage, costUsd, costSource, costByKind }: ObservationDraft): PricedUsage {
  return {
    ...(usage !== undefined && { usage }),
    ...(costUsd !== undefined && { costUsd }),
    ...(costSource !== undefined && { costSource }),
    ...(costByKind !== undefined && { costByKind }),
  }
}

/** The call with what is waiting for it. */
function joined(draft: Draft, turn: OpenTurn, call: HeldCall): HeldCall {
  const { joins, totals } = draft.state
  const span = take(joins.calls, call.requestId)
  const bodies = take(joins.bodies, call.requestId)
  if (span !== undefined) {
    totals.retries += Math.max(0, attemptsOf(span) - 1)
    for (const retry of retriesOf(call.draft, span)) emitInTurn(draft, turn, retry)
  }
  let next = { ...call, draft: enrichedCall(call.draft, span, bodies) }
  if (span !== undefined) next = without(next, 'span')
  if (bodies !== undefined) {
    next = withBodies(next, bodies)
    holds(draft, bodies)
  }
  return next
}

function withBodies(call: HeldCall, { output }: Bodies): HeldCall {
  if (typeof output !== 'string') return without(call, 'bodies', 'answer')
  return { ...without(call, 'bodies'), bodyText: output }
}

/** Puts a call in the place it has, or sends it when it waits for nothing any more. */
function settle(draft: Draft, turn: OpenTurn, at: number, call: HeldCall): void {
  if (call.waitsFor.length > 0) {
    turn.held[at] = call
    return
  }
  turn.held.splice(at, 1)
  send(draft, turn, call)
}

/** Keeps what `next` makes of each call, and sends those that wait for nothing any more. */
function keep(draft: Draft, turn: OpenTurn, next: (call: HeldCall) => HeldCall): void {
  if (turn.held.length === 0) return
  const kept: HeldCall[] = []
  for (const call of turn.held.map(next)) {
    if (call.waitsFor.length > 0) kept.push(call)
    else send(draft, turn, call)
  }
  turn.held = kept
}

function without(call: HeldCall, ...struck: readonly Wait[]): HeldCall {
  return { ...call, waitsFor: call.waitsFor.filter((wait) => !struck.includes(wait)) }
}
