/** What the sample's month cost by one or two groups. */
import type { UsageAnswer } from '../../../src/api/contract/usage.ts'
import { usageGroupsOf } from '../../../src/domain/usage-group.ts'
import { overview } from './overview.ts'

/** The first group has three names, one of them none; a second one splits each in two. */
export function usage(nowMs: number, group: string): UsageAnswer {
  const { fromMs, toMs, totals, byProject, series } = overview(nowMs)
  const groups = usageGroupsOf(group) ?? []
  const { costUsd, estimatedUsd, metricsUsd, unpricedCalls, tokens, sessions, modelCalls } = totals
  const rows = byProject.flatMap(({ name, ...figures }) =>
    groups.length < 2
      ? [{ names: [name], ...figures }]
      : ['first', null].map((second) => ({
          names: [name, second],
          ...figures,
          costUsd: (figures.costUsd ?? 0) / 2,
        })),
  )
  return {
    fromMs,
    toMs,
    groups: groups.map(({ name, label }) => ({ name, label })),
    totals: { costUsd, estimatedUsd, metricsUsd, unpricedCalls, tokens, sessions, modelCalls },
    rows,
    // As the rows stand to each other over the whole range.
    series: series.map(({ startMs, sessions: within, tokens: used, costUsd: usd }) => ({
      startMs,
      sessions: within,
      tokens: used,
      costUsd: rows.map((row) => ((usd ?? 0) * (row.costUsd ?? 0)) / (costUsd ?? 1)),
      tokenSums: rows.map(() => Math.round((used.input + used.cacheRead) / rows.length)),
    })),
  }
}
