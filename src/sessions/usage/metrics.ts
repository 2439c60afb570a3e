/** What metric samples add to a session's totals. */
import { addSeconds, addUsd } from '../../domain/exact-sum.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Draft } from '../draft.ts'
import { emitInCurrentOrFirstTurn } from '../turns/note.ts'
import { intervalOf, noteMetricSpending } from './metric-spending.ts'
import { type BelievedSample, incrementOf, runOf } from './series.ts'
import type { SessionState } from '../state.ts'
import { count, keyOf, OTHER_NAMES } from './name-table.ts'
import type { MetricTotals } from './totals.ts'
import { noteWorkMetric } from '../work/work.ts'
import { activityOf, addActivity } from './usage.ts'

export function onMetric(draft: Draft, sample: MetricSample): void {
  const { state } = draft
  const { totals } = state
  if (!isBelieved(sample)) return
  const interval = intervalOf(sample, runOf(sample, state.series))
  const by = incrementOf(sample, state.series)
  totals.metrics.samples += 1
  noteActivity(draft, sample, by)
  noteWorkMetric(draft, sample, by)
  if (sample.measure === 'session_start') {
    if (by > 0) count(totals.starts, sample.facet ?? 'unknown', by)
  } else {
    addMeasure(totals.metrics, sample, by)
    if (sample.measure === 'cost_usd' || sample.measure === 'tokens') {
      noteMetricSpending(draft, sample, by, interval)
    }
    if (sample.measure === 'commits' && by > 0) noteCommit(state, sample.timeMs)
    const title = landmarks[sample.measure]
    if (title !== undefined && by > 0) emitLandmark(draft, title, sample, by)
  }
}

/** What cannot be true is no increment, and no point of its series. */
function isBelieved(sample: MetricSample): sample is BelievedSample {
  return sample.value !== undefined
}

/** Facets are kept apart in the reports as far as the session's totals keep them apart. */
function noteActivity({ state, usage }: Draft, sample: MetricSample, by: number): void {
  const measure = activityOf(sample)
  if (measure === undefined || by === 0) return
  const { facet } = sample
  if (facet === undefined) {
    addActivity(usage, measure, '', sample.timeMs, by)
    return
  }
  state.totals.facets ??= {}
  const { facets } = state.totals
  const name = `${measure}|${facet}`
  count(facets, name)
  const isKept = keyOf(facets, name) === name
  addActivity(usage, measure, isKept ? facet : OTHER_NAMES, sample.timeMs, by)
}

function noteCommit(state: SessionState, timeMs: number): void {
  state.firstCommitMs = Math.min(state.firstCommitMs ?? timeMs, timeMs)
}

/** Measures whose increments are worth a place in the trace. */
const landmarks: Partial<Record<MetricSample['measure'], string>> = {
  commits: 'commit',
  pull_requests: 'pull request',
}

function emitLandmark(draft: Draft, title: string, sample: MetricSample, count: number): void {
  emitInCurrentOrFirstTurn(draft, {
    type: 'event',
    key: `metric|${sample.dedupKey}`,
    name: title,
    startMs: sample.timeMs,
    endMs: sample.timeMs,
    level: 'DEFAULT',
    metadata: { count },
  })
}

function addMeasure(into: MetricTotals, sample: MetricSample, by: number): void {
  switch (sample.measure) {
    case 'cost_usd':
      into.costUsd = addUsd(into.costUsd, by)
      return
    case 'tokens':
      addTokens(into, sample.facet, by)
      return
    case 'lines_of_code':
      if (sample.facet === 'added') into.linesAdded += by
      if (sample.facet === 'removed') into.linesRemoved += by
      return
    case 'edit_decision':
      if (sample.facet === 'accept') into.editsAccepted += by
      if (sample.facet === 'reject') into.editsRejected += by
      return
    case 'active_time_s':
      if (sample.facet === 'user') into.activeUserS = addSeconds(into.activeUserS, by)
      else into.activeAgentS = addSeconds(into.activeAgentS, by)
      return
    case 'commits':
      into.commits += by
      return
    case 'pull_requests':
      into.pullRequests += by
      return
    case 'session_start':
    case 'other':
      return
  }
}

function addTokens(into: MetricTotals, facet: string | undefined, by: number): void {
  if (facet === 'input') into.tokens.input += by
  if (facet === 'output') into.tokens.output += by
  if (facet === 'cacheRead') into.tokens.cacheRead += by
  if (facet === 'cacheCreation') into.tokens.cacheCreation += by
}
