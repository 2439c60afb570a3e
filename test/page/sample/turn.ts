/** The turns of a session, with their waterfall. */
import type { SessionRow } from '../../../src/api/contract/session-list.ts'
import type { Turn, TurnHead, WaterfallItem } from '../../../src/api/contract/turn.ts'
import { MODELS, noise, tokensOf } from './team.ts'

export function turnHeads(row: SessionRow): TurnHead[] {
  const prompts = [
    'The checkout test fails about one time in ten on CI. Find out why, and mend it.',
    'Good. Now make sure that it cannot come back.',
    null,
    'Commit it, and open a pull request.',
  ]
  return prompts.map((text, index): TurnHead => {
    const size = 0.4 + noise(index + 5)
    const startMs = row.firstMs + index * 400_000
    return {
      key: `prompt-${index + 1}`,
      ordinal: index + 1,
      startMs,
      endMs: startMs + 96_000 * size,
      isSynthetic: false,
      command: index === 2 ? 'compact' : null,
      prompt: { text, note: text === null ? 'not recorded; set OTEL_LOG_USER_PROMPTS=1' : null },
      answer: {
        text: 'The test waits for the first of two requests, and they come in any order. It now waits for both.',
        note: null,
      },
      costUsd: 0.31 * size,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens: tokensOf(3 * size),
      modelCalls: Math.round(9 * size),
      toolResults: Math.round(11 * size),
      errors: index === 1 ? 1 : 0,
      truncated: false,
      langfuseUrl: 'http://127.0.0.1:3000/trace/0b0e',
    }
  })
}

export function turn(row: SessionRow, key: string): Turn | undefined {
  const head = turnHeads(row).find((one) => one.key === key)
  if (head === undefined) return undefined
  const spanMs = head.endMs - head.startMs
  const at = (part: number): number => head.startMs + part * spanMs
  const none = { text: null, note: null }
  const item = (
    id: string,
    kind: WaterfallItem['kind'],
    name: string,
    from: number,
    to: number,
    more: Partial<WaterfallItem> = {},
  ): WaterfallItem => ({
    id,
    parentId: null,
    kind,
    name,
    summary: kind === 'tool' ? 'npm test -- checkout' : null,
    startMs: at(from),
    endMs: at(to),
    level: 'default',
    statusMessage: null,
    costUsd: kind === 'call' ? 0.021_3 : null,
    costSource: kind === 'call' ? 'agent' : null,
    tokens: kind === 'call' ? tokensOf(0.4) : null,
    ttftMs: kind === 'call' ? 1_100 : null,
    input:
      kind === 'tool'
        ? { text: '{"command":"npm test -- checkout","timeout":120000}', note: null }
        : null,
    output: kind === 'tool' ? { ...none, note: 'not recorded; set OTEL_LOG_TOOL_CONTENT=1' } : null,
    facts: { request_id: `req_${id}` },
    truncated: false,
    ...more,
  })
  return {
    turn: head,
    omittedItems: 0,
    nextCursor: null,
    items: [
      item('1', 'call', MODELS[0], 0, 0.12),
      item('2', 'waiting', 'permission for Bash', 0.12, 0.2),
      item('3', 'tool', 'Bash', 0.2, 0.33, { level: 'error', statusMessage: 'exit code 1' }),
      item('4', 'call', MODELS[0], 0.34, 0.42),
      item('5', 'tool', 'Agent', 0.42, 0.8),
      item('6', 'subagent', 'general-purpose', 0.43, 0.79, { parentId: '5' }),
      item('7', 'call', MODELS[1], 0.44, 0.52, { parentId: '6' }),
      item('8', 'tool', 'Grep', 0.52, 0.54, { parentId: '6' }),
      item('9', 'call', MODELS[1], 0.55, 0.78, { parentId: '6' }),
      item('10', 'tool', 'Edit', 0.81, 0.82, {
        level: 'warning',
        statusMessage: 'refused by the user',
      }),
      item('11', 'note', 'compaction', 0.83, 0.88),
      item('12', 'call', MODELS[0], 0.88, 1),
    ],
  }
}
