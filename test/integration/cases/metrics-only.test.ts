/** Case 01: a session of which metrics arrive and no events. It costs what its metrics say. */
import { describe, expect, test } from 'vitest'
import type { Budgets } from '../../../src/api/contract/budgets.ts'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import { sessionFindings } from '../../../src/doctor/session-checks.ts'
import { storePlace } from '../store.ts'
import { playCase, startRig } from './case.ts'
import { apiRequest, logs, type MadeLog, type MadePoint, metrics } from './made.ts'

test('case 01: in lists, on its card, in reports, for budgets, with a warning', async () => {
  const rig = await playCase('01')
  const { sessions } = await rig.api<SessionList>('/api/sessions')
  expect(sessions).toMatchObject([
    {
      costUsd: 12.5,
      metricsUsd: 12.5,
      estimatedUsd: 0,
      unpricedCalls: 0,
      tokens: { input: 1000, output: 2300, cacheRead: 1_200_000, cacheCreation: 0 },
    },
  ])
  expect(await rig.cli('sessions')).toMatch(/\$12\.50\s+from metrics only/)
  const card = await rig.cli('session', '--last')
  expect(card).toContain('$12.50 (from metrics only)')
  expect(card).toContain('Events are missing')
  expect(card).toMatch(/claude-opus-5-5\s+0\s+\$12\.50/)
  expect(await rig.cli('report', '--by', 'day')).toContain('$12.50 (from metrics only)')
  expect(await sessionFindings(storePlace(rig.bridge.dataDir), Date.now())).toMatchObject([
    { id: 'sessions.events', status: 'warn' },
  ])
  const { budgets } = await rig.api<Budgets>('/api/budgets')
  expect(budgets).toMatchObject([
    { scope: 'session', spentUsd: 12.5, level: 'over' },
    { scope: 'day', spentUsd: 12.5, level: 'over' },
  ])
})

type Sent = { readonly logs: readonly MadeLog[] } | { readonly metrics: readonly MadePoint[] }

const cost = (from: number, to: number, value: number, more: Partial<MadePoint> = {}): Sent => ({
  metrics: [{ name: 'cost.usage', from, to, value, ...more }],
})
const running = (to: number, value: number) =>
  cost(-60_000, to, value, { temporality: 'cumulative' })
const call = (at: number, sequence: number, usd: number): MadeLog =>
  apiRequest(at, sequence, { cost_usd: usd, request_id: `req_${sequence}` })

describe('a session', () => {
  const rows: readonly [string, readonly Sent[], number, number][] = [
    ['of cumulative metrics alone', [running(-40_000, 2), running(-20_000, 5)], 5, 5],
    [
      'whose events come later, all of them',
      [
        cost(-60_000, -40_000, 2),
        cost(-40_000, -20_000, 3),
        { logs: [call(-50_000, 1, 2), call(-30_000, 2, 3)] },
      ],
      5,
      0,
    ],
    [
      'whose events stop, and begin anew',
      [
        { logs: [call(-55_000, 1, 1)] },
        running(-50_000, 1),
        running(-30_000, 4),
        { logs: [call(-25_000, 5, 0.5)] },
        running(-20_000, 4.5),
      ],
      4.5,
      3,
    ],
    [
      'whose metrics come before its events',
      [cost(-60_000, -40_000, 0.25), { logs: [apiRequest(-50_000, 1)] }],
      0.25,
      0,
    ],
  ]
  test.each(rows)('%s', async (_, sent, costUsd, metricsUsd) => {
    const rig = await startRig({ BUDGET_DAILY_USD: '100' })
    for (const one of sent) {
      if ('logs' in one) await rig.send('logs', logs(one.logs))
      else await rig.send('metrics', metrics(one.metrics))
    }
    const key = encodeURIComponent('claude-code/s1')
    const { session, strip } = await rig.api<Session>(`/api/sessions/${key}`)
    expect([session.costUsd, session.metricsUsd]).toEqual([costUsd, metricsUsd])
    expect([strip.costUsd, strip.metricsUsd]).toEqual([costUsd, metricsUsd])
    const { budgets } = await rig.api<Budgets>('/api/budgets')
    expect(budgets).toMatchObject([{ scope: 'day', spentUsd: costUsd }])
    const [finding] = await sessionFindings(storePlace(rig.bridge.dataDir), Date.now())
    expect(finding?.status).toBe(metricsUsd > 0 ? 'warn' : 'ok')
  })
})
