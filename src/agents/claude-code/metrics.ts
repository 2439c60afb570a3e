/** Claude Code's metrics. Cost and tokens serve as a check: events are their source, where they arrive. */
import type { MetricRow } from '../profile.ts'
import { ATTRIBUTION } from './events.ts'

const DIMENSIONS = {
  ...ATTRIBUTION,
  querySource: 'query_source',
  subagentType: 'agent.name',
} as const

export const claudeCodeMetrics: Readonly<Record<string, MetricRow>> = {
  'claude_code.session.count': {
    measure: 'session_start',
    facet: 'start_type',
    shownAs: 'how the session started, in the summary',
  },
  'claude_code.cost.usage': {
    measure: 'cost_usd',
    model: 'model',
    dimensions: DIMENSIONS,
    shownAs:
      'check on the cost of the events, in the summary; counts only while these do not arrive',
  },
  'claude_code.token.usage': {
    measure: 'tokens',
    facet: 'type',
    model: 'model',
    dimensions: DIMENSIONS,
    shownAs:
      'check on the tokens of the events, in the summary; counts only while these do not arrive',
  },
  'claude_code.lines_of_code.count': {
    measure: 'lines_of_code',
    facet: 'type',
    shownAs: 'lines added and removed, in the summary',
  },
  'claude_code.code_edit_tool.decision': {
    measure: 'edit_decision',
    facet: 'decision',
    shownAs: '`edit_acceptance_rate`',
  },
  'claude_code.active_time.total': {
    measure: 'active_time_s',
    facet: 'type',
    shownAs: 'active time of user and agent, in the summary',
  },
  'claude_code.commit.count': { measure: 'commits', shownAs: 'commits, in the summary' },
  'claude_code.pull_request.count': {
    measure: 'pull_requests',
    shownAs: 'pull requests, in the summary',
  },
}

const dottedNames: ReadonlyMap<string, string> = new Map(
  Object.keys(claudeCodeMetrics).map((name) => [name.replaceAll('.', '_'), name]),
)

/** Units that the names of Prometheus end with. */
const PROMETHEUS_SUFFIX = /(?:_(?:usd|tokens|seconds))?_total$/i

/** The name with its dots, of one that went through a pipeline that writes underscores. */
export function claudeCodeMetricName(name: string): string | undefined {
  return dottedNames.get(name) ?? dottedNames.get(name.replace(PROMETHEUS_SUFFIX, ''))
}
