/**
 * Model calls: a finished call waits for the text of its answer, which the agent tells in a
 * record of its own just behind it, and is then sent as a GENERATION. Calls that only asked
 * for tools have no text: the lane's next call, the turn's end or the join timeout lets them go.
 */
import type { ModelCallEvent, ModelErrorEvent, ModelResponseEvent } from '../domain/agent-event.ts'
import { cut, shown } from './content.ts'
import type { Draft } from './draft.ts'
import type { HeldCall, ObservationDraft, OpenTurn } from './state.ts'
import { leaveRefusals } from './tool-call.ts'
import { countModelCall, countModelError } from './totals.ts'
import { emitInTurn, turnOf } from './turn.ts'

export function onModelCall(draft: Draft, event: ModelCallEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  const lane = event.subagentId ?? ''
  const startMs = event.timeMs - event.durationMs
  turn.startMs = Math.min(turn.startMs, startMs)
  releaseLane(draft, turn, lane)
  leaveRefusals(draft, turn, lane)
  countModelCall(draft.state.totals, event)
  turn.modelCalls += 1
  turn.costUsd += event.costUsd
  if (event.isMain) {
    turn.mainFinished = event.requestId === undefined || event.requestId !== turn.resultFor
    turn.failure = undefined
  }
  hold(draft, turn, {
    draft: generationOf(event, startMs),
    requestId: event.requestId,
    lane,
    releaseAtMs: arrivedMs + draft.policy.joinTimeoutMs,
  })
}

/** The answer's text goes to its call, and to the turn when it is the main agent's. */
export function onModelResponse(draft: Draft, event: ModelResponseEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  const text = shown(event.response, draft.policy.maxContentLength)
  if (event.isMain) turn.answer = text
  const lane = event.subagentId ?? ''
  const held = turn.held.find((call) =>
    event.requestId === undefined ? call.lane === lane : call.requestId === event.requestId,
  )
  if (held !== undefined) release(draft, turn, held, text)
  else if (event.requestId !== undefined) turn.earlyAnswers[event.requestId] = text
}

export function onModelError(draft: Draft, event: ModelErrorEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  releaseLane(draft, turn, event.subagentId ?? '')
  countModelError(draft.state.totals, event)
  const message = cut(event.message, draft.policy.maxContentLength)
  if (event.isMain) {
    turn.mainFinished = true
    turn.failure = message
  }
  emitInTurn(draft, turn, {
    type: 'generation',
    key: event.dedupKey,
    name: `chat ${event.model}`,
    startMs: event.timeMs - event.durationMs,
    endMs: event.timeMs,
    model: event.model,
    output: `[failed: ${message}]`,
    level: 'ERROR',
    statusMessage: message,
    metadata: {
      request_id: event.requestId,
      query_source: event.querySource,
      subagent_id: event.subagentId,
      status_code: event.statusCode,
      attempt: event.attempt,
    },
  })
}

/** Lets go the calls whose wait is over at `nowMs`. */
export function releaseDueCalls(draft: Draft, turn: OpenTurn, nowMs: number): void {
  for (const call of [...turn.held]) {
    if (call.releaseAtMs <= nowMs) release(draft, turn, call, undefined)
  }
}

export function releaseAllCalls(draft: Draft, turn: OpenTurn): void {
  releaseDueCalls(draft, turn, Number.POSITIVE_INFINITY)
}

function releaseLane(draft: Draft, turn: OpenTurn, lane: string): void {
  for (const call of [...turn.held]) if (call.lane === lane) release(draft, turn, call, undefined)
}

function hold(draft: Draft, turn: OpenTurn, call: HeldCall): void {
  const { requestId } = call
  if (requestId !== undefined && Object.hasOwn(turn.earlyAnswers, requestId)) {
    emitInTurn(draft, turn, { ...call.draft, output: turn.earlyAnswers[requestId] ?? null })
    delete turn.earlyAnswers[requestId]
    return
  }
  turn.held.push(call)
  const oldest = turn.held[0]
  if (turn.held.length > draft.policy.maxHeldItems && oldest !== undefined) {
    release(draft, turn, oldest, undefined)
  }
}

function release(draft: Draft, turn: OpenTurn, call: HeldCall, output: string | undefined): void {
  turn.held = turn.held.filter((other) => other !== call)
  emitInTurn(draft, turn, output === undefined ? call.draft : { ...call.draft, output })
}

function generationOf(event: ModelCallEvent, startMs: number): ObservationDraft {
  return {
    type: 'generation',
    key: event.dedupKey,
    name: `chat ${event.model}`,
    startMs,
    endMs: event.timeMs,
    ...(event.ttftMs !== undefined && { completionStartMs: startMs + event.ttftMs }),
    model: event.model,
    ...(Object.keys(event.parameters).length > 0 && { modelParameters: event.parameters }),
    usage: event.usage,
    costUsd: event.costUsd,
    level: 'DEFAULT',
    metadata: {
      request_id: event.requestId,
      query_source: event.querySource,
      subagent_id: event.subagentId,
    },
  }
}
