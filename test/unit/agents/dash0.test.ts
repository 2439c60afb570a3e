/**
 * Claude Code's own telemetry beside that of Dash0's plugin, which tells the same session from hooks
 * and transcript: a turn's sum on one `chat` span (`test/fixtures/public/dash0-*` are of 0.1.9).
 */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { newSession } from '../../../src/sessions/state.ts'
import { processSpans } from '../processors/processed.ts'
import { at, call, policy, prompt, result, T0 } from '../sessions/events.ts'
import { spansOf } from './span-orders.ts'

const inSession = {
  'gen_ai.conversation.id': 's1',
  'gen_ai.harness.name': 'claude-code',
  'gen_ai.provider.name': 'anthropic',
}

const plugin = processSpans(
  spansOf(
    {
      name: 'chat claude-opus-5-5',
      scope: 'dash0-agent-plugin',
      resource: { 'service.name': 'claude-code' },
      attributes: {
        ...{ ...inSession, 'gen_ai.operation.name': 'chat' },
        'gen_ai.request.model': 'claude-opus-5-5',
        'gen_ai.usage.input_tokens': 20,
        'gen_ai.usage.output_tokens': 40,
        'gen_ai.usage.cache_read.input_tokens': 60,
        'gen_ai.usage.cache_creation.input_tokens': 80,
        'dash0.gen_ai.usage.cost': 0.02,
      },
      within: [
        {
          name: 'execute_tool Bash',
          attributes: {
            ...{ ...inSession, 'gen_ai.operation.name': 'execute_tool' },
            ...{ 'gen_ai.tool.name': 'Bash', 'gen_ai.tool.call.id': 't1' },
          },
        },
      ],
    },
    '0af7651916cd43dd8448eb211c80319c',
    at(3),
  ),
  at(4),
).accepted.map(({ item }) => item)

const own: readonly AgentEvent[] = [prompt(0), call(1, 'r1'), result(2, 't1'), call(3, 'r2')]

function totalsOf(items: readonly (AgentEvent | MetricSample)[]) {
  const inputs = items.map(
    (item): SessionInput => ({ kind: 'record', item, resource: {}, atMs: at(5) }),
  )
  const [first] = items
  if (first === undefined || first.kind === 'metric') throw new Error('nothing to fold')
  const closing: SessionInput = { kind: 'close', reason: 'idle', atMs: at(100) }
  const { state, emissions } = reduce(
    newSession('claude-code/s1', first, T0),
    [...inputs, closing],
    policy,
  )
  const spent = emissions.map((of) => (of.kind === 'observation' ? (of.costUsd ?? 0) : 0))
  const { modelCalls, toolResults, usage, costUsd } = state.totals
  const turns = state.turnCount
  return {
    turns,
    modelCalls,
    toolResults,
    usage,
    costUsd,
    delivered: spent.reduce((a, b) => a + b),
  }
}

const once = {
  ...{
    turns: 1,
    toolResults: 1,
    usage: { input: 20, output: 40, cacheRead: 60, cacheCreation: 80 },
  },
  ...{ costUsd: 0.02, delivered: 0.02 },
}

describe('a session that both tell', () => {
  test.each([
    ['first its own', [...own, ...plugin]],
    ['first the plugin’s', [...plugin, ...own]],
    ['mixed', [own[0], ...plugin, ...own.slice(1)].filter((of) => of !== undefined)],
  ])('counts once, %s', (_order, items) => {
    expect(totalsOf(items)).toEqual({ ...once, modelCalls: 2 })
  })

  test('counts what the plugin tells where nothing else does', () => {
    expect(totalsOf(plugin)).toEqual({ ...once, modelCalls: 1 })
  })
})
