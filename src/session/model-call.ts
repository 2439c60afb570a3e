/**
 * Model calls: a finished call waits for what other records tell about it (the text of its
 * answer just behind it, raw bodies, its span), and is then sent as a GENERATION. Calls that
 * only asked for tools have no text: the lane's next call shows that none will come. The
 * turn's end or the join timeout lets every call go.
 */
import type { ModelCallEvent, ModelErrorEvent, ModelResponseEvent } from '../domain/agent-event.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { cut, shown } from './content.ts'
import type { Draft } from './draft.ts'
import { enrichedCall, generationOf, retriesOf } from './generation.ts'
import { look, take } from './ledger.ts'
import type { HeldCall, OpenTurn, Wait } from './state.ts'
import { noteSubagent } from './subagent.ts'
import { leaveRefusals } from './tool-call.ts'
import { countModelCall, countModelError } from './totals.ts'
import { emitInTurn, openTurns, parentOf, turnOf } from './turn.ts'
import { addModelCall, addModelError } from './usage.ts'

export function onModelCall(draft: Draft, event: ModelCallEvent, arrivedMs: number): void {
  const { state, policy } = draft
  const turn = turnOf(draft, event, arrivedMs)
  const lane = event.subagentId ?? ''
  const startMs = event.timeMs - (event.durationMs ?? 0)
  turn.startMs = Math.min(turn.startMs, startMs)
  for (const call of [...turn.held])
    if (call.lane === lane) settle(draft, turn, call, 'answer', 'bodies')
  leaveRefusals(draft, turn, lane)
  countModelCall(state.totals, event)
  addModelCall(draft.usage, event)
  turn.modelCalls += 1
  turn.costUsd = addUsd(turn.costUsd, event.costUsd ?? 0)
  noteSubagent(turn, event, (known) => ({
    type: event.subagentType ?? known.type,
    startMs: Math.min(known.startMs, startMs),
    modelCalls: known.modelCalls + 1,
    costUsd: addUsd(known.costUsd, event.costUsd ?? 0),
  }))
  if (event.isMain) {
    turn.mainFinished = event.requestId === undefined || event.requestId !== turn.resultFor
    turn.failure = undefined
  }
  hold(draft, turn, {
    draft: generationOf(event, startMs),
    requestId: event.requestId,
    lane,
    waitsFor: waitsOf(draft, event.requestId),
    releaseAtMs: arrivedMs + policy.joinTimeoutMs,
  })
}

function waitsOf({ state }: Draft, requestId: string | undefined): Wait[] {
  if (requestId === undefined) return ['answer']
  return [
    'answer',
    ...(state.bodied ? ['bodies' as const] : []),
    ...(state.traced ? ['span' as const] : []),
  ]
}

/** The answer's text goes to its call, and to the turn when it is the main agent's. */
export function onModelResponse(draft: Draft, event: ModelResponseEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  const text = shown(event.response, draft.policy.maxContentLength)
  if (event.isMain) turn.answer = text
  if (event.isTitle && event.response.text !== undefined) draft.state.title = text
  noteSubagent(turn, event, () => ({ answer: text }))
  const lane = event.subagentId ?? ''
  const held = turn.held.find((call) =>
    event.requestId === undefined ? call.lane === lane : call.requestId === event.requestId,
  )
  if (held !== undefined) {
    settle(draft, turn, { ...held, draft: { output: text, ...held.draft } }, 'answer')
  } else if (event.requestId !== undefined) {
    turn.earlyAnswers[event.requestId] = text
  }
}

/** A span or raw bodies have come: the call they belong to may wait for nothing else. */
export function joinCall(draft: Draft, requestId: string): void {
  for (const turn of openTurns(draft)) {
    const held = turn.held.find((call) => call.requestId === requestId)
    if (held !== undefined) settle(draft, turn, joined(draft, turn, held))
  }
}

export function onModelError(draft: Draft, event: ModelErrorEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  for (const call of [...turn.held]) {
    if (call.lane === (event.subagentId ?? '')) settle(draft, turn, call, 'answer', 'bodies')
  }
  countModelError(draft.state.totals, event)
  addModelError(draft.usage, event)
  noteSubagent(turn, event)
  const message = cut(event.message, draft.policy.maxContentLength)
  if (event.isMain) {
    turn.mainFinished = true
    turn.failure = message
  }
  emitInTurn(draft, turn, {
    type: 'generation',
    key: event.dedupKey,
    parentKey: parentOf(event.subagentId),
    name: `chat ${event.model}`,
    startMs: event.timeMs - (event.durationMs ?? 0),
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
      implausible: event.implausible,
    },
  })
}

/** Lets go the calls whose wait is over at `nowMs`. */
export function releaseDueCalls(draft: Draft, turn: OpenTurn, nowMs: number): void {
  for (const call of [...turn.held]) if (call.releaseAtMs <= nowMs) release(draft, turn, call)
}

function hold(draft: Draft, turn: OpenTurn, call: HeldCall): void {
  const { requestId } = call
  const early = requestId !== undefined && Object.hasOwn(turn.earlyAnswers, requestId)
  const output = early ? turn.earlyAnswers[requestId] : undefined
  if (early) delete turn.earlyAnswers[requestId]
  turn.held.push(call)
  const answered =
    output === undefined ? call : { ...without(call, 'answer'), draft: { ...call.draft, output } }
  replace(turn, call, answered)
  settle(draft, turn, joined(draft, turn, answered))
  const oldest = turn.held[0]
  if (turn.held.length > draft.policy.maxHeldItems && oldest !== undefined) {
    release(draft, turn, oldest)
  }
}

/** The call with what the ledgers know about it. */
function joined(draft: Draft, turn: OpenTurn, call: HeldCall): HeldCall {
  const { joins } = draft.state
  const span = take(joins.calls, call.requestId)
  const bodies = look(joins.bodies, call.requestId)
  if (bodies !== undefined) take(joins.bodies, call.requestId)
  if (span !== undefined) {
    draft.state.totals.retries += Math.max(0, span.attemptsMs.length - 1)
    for (const retry of retriesOf(call.draft, span)) emitInTurn(draft, turn, retry)
  }
  let next = { ...call, draft: enrichedCall(call.draft, span, bodies) }
  if (span !== undefined) next = without(next, 'span')
  if (bodies !== undefined) next = without(next, 'bodies', 'answer')
  return next
}

/** Strikes waits off and sends the call when none is left. */
function settle(draft: Draft, turn: OpenTurn, call: HeldCall, ...struck: Wait[]): void {
  const next = without(call, ...struck)
  if (next.waitsFor.length === 0) release(draft, turn, next)
  else replace(turn, call, next)
}

function without(call: HeldCall, ...struck: readonly Wait[]): HeldCall {
  return { ...call, waitsFor: call.waitsFor.filter((wait) => !struck.includes(wait)) }
}

/** Calls are told apart by their key: copies of one call share it. */
function replace(turn: OpenTurn, call: HeldCall, next: HeldCall): void {
  turn.held = turn.held.map((other) => (other.draft.key === call.draft.key ? next : other))
}

function release(draft: Draft, turn: OpenTurn, call: HeldCall): void {
  turn.held = turn.held.filter((other) => other.draft.key !== call.draft.key)
  emitInTurn(draft, turn, call.draft)
}
