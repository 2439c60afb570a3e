/** One session of the team. */
import type { Session } from '../../../src/api/contract/session.ts'
import type { SessionRow } from '../../../src/api/contract/session-list.ts'
import { MODELS, tokensOf } from './team.ts'
import { tools } from './tools.ts'
import { turnHeads } from './turn.ts'

export function session(row: SessionRow): Session {
  const turns = turnHeads(row)
  const costUsd = turns.reduce((sum, turn) => sum + (turn.costUsd ?? 0), 0)
  return {
    session: row,
    strip: {
      costUsd,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens: row.tokens,
      cacheHitRatio: 0.924,
      durationMs: row.lastMs - row.firstMs,
      activeUserS: 312,
      activeAgentS: 1_904,
      prompts: turns.length,
      modelCalls: row.modelCalls,
      modelErrors: 1,
      toolResults: row.toolResults,
      toolFailures: 2,
      toolRefusals: 1,
      subagents: 2,
      linesAdded: 214,
      linesRemoved: 88,
      commits: 2,
      pullRequests: 1,
      editsAccepted: 9,
      editsRejected: 1,
      errors: row.errors,
    },
    masked: { 'github-token': 2, password: 1 },
    scores: [
      {
        name: 'quality',
        value: 94.2,
        max: 100,
        comment: '100 × mean of tool_success_rate 0.983, edit_acceptance_rate 0.900',
      },
      {
        name: 'efficiency',
        value: 95.8,
        max: 100,
        comment: '100 × mean of cache_hit_rate 0.924, api_success_rate 0.991',
      },
      {
        name: 'tool_success_rate',
        value: 0.983,
        max: 1,
        comment: '118 of 120 tool results succeeded',
      },
      { name: 'edit_acceptance_rate', value: 0.9, max: 1, comment: '9 of 10 edits were accepted' },
      {
        name: 'api_success_rate',
        value: 0.991,
        max: 1,
        comment: '109 of 110 model calls succeeded',
      },
      {
        name: 'cache_hit_rate',
        value: 0.924,
        max: 1,
        comment: '34780 of 37641 input tokens were read from the cache',
      },
    ],
    models: MODELS.slice(0, 2).map((model, index) => ({
      model,
      calls: 84 - 60 * index,
      errors: 1 - index,
      costUsd: costUsd * (index === 0 ? 0.8 : 0.2),
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens: tokensOf(20 - 14 * index),
      avgMs: 4_200 - 2_000 * index,
      p95Ms: 14_100 - 9_000 * index,
      ttftMs: 1_300 - 600 * index,
    })),
    tools: [...tools],
    turns,
    omittedTurns: 0,
    turnsCursor: null,
    attributes: {
      'crow.session.id': '0b0e7a52-8f4e-4f0e-9a43-0a6a3c0c2f10',
      project: row.project ?? 'shop',
      team: row.team ?? 'payments',
      'service.name': 'claude-code',
      'service.version': '2.1.329',
    },
    omittedAttributes: 0,
    files: [
      { path: 'src/payments/invoice.ts', times: 3 },
      { path: 'test/invoice.test.ts', times: 1 },
    ],
    omittedFiles: 0,
    work: [
      {
        kind: 'commit',
        name: '1a2b3c4',
        url: 'https://github.com/acme/shop/commit/1a2b3c4',
        repository: 'acme/shop',
        branch: 'feature/SHOP-42',
        atMs: row.lastMs,
        turn: null,
      },
      {
        kind: 'pull_request',
        name: 'https://github.com/acme/shop/pull/7',
        url: 'https://github.com/acme/shop/pull/7',
        repository: 'acme/shop',
        branch: 'feature/SHOP-42',
        atMs: row.lastMs,
        turn: null,
      },
    ],
    agentVersion: '2.1.329',
    reconciliation: {
      eventsUsd: costUsd,
      metricsUsd: costUsd,
      eventsTokens: 1,
      metricsTokens: 1,
    },
    langfuseUrl: 'http://127.0.0.1:3000/sessions/x',
  }
}
