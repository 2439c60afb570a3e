/** The team's sessions, as a list has them. */
import type { SessionRow } from '../../../src/api/contract/session-list.ts'
import { noise, tokensOf, USERS } from './team.ts'

const TITLES = [
  'Fix the flaky checkout test',
  'Move the importer to streams and delete the temporary files it leaves behind',
  'Why is the nightly build slow?',
  null,
  'Write release notes for 4.2',
] as const

export function sessionRows(nowMs: number): readonly SessionRow[] {
  return Array.from({ length: 60 }, (_, index): SessionRow => {
    const size = 0.2 + 4 * noise(index + 1) ** 3
    const lastMs = nowMs - index * 5_400_000 - 40_000
    const id = `${(index * 7919 + 4_096).toString(16).padStart(8, '0')}-5353-4928-a8f7-943cae4b3835`
    return {
      key: `claude-code/${id}`,
      agent: 'claude-code',
      sessionId: id,
      title: TITLES[index % TITLES.length] ?? null,
      userId: USERS[index % USERS.length] ?? null,
      project: index % 4 === 3 ? null : (['shop', 'importer', 'site'][index % 3] ?? null),
      team: index % 2 === 0 ? 'payments' : 'platform',
      isOpen: index < 2,
      closeReason: index < 2 ? null : 'idle',
      firstMs: lastMs - 4_000_000 * size,
      lastMs,
      costUsd: 0.042_908 * (index + 1) * size,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens: tokensOf(size * 10),
      prompts: Math.ceil(size * 3),
      modelCalls: Math.ceil(size * 22),
      toolResults: Math.ceil(size * 30),
      errors: index % 5 === 1 ? 3 : 0,
    }
  })
}
