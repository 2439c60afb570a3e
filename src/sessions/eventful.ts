/**
 * Whether anything has happened in a session. An agent that starts tells of itself (plugins, hooks,
 * servers, that it runs at all) before anybody asks it something, and `claude --continue` does so
 * under an id that it throws away. Such a session is stored, but not listed, counted, summed up or
 * scored, until something happens in it.
 *
 * What happens is a prompt, an answer or a failure of a model, a tool, a subagent, whatever else
 * names a prompt, or an error, told by events, spans or hooks; and growth of any metric but the
 * starts of sessions and the time that somebody was active. A server that cannot be reached at the
 * start is no such error.
 */
import type { AgentEvent } from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import { CONTINUES } from '../domain/transcript-join.ts'
import type { SessionState } from './state.ts'

/** Whether nothing but a start was told so far. */
export function isEmpty(state: SessionState): boolean {
  return !state.eventful
}

/** Whether this record is of something that happened, and not of a start or an end. */
export function isEventful(item: AgentEvent | MetricSample): boolean {
  if (item.kind === 'metric') {
    return item.value !== undefined && item.value > 0 && !QUIET_MEASURES.has(item.measure)
  }
  // Whatever it is: before the first prompt agents name none.
  if (item.promptId !== undefined) return true
  switch (item.kind) {
    case 'note':
      return item.level === 'ERROR' && item.isStartUp !== true
    case 'span':
      return item.role !== 'other'
    case 'session_end_report':
    case 'other':
      return false
    case 'transcript':
      return item.event.kind !== 'other' || item.name === CONTINUES
    default:
      return true
  }
}

const QUIET_MEASURES: ReadonlySet<MetricSample['measure']> = new Set([
  'session_start',
  'active_time_s',
  'other',
])

/** Whether exporters know the session, or are to know it. */
export function isForExporters({ hasTelemetry, totals, isTranscriptShown }: SessionState): boolean {
  return hasTelemetry || isTranscriptShown === true || Object.keys(totals.hooks).length > 0
}

/** What the figures say, for states of version 1, which may not have the flag. */
export function hasToldSomething({ turnCount, totals }: SessionState): boolean {
  const { metrics } = totals
  const { input, output, cacheRead, cacheCreation } = metrics.tokens
  const grown = [
    metrics.costUsd,
    input + output + cacheRead + cacheCreation,
    metrics.linesAdded + metrics.linesRemoved,
    metrics.commits + metrics.pullRequests,
    metrics.editsAccepted + metrics.editsRejected,
  ]
  return turnCount > 0 || Object.keys(totals.hooks).length > 0 || grown.some((sum) => sum > 0)
}
