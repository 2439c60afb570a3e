/** What a scrape of `/metrics` asks of the parts of a bridge. */
import { expect, test } from 'vitest'
import { addScrape, type ScrapeDeps } from '../../../src/app/scrape.ts'
import { type KnownBudget, settingsBudgets } from '../../../src/domain/managed-budget.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

test('managed budgets are those of the file and of commands, as they are defined now', async () => {
  const month = { of: 'team', window: 'month', limitUsd: 250 } as const
  let budgets: readonly KnownBudget[] = [
    ...settingsBudgets({ day: 10 }),
    { ...month, name: 'red', subject: 'red', source: 'file' },
    { name: 'burst', of: 'all', window: '5h', limitUsd: 2.5, source: 'command' },
  ]
  const metrics = createMetrics()
  const unread = async () => {
    throw new Error('not asked here')
  }
  const deps = {
    config: { budgets: { limits: { day: 10 } }, privacy: {} },
    health: async () => ({ exporters: [], delivery: {}, storage: {}, refused: {} }),
    isReady: () => true,
    store: {
      outboxCounts: unread,
      quarantine: { counts: unread },
      storage: () => ({ isWritable: true }),
    },
    delivery: { status: () => [] },
    budgets: () => budgets,
  }
  addScrape(metrics, deps as unknown as ScrapeDeps)
  const limits = async () => {
    const lines = (await metrics.scrape()).split('\n')
    return lines.filter((line) => line.startsWith('claude_telemetry_managed_budget_limit_usd{'))
  }
  expect(await limits()).toEqual([
    'claude_telemetry_managed_budget_limit_usd{budget="red",window="month"} 250',
    'claude_telemetry_managed_budget_limit_usd{budget="burst",window="5h"} 2.5',
  ])
  budgets = budgets.filter(({ name }) => name !== 'burst')
  expect(await limits()).toEqual([
    'claude_telemetry_managed_budget_limit_usd{budget="red",window="month"} 250',
  ])
})
