/** Each usage counts once, however the spans of a prompt come. */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import { figuresOf, ordersOf, type Sketch, spansOf } from './span-orders.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const session = { 'gen_ai.conversation.id': 's-1' }
const chat = (input: number, cached: number, output: number, more: Attributes = {}): Sketch => ({
  name: 'chat m',
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'm',
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.cache_read.input_tokens': cached,
    'gen_ai.usage.output_tokens': output,
    ...session,
    ...more,
  },
})
const agent = (sum: readonly [number, number] | undefined, within: readonly Sketch[]): Sketch => ({
  name: 'invoke_agent',
  attributes: {
    'gen_ai.operation.name': 'invoke_agent',
    ...session,
    ...(sum && { 'gen_ai.usage.input_tokens': sum[0], 'gen_ai.usage.output_tokens': sum[1] }),
  },
  within,
})
const tool = (within: readonly Sketch[] = []): Sketch => ({
  name: 'execute_tool t',
  attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 't', ...session },
  within,
})
const host = (within: readonly Sketch[]): Sketch => ({ name: 'POST', within })

const none = { failedCalls: 0, failedTools: 0, cacheWrite: 0, usd: 0 }
const one = { sessions: ['genai/s-1'], turns: 1, ...none }

const cases: Readonly<Record<string, readonly [Sketch, object]>> = {
  'a root repeats its calls': [
    agent([140, 25], [chat(60, 50, 20), tool(), chat(80, 60, 5)]),
    { ...one, calls: 2, tools: 1, input: 30, cacheRead: 110, output: 25, delivered: 30 },
  ],
  'spans of others stand between the root and its calls': [
    agent([140, 25], [host([chat(60, 50, 20)]), tool(), host([host([chat(80, 60, 5)])])]),
    { ...one, calls: 2, tools: 1, input: 30, cacheRead: 110, output: 25, delivered: 30 },
  ],
  'a call stands below a tool': [
    agent([140, 25], [chat(60, 50, 20), tool([chat(80, 60, 5)])]),
    { ...one, calls: 2, tools: 1, input: 30, cacheRead: 110, output: 25, delivered: 30 },
  ],
  'a subagent repeats its calls, and the root all': [
    agent([140, 25], [chat(60, 50, 20), tool([agent([80, 5], [host([chat(80, 60, 5)])])])]),
    { ...one, calls: 2, tools: 1, input: 30, cacheRead: 110, output: 25, delivered: 30 },
  ],
  'a subagent alone tells what it used': [
    agent([60, 20], [chat(60, 50, 20), tool([agent([80, 5], [])])]),
    { ...one, calls: 1, tools: 1, input: 90, cacheRead: 50, output: 25, delivered: 90 },
  ],
  'the root alone tells what it used': [
    agent([140, 25], [tool()]),
    { ...one, calls: 0, tools: 1, input: 140, cacheRead: 0, output: 25, delivered: 140 },
  ],
  'a call wraps a call': [
    agent(undefined, [{ ...chat(60, 50, 20), within: [host([chat(60, 50, 20)])] }]),
    { ...one, calls: 1, tools: 0, input: 10, cacheRead: 50, output: 20, delivered: 10 },
  ],
  'an application is around the agent': [
    host([agent([60, 20], [chat(60, 50, 20)])]),
    { ...one, calls: 1, tools: 0, input: 10, cacheRead: 50, output: 20, delivered: 10 },
  ],
}

describe.each(Object.entries(cases))('%s', (_name, [root, expected]) => {
  test.each(Object.entries(ordersOf(spansOf(root, TRACE))))('%s', async (_order, requests) => {
    expect(await figuresOf(requests)).toEqual(expected)
  })
})
