/** Case 21: ids that a relay gives to many calls, or begins to count again. */
import { describe, expect, test } from 'vitest'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import { type StoredSpan, textOf } from '../langfuse-stand-in/stored-span.ts'
import { playCase, type Played, requestsOf, startRig } from './case.ts'
import { apiRequest, logs, type MadeLog } from './made.ts'

async function costs(rig: Played): Promise<Record<string, number | null>> {
  const { sessions } = await rig.api<SessionList>('/api/sessions')
  return Object.fromEntries(
    sessions.map(({ sessionId, costUsd }) => [sessionId.slice(0, 8), costUsd]),
  )
}

/** By session: what Langfuse adds up, over observations with ids of their own. */
function delivered(spans: readonly StoredSpan[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { attributes, cost } of spans) {
    if (cost.total === undefined) continue
    const id = textOf(attributes['session.id']).slice(0, 8)
    sums[id] = Math.round(((sums[id] ?? 0) + Number(cost.total)) * 1e6) / 1e6
  }
  return sums
}

const truth = { '00000001': 0.7, '00000002': 0.4, '00000003': 0.7 }

test('constant, restarting and missing request ids lose nothing', async () => {
  const rig = await playCase('21')
  expect(await costs(rig)).toEqual(truth)
  expect(await rig.cli('session', '00000001')).toContain('$0.70')
  await rig.stop()
  expect(delivered(rig.langfuse.spans())).toEqual(truth)
})

test('a resend counts once, however often it comes', async () => {
  const rig = await startRig()
  const requests = requestsOf('21')
  for (const { signal, body } of [...requests, ...requests, ...requests.toReversed()]) {
    await rig.send(signal, body)
  }
  expect(await costs(rig)).toEqual(truth)
  await rig.stop()
  expect(delivered(rig.langfuse.spans())).toEqual(truth)
})

test('what is stored is told again as it was', async () => {
  const rig = await playCase('21')
  const key = encodeURIComponent('claude-code/00000001-1111-4222-8333-444444444444')
  const { turns } = await rig.api<Session>(`/api/sessions/${key}`)
  expect(turns.map(({ costUsd }) => costUsd)).toEqual([0.1, 0.2, 0.4])
})

// Variants of our own: records made here.

const call = apiRequest
const tool = (name: string, at: number, sequence: number): MadeLog => ({
  name,
  at,
  sequence,
  values: { tool_name: 'Bash', tool_use_id: 'toolu_1', decision: 'accept', success: 'true' },
})

interface Sums {
  readonly costUsd: number | null
  readonly calls: number
  readonly tools: number
}

async function sums(requests: readonly (readonly MadeLog[])[]): Promise<Sums> {
  const rig = await startRig()
  for (const records of requests) await rig.send('logs', logs(records))
  const { strip } = await rig.api<Session>(`/api/sessions/${encodeURIComponent('claude-code/s1')}`)
  await rig.stop()
  const spans = rig.langfuse.spans()
  expect(new Set(spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`)).size).toBe(
    spans.length,
  )
  const generations = spans.filter(({ type }) => type === 'generation')
  const tools = spans.filter(({ type }) => type === 'tool')
  expect([generations.length, tools.length]).toEqual([strip.modelCalls, strip.toolResults])
  return { costUsd: strip.costUsd, calls: strip.modelCalls, tools: strip.toolResults }
}

const live = [call(1000, 1), call(2000, 2), call(3000, 3)]
const tools = [
  tool('tool_decision', 100, 1),
  tool('tool_result', 200, 2),
  tool('tool_decision', 300, 3),
  tool('tool_result', 400, 4),
]

describe('one id in one prompt', () => {
  const rows: readonly [string, readonly (readonly MadeLog[])[], Partial<Sums>][] = [
    ['on every call', [live], { costUsd: 0.75, calls: 3 }],
    ['on every call, sent one by one', live.map((one) => [one]), { costUsd: 0.75, calls: 3 }],
    ['on every call, and sent twice', [live, live], { costUsd: 0.75, calls: 3 }],
    ['twice in one request', [[call(1000, 1), call(1000, 1)]], { costUsd: 0.25, calls: 1 }],
    ['of two processes at one moment', [[call(1000, 1), call(1000, 2)]], { calls: 2 }],
    [
      'with a copy of each that a backfill made',
      [live, [call(1001, undefined), call(2001, undefined), call(3001, undefined)]],
      { costUsd: 0.75, calls: 3 },
    ],
    [
      'with the copies first, and again',
      [
        [call(1001, undefined), call(2001, undefined)],
        live,
        [call(1001, undefined), call(2001, undefined)],
      ],
      { costUsd: 0.75, calls: 3 },
    ],
    [
      'with a copy of one call that was lost',
      [[call(1000, 1)], [call(1001, undefined), call(2001, undefined, { output_tokens: 9 })]],
      { costUsd: 0.5, calls: 2 },
    ],
    [
      'of a version that does not count its events',
      [[call(1000, undefined), call(2000, undefined)]],
      { costUsd: 0.5, calls: 2 },
    ],
    ['on every tool', [tools], { tools: 2 }],
    ['on every tool, sent twice', [tools, tools], { tools: 2 }],
  ]
  test.each(rows)('%s', async (_, requests, expected) => {
    expect(await sums(requests)).toMatchObject(expected)
  })
})
