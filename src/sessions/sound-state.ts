/**
 * States that an earlier version wrote, which took whatever figures it was told: sums with 1e308 in
 * them (or null, which is what JSON makes of an infinity), starts before all time, ends in a far
 * future, money that is not a decimal. What cannot be true becomes unknown; a sum is put together
 * again from its parts. The state of a session that never met such a figure stays what it is.
 */
import type { TokenUsage } from '../domain/agent-event.ts'
import { addUsd, roundUsd } from '../domain/exact-sum.ts'
import { GREATEST, GREATEST_SUM, isPlausible, isPlausibleTime } from '../domain/numbers.ts'
import { type Distribution, emptyDistribution } from './usage/distribution.ts'
import { copyState, type ObservationDraft, type OpenTurn, type SessionState } from './state.ts'
import { emptyUsage, type MutableUsage, type Totals } from './usage/totals.ts'

/** A copy of the state with figures that can be true. */
export function soundState(from: SessionState): SessionState {
  const state = copyState(from)
  const { lastArrivalMs } = state
  const time = (ms: number, otherwiseMs = lastArrivalMs): number =>
    isPlausibleTime(ms, lastArrivalMs) ? ms : otherwiseMs
  makeTotalsSound(state.totals)
  state.lastMs = time(state.lastMs)
  state.firstMs = Math.min(time(state.firstMs), state.lastMs)
  if (state.firstPromptMs !== undefined) state.firstPromptMs = time(state.firstPromptMs)
  if (state.firstCommitMs !== undefined) state.firstCommitMs = time(state.firstCommitMs)
  for (const [key, run] of Object.entries(state.series)) {
    if (isSum(run.value, 'value')) state.series[key] = { ...run, timeMs: time(run.timeMs) }
    else delete state.series[key]
  }
  for (const turn of Object.values(state.turns)) makeTurnSound(turn, time)
  state.earlyNotes = state.earlyNotes.map((draft) => soundDraft(draft, time))
  return state
}

/** Whether all it adds up to can be true. */
export function hasSoundTotals({ totals }: SessionState): boolean {
  const { metrics, models, tools } = totals
  const { costUsd: metricsUsd, tokens: metricTokens, ...counts } = metrics
  const parts = Object.values(models)
  const amounts = [totals.costUsd, metricsUsd, ...parts.map((model) => model.costUsd)]
  const usages = [totals.usage, metricTokens, ...parts.map((model) => model.usage)]
  const times = [totals.ttftMs, ...[...parts, ...Object.values(tools)].map((of) => of.durationMs)]
  return (
    amounts.every((usd) => isSum(usd, 'usd')) &&
    usages.every((usage) => TOKEN_KINDS.every((kind) => isSum(usage[kind], 'tokens'))) &&
    Object.values(counts).every((value) => isSum(value, 'value')) &&
    times.every(areDurations)
  )
}

type SoundTime = (ms: number, otherwiseMs?: number) => number

function makeTotalsSound(totals: Totals): void {
  const ofModels = { costUsd: 0, usage: emptyUsage() }
  for (const model of Object.values(totals.models)) {
    model.costUsd = soundUsd(model.costUsd)
    model.estimatedUsd = Math.min(soundUsd(model.estimatedUsd), model.costUsd)
    model.usage = soundUsage(model.usage, emptyUsage())
    model.durationMs = soundDurations(model.durationMs)
    ofModels.costUsd = addUsd(ofModels.costUsd, model.costUsd)
    for (const kind of TOKEN_KINDS) ofModels.usage[kind] += model.usage[kind]
  }
  for (const tool of Object.values(totals.tools)) tool.durationMs = soundDurations(tool.durationMs)
  totals.costUsd = soundUsd(totals.costUsd, ofModels.costUsd)
  totals.estimatedUsd = Math.min(soundUsd(totals.estimatedUsd), totals.costUsd)
  totals.metricsUsd = soundUsd(totals.metricsUsd)
  totals.metricsUsage = soundUsage(totals.metricsUsage, emptyUsage())
  totals.usage = soundUsage(totals.usage, ofModels.usage)
  totals.ttftMs = soundDurations(totals.ttftMs)
  const { costUsd, tokens, ...counts } = totals.metrics
  for (const [name, value] of Object.entries(counts)) {
    totals.metrics[name as keyof typeof counts] = isSum(value, 'value') ? value : 0
  }
  totals.metrics.costUsd = soundUsd(costUsd)
  totals.metrics.tokens = soundUsage(tokens, emptyUsage())
}

function makeTurnSound(turn: OpenTurn, time: SoundTime): void {
  turn.lastMs = time(turn.lastMs)
  turn.startMs = Math.min(time(turn.startMs, turn.lastMs), turn.lastMs)
  turn.costUsd = soundUsd(turn.costUsd)
  turn.held = turn.held.map((call) => ({ ...call, draft: soundDraft(call.draft, time) }))
  turn.heldTools = turn.heldTools.map((tool) => ({ ...tool, draft: soundDraft(tool.draft, time) }))
  for (const [key, subagent] of Object.entries(turn.subagents)) {
    const lastMs = time(subagent.lastMs)
    turn.subagents[key] = {
      ...subagent,
      lastMs,
      startMs: time(subagent.startMs, lastMs),
      costUsd: soundUsd(subagent.costUsd),
    }
  }
}

/**
 * One that began no one knows when stands for its end alone. Fields stay in their order: a replay
 * gives the rows that were sent, to the letter.
 */
function soundDraft(draft: ObservationDraft, time: SoundTime): ObservationDraft {
  const { completionStartMs, costUsd, usage } = draft
  const endMs = time(draft.endMs)
  const startMs = time(draft.startMs, endMs)
  const isLong = !isPlausible(endMs - startMs, 'durationMs')
  const sound: { -readonly [K in keyof ObservationDraft]: ObservationDraft[K] } = {
    ...draft,
    startMs: isLong ? endMs : startMs,
    endMs,
  }
  if (!isPlausible((completionStartMs ?? Number.NaN) - startMs, 'durationMs')) {
    delete sound.completionStartMs
  }
  if (costUsd === undefined || !isPlausible(costUsd, 'usd')) delete sound.costUsd
  if (usage !== undefined) sound.usage = { ...usage, ...soundTokens(usage) }
  return sound
}

const TOKEN_KINDS = ['input', 'output', 'cacheRead', 'cacheCreation'] as const

function soundTokens(usage: TokenUsage): MutableUsage {
  const known = emptyUsage()
  for (const kind of TOKEN_KINDS) known[kind] = isPlausible(usage[kind], 'tokens') ? usage[kind] : 0
  return known
}

function soundUsage(usage: MutableUsage, otherwise: MutableUsage): MutableUsage {
  const known = emptyUsage()
  for (const kind of TOKEN_KINDS) {
    known[kind] = isSum(usage[kind], 'tokens') ? usage[kind] : otherwise[kind]
  }
  return known
}

function soundUsd(usd: number, otherwise = 0): number {
  return isSum(usd, 'usd') ? roundUsd(usd) : otherwise
}

/** Which of the values was wrong is not known any more. */
function soundDurations(of: Distribution): Distribution {
  return areDurations(of) ? of : emptyDistribution()
}

function areDurations({ max, sum, count }: Distribution): boolean {
  return (
    isSum(max, 'durationMs') &&
    max <= GREATEST.durationMs &&
    isSum(sum, 'durationMs') &&
    sum <= count * GREATEST.durationMs
  )
}

/** False for null as well. */
function isSum(value: number, quantity: keyof typeof GREATEST_SUM): boolean {
  return typeof value === 'number' && value >= 0 && value <= GREATEST_SUM[quantity]
}
