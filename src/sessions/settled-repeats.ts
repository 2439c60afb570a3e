/**
 * What counted because nothing better had told it in time, and is taken back when something does after
 * all: a sender's logs were held up, or a queue in front of the bridge is behind with one signal. So sums
 * are the same however late a record comes, but for how long calls and tools took. Exporters that have
 * it already are sent it again without its figures. Plain data within the session's state, bounded.
 */
import { type Draft, emit } from './draft.ts'
import { type CorrelationBounds, drop, note } from './pending-correlations.ts'
import type { OpenTurn, PendingRepeat, SettledRepeat, ShownRepeat } from './state.ts'
import { subagentCalls } from './subagents/subagent.ts'
import { namedTurnKey, TURN_TRACE_NAME } from './turns/turn.ts'
import { takeBackModel, takeBackTool } from './usage/totals.ts'
import { forgetUntyped } from './usage/untyped-usage.ts'
import { addUsd } from '../domain/exact-sum.ts'
import type { ModelUsage } from '../domain/usage.ts'
import { addUsage, emptyUsageDraft, usageOf } from './usage/usage.ts'

/** Those that counted last: what is told again of others counts again. */
const SETTLED: CorrelationBounds = { entries: 200, bytes: 150_000 }

/** Counts an event by `fold`, and remembers how; `unless` are the ids of what would tell it better. */
export function countSettled(
  draft: Draft,
  { event, unless }: Pick<PendingRepeat, 'event' | 'unless'>,
  fold: () => void,
): void {
  const { kind } = event
  if (kind !== 'model_usage' && kind !== 'model_call' && kind !== 'tool_result') {
    fold()
    return
  }
  const { state, usage } = draft
  const { turnCount } = state
  const from = draft.emissions.length
  draft.usage = emptyUsageDraft()
  fold()
  const { models, tools, activity } = usageOf(draft.usage)
  addUsage(usage, draft.usage)
  draft.usage = usage
  const turn = namedTurnKey(event) ?? state.currentTurn
  const reasoning = event.kind === 'tool_result' ? undefined : event.usage?.reasoning
  const shown = draft.emissions.slice(from).flatMap((each) => {
    return each.kind === 'observation' && each.key === event.dedupKey ? [shownOf(each)] : []
  })
  const settled: SettledRepeat = {
    unless,
    // What metrics told of the time of a call is told by whoever tells the call.
    usage: { models: models.filter(isOfEvent), tools, activity },
    shown,
    ...(reasoning !== undefined && { reasoning }),
    ...(turn !== undefined && { turn }),
    ...(state.turnCount > turnCount && { hasOpened: true }),
    ...(event.subagentId !== undefined && { subagentId: event.subagentId }),
  }
  state.settledRepeats ??= {}
  note(state.settledRepeats, event.dedupKey, settled, SETTLED)
}

/** Takes back what has been told better, as `isTold` says of these ids. */
export function takeBackSettled(draft: Draft, isTold: (id: string) => boolean): void {
  const { settledRepeats } = draft.state
  for (const key in settledRepeats) {
    const settled = settledRepeats[key]
    if (settled?.unless.some(isTold) !== true) continue
    drop(settledRepeats, key)
    takeBack(draft, settled, key)
  }
}

function takeBack(draft: Draft, settled: SettledRepeat, key: string): void {
  const { state } = draft
  const { models, tools, activity } = settled.usage
  addUsage(draft.usage, settled.usage, -1)
  for (const [at, row] of models.entries()) {
    takeBackModel(state.totals, row, at === 0 ? settled.reasoning : undefined)
    if (settled.subagentId !== undefined) {
      const { bucketMs, model, isSubagent, dimensions, ...amounts } = row
      const of = { bucketMs, model, isSubagent, dimensions }
      forgetUntyped(draft, settled.subagentId, { key: of, amounts })
    }
  }
  for (const row of tools) takeBackTool(state.totals, row)
  for (const { measure, value } of activity) {
    if (measure === 'prompts') state.totals.prompts -= value
  }
  const turn = settled.turn === undefined ? undefined : state.turns[settled.turn]
  if (turn !== undefined) leaveTurn(draft, turn, settled, key)
  for (const { traceKey, ...observation } of settled.shown) {
    emit(draft, traceKey, TURN_TRACE_NAME, {
      ...observation,
      type: 'span',
      level: 'DEFAULT',
      statusMessage: 'told better by other records, which came late',
      metadata: {},
    })
  }
}

/** Takes it out of its turn, and out of the session the turn that was opened for it alone. */
function leaveTurn(draft: Draft, turn: OpenTurn, settled: SettledRepeat, key: string): void {
  const { models, tools, activity } = settled.usage
  const sum = (of: (row: ModelUsage) => number) => models.reduce((all, row) => all + of(row), 0)
  for (const { costUsd } of models) turn.costUsd = addUsd(turn.costUsd, -costUsd)
  turn.modelCalls -= sum(({ calls }) => calls)
  turn.toolResults -= tools.reduce((all, { results }) => all + results, 0)
  turn.held = turn.held.filter((call) => `:${call.draft.key}` !== key)
  if (activity.some(({ measure, value }) => measure === 'prompts' && value > 0)) {
    turn.counted = turn.prompted
    turn.countedMs = undefined
  }
  if (settled.hasOpened !== true) return
  if (isBare(turn)) dropTurn(draft, turn)
  // That it was named stands for a prompt only while nothing better tells of prompts.
  else if (!turn.prompted) draft.state.turns[turn.key] = { ...turn, promptId: undefined }
}

function isBare(turn: OpenTurn): boolean {
  return (
    turn.segment === 1 &&
    ![turn.prompt, turn.answer, turn.reportedPrompt, turn.reportedAnswer, turn.failure].some(
      (told) => told !== undefined,
    ) &&
    turn.modelCalls + turn.toolResults + turn.held.length + turn.tools.length === 0 &&
    turn.heldTools.length === 0 &&
    Object.keys(turn.subagents).every((subagentId) => subagentCalls(turn, subagentId) === 0) &&
    [turn.reportedTools, turn.earlyAnswers, turn.earlyUsage].every(
      (waiting) => Object.keys(waiting).length === 0,
    )
  )
}

/** Turns that began after it move up, as far as nothing has been said of them. */
function dropTurn({ state }: Draft, turn: OpenTurn): void {
  const later = openTurnsAfter(state.turns, turn)
  delete state.turns[turn.key]
  if (state.currentTurn === turn.key) state.currentTurn = later.at(-1)?.key
  if (later.length !== state.turnCount - turn.ordinal) return
  state.turnCount -= 1
  for (const each of later) state.turns[each.key] = { ...each, ordinal: each.ordinal - 1 }
}

function openTurnsAfter(turns: Readonly<Record<string, OpenTurn>>, turn: OpenTurn): OpenTurn[] {
  return Object.values(turns)
    .filter(({ ordinal, segment, isApart }) => ordinal > turn.ordinal && segment === 1 && !isApart)
    .sort((a, b) => a.ordinal - b.ordinal)
}

function isOfEvent({ dimensions }: ModelUsage): boolean {
  return dimensions.costSource !== 'metrics'
}

function shownOf(observation: ShownRepeat): ShownRepeat {
  const { traceKey, key, parentKey, agentTraceId, name, startMs, endMs } = observation
  return {
    ...{ traceKey, key, name, startMs, endMs },
    ...(parentKey !== undefined && { parentKey }),
    ...(agentTraceId !== undefined && { agentTraceId }),
  }
}
