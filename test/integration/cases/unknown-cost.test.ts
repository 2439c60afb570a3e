/** Case 06: calls whose cost is absent, or 0 beside tokens, are not free. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import { playCase } from './case.ts'

const keyOf = (number: number) =>
  encodeURIComponent(`claude-code/0000000${number}-1111-4222-8333-444444444444`)
const PROFILE = 'arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abcdef123456'

test('case 06: unknown everywhere, and no cost in Langfuse', async () => {
  const rig = await playCase('06')
  const { sessions } = await rig.api<SessionList>('/api/sessions?sort=first&order=asc')
  expect(
    sessions.map(({ costUsd, estimatedUsd, unpricedCalls }) => [
      costUsd,
      estimatedUsd,
      unpricedCalls,
    ]),
  ).toEqual([
    [null, 0, 1],
    [null, 0, 1],
    [0.05, 0, 1],
  ])
  const list = await rig.cli('sessions')
  expect(list).not.toContain('$0.00')
  expect(list).toContain('1 of 2 calls without a price')
  expect(await rig.cli('session', '00000001')).toContain('unknown (1 of 1 call without a price)')
  expect(await rig.cli('session', '00000003')).toContain('$0.05 (1 of 2 calls without a price)')
  const report = await rig.cli('report', '--by', 'day', '--group', 'model')
  expect(report).toMatch(/application-inference-profile\/abcdef123456\s+unknown/)
  expect(report).toContain('3 of 4 calls without a price')
  await rig.stop()
  const costs = rig.langfuse
    .spans()
    .flatMap(({ attributes }) => attributes['langfuse.observation.cost_details'] ?? [])
  expect(costs).toHaveLength(1)
  expect(costs[0]).toContain('"total":0.05')
})

/** The same with another model, which the price list knows. */
const known = (body: string): string =>
  body.replaceAll(PROFILE, 'us.anthropic.claude-opus-4-1-20250805-v1:0')
const ESTIMATE = (1000 * 15 + 500 * 75 + 20_000 * 1.5) / 1e6

test('a model that has a price is estimated, and marked', async () => {
  const rig = await playCase('06', { change: known })
  const { strip, turns } = await rig.api<Session>(`/api/sessions/${keyOf(1)}`)
  expect(strip).toMatchObject({ costUsd: ESTIMATE, estimatedUsd: ESTIMATE, unpricedCalls: 0 })
  expect(turns).toMatchObject([{ costUsd: ESTIMATE, estimatedUsd: ESTIMATE }])
  expect(await rig.cli('session', '00000001')).toContain('(estimated)')
  await rig.stop()
  const estimated = rig.langfuse
    .spans()
    .filter(
      ({ attributes }) => attributes['langfuse.observation.metadata.cost_source'] === 'estimated',
    )
  expect(estimated).toHaveLength(3)
  for (const { cost } of estimated) expect(cost).toEqual({})
})

test('estimates are sent as costs where that is asked for', async () => {
  const rig = await playCase('06', { change: known, env: { SEND_ESTIMATES: 'on' } })
  await rig.stop()
  const totals = rig.langfuse.spans().flatMap(({ cost }) => cost.total ?? [])
  expect(totals.map(Number).sort((a, b) => a - b)).toEqual([0.05, ESTIMATE, ESTIMATE, ESTIMATE])
})

test('the operator says which model an id is, and what it costs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'prices-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'prices.json')
  writeFileSync(
    file,
    JSON.stringify({ prices: [{ model: PROFILE, as: 'claude-opus-4-1', discount: 0.5 }] }),
  )
  const rig = await playCase('06', { env: { PRICES_FILE: file } })
  const { strip } = await rig.api<Session>(`/api/sessions/${keyOf(2)}`)
  expect(strip.costUsd).toBeCloseTo(ESTIMATE / 2, 9)
  expect(strip.estimatedUsd).toBe(strip.costUsd)
})
