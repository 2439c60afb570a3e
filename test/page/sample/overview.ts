/** The team's month. */
import type { Bucket, Overview, Share } from '../../../src/api/contract/overview.ts'
import { sessionRows } from './sessions.ts'
import { MODELS, noise, tokensOf, USERS } from './team.ts'
import { tools } from './tools.ts'

const DAY_MS = 86_400_000

/** What falls to a name that has this part of the month. */
function share(totalUsd: number, name: string | null, part: number): Share {
  return {
    name,
    costUsd: totalUsd * part,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    tokens: tokensOf(1_450 * part),
    sessions: Math.ceil(184 * part),
    modelCalls: Math.ceil(5_412 * part),
  }
}

/** How dear each of the team's models is beside the others. */
const WEIGHTS = [1, 0.45, 0.1] as const

export function overview(nowMs: number): Overview {
  const today = new Date(nowMs)
  today.setHours(0, 0, 0, 0)
  const series = Array.from({ length: 30 }, (_, index): Bucket => {
    const isWeekend = index % 7 > 4
    const size = (isWeekend ? 0.15 : 1) * (0.5 + noise(index + 40))
    const costs = MODELS.map(
      (model, m) =>
        [model, 9 * size * (0.4 + 0.6 * noise(index * 3 + m)) * (WEIGHTS[m] ?? 0)] as const,
    )
    return {
      startMs: today.getTime() - (29 - index) * DAY_MS,
      costUsd: costs.reduce((sum, [, usd]) => sum + usd, 0),
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens: tokensOf(60 * size),
      sessions: Math.round(9 * size),
      modelCalls: Math.round(210 * size),
      costByModelUsd: Object.fromEntries(costs),
    }
  })
  const totalUsd = series.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0)
  const ofModel = (model: string): number =>
    series.reduce((sum, { costByModelUsd }) => sum + (costByModelUsd[model] ?? 0), 0)
  const totals = {
    costUsd: totalUsd,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    tokens: tokensOf(1_450),
    sessions: 184,
    prompts: 921,
    modelCalls: 5_412,
    modelErrors: 14,
    toolResults: 1_067,
    toolFailures: 48,
    linesAdded: 18_442,
    linesRemoved: 7_310,
    commits: 143,
    pullRequests: 38,
    activeUserS: 51_300,
    activeAgentS: 212_400,
  }
  const mostExpensive = [...sessionRows(nowMs)]
    .sort((a, b) => (b.costUsd ?? 0) - (a.costUsd ?? 0))
    .slice(0, 5)
  return {
    fromMs: series[0]?.startMs ?? nowMs,
    toMs: nowMs,
    totals,
    previous: { ...totals, costUsd: totals.costUsd / 1.18 },
    previousIsPartial: false,
    series,
    omittedBuckets: 0,
    byModel: MODELS.map((model) => share(totalUsd, model, ofModel(model) / totalUsd)),
    byAgent: [share(totalUsd, 'claude-code', 0.8), share(totalUsd, 'codex', 0.2)],
    byProject: [
      share(totalUsd, 'shop', 0.48),
      share(totalUsd, 'importer', 0.29),
      share(totalUsd, 'site', 0.16),
      share(totalUsd, null, 0.07),
    ],
    byTeam: [share(totalUsd, 'payments', 0.63), share(totalUsd, 'platform', 0.37)],
    byUser: USERS.map((user, index) => share(totalUsd, user, [0.5, 0.3, 0.2][index] ?? 0)),
    byQuerySource: [
      share(totalUsd, 'repl_main_thread', 0.71),
      share(totalUsd, 'agent:builtin:general-purpose', 0.24),
      share(totalUsd, 'compact', 0.05),
    ],
    bySubagentType: [share(totalUsd, null, 0.76), share(totalUsd, 'general-purpose', 0.24)],
    bySkill: [share(totalUsd, null, 0.91), share(totalUsd, 'release-notes', 0.09)],
    byMcpServer: [share(totalUsd, null, 0.94), share(totalUsd, 'github', 0.06)],
    byPlugin: [share(totalUsd, null, 1)],
    byEffort: [share(totalUsd, 'medium', 0.8), share(totalUsd, 'high', 0.2)],
    byWorkflow: [share(totalUsd, null, 1)],
    byMcpTool: [share(totalUsd, null, 0.96), share(totalUsd, 'create_issue', 0.04)],
    byCommand: [share(totalUsd, null, 1)],
    byCostSource: [share(totalUsd, 'agent', 1)],
    cache: { hitRatio: 0.9212, savedUsd: 412.77 },
    tools: [...tools],
    edits: { accepted: 177, rejected: 21, acceptance: 177 / 198 },
    mostExpensive,
    dearest: mostExpensive,
    firstCommit: { medianMs: 1_312_000, sessions: 61 },
  }
}
