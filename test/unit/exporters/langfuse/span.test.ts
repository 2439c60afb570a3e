import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../../src/domain/emission.ts'
import { spanIdOf, traceIdOf } from '../../../../src/exporters/ids.ts'
import { spanOf } from '../../../../src/exporters/langfuse/span.ts'
import { sampleObservation, START_MS } from './sample-emissions.ts'

const CONFIG = { productVersion: '1.2.3' }

/** Attributes by name, as Langfuse reads them. */
function attributes(changes: Partial<Observation>, config: object = {}): Record<string, unknown> {
  const span = spanOf(sampleObservation(changes), { ...CONFIG, ...config })
  return Object.fromEntries(
    span.attributes.map(({ key, value }) => [
      key,
      'stringValue' in value
        ? value.stringValue
        : value.arrayValue.values.map(({ stringValue }) => stringValue),
    ]),
  )
}

const context = sampleObservation().context
const usage = { input: 10, output: 20, cacheRead: 300, cacheCreation: 40 }

describe('attributes', () => {
  it('of the least observation: nothing but what stands on every span', () => {
    expect(attributes({})).toEqual({
      'langfuse.session.id': 's-1',
      'session.id': 's-1',
      'langfuse.trace.name': 'conversation',
      'langfuse.environment': 'default',
      'langfuse.observation.type': 'span',
      'langfuse.observation.level': 'DEFAULT',
    })
  })

  it.each<[string, Partial<Observation>, Record<string, unknown>]>([
    [
      'user',
      { context: { ...context, userId: 'a@b.c' } },
      { 'langfuse.user.id': 'a@b.c', 'user.id': 'a@b.c' },
    ],
    ['tags', { context: { ...context, tags: ['x', 'y'] } }, { 'langfuse.trace.tags': ['x', 'y'] }],
    [
      'trace metadata',
      { context: { ...context, metadata: { team: 'core', __proto__x: '1' } } },
      { 'langfuse.trace.metadata.team': 'core', 'langfuse.trace.metadata.__proto__x': '1' },
    ],
    ['version', { context: { ...context, agentVersion: '2.1' } }, { 'langfuse.version': '2.1' }],
    [
      'environment',
      { context: { ...context, environment: 'Prod' } },
      { 'langfuse.environment': 'prod' },
    ],
    ['type', { type: 'event' }, { 'langfuse.observation.type': 'event' }],
    ['text input', { input: '{"a": 1}' }, { 'langfuse.observation.input': '{"a": 1}' }],
    ['empty output', { output: '' }, { 'langfuse.observation.output': '' }],
    [
      'structured input',
      { input: { a: [1, null] } },
      { 'langfuse.observation.input': '{"a":[1,null]}' },
    ],
    ['number output', { output: 0 }, { 'langfuse.observation.output': '0' }],
    ['level', { level: 'WARNING' }, { 'langfuse.observation.level': 'WARNING' }],
    ['status message', { statusMessage: 'no' }, { 'langfuse.observation.status_message': 'no' }],
    [
      'metadata',
      { metadata: { text: 't', list: ['a'], yes: true, nothing: null, absent: undefined } },
      {
        'langfuse.observation.metadata.text': 't',
        'langfuse.observation.metadata.list': '["a"]',
        'langfuse.observation.metadata.yes': 'true',
      },
    ],
    [
      'what a tool was used for',
      { type: 'tool', name: 'Read', input: '{"file_path":"a.ts","offset":2,"limit":3}' },
      {
        'langfuse.observation.type': 'tool',
        'langfuse.observation.input': '{"file_path":"a.ts","offset":2,"limit":3}',
        'langfuse.observation.metadata.summary': 'a.ts:2-4',
      },
    ],
    [
      'nothing of a tool whose input is not recorded',
      { type: 'tool', name: 'Read', input: '[not recorded]' },
      {
        'langfuse.observation.type': 'tool',
        'langfuse.observation.input': '[not recorded]',
      },
    ],
    [
      'half a surrogate pair',
      { input: 'cut \ud83d' },
      { 'langfuse.observation.input': 'cut \ufffd' },
    ],
    [
      'a generation',
      {
        type: 'generation',
        model: 'claude-opus-5',
        modelParameters: { effort: 'high' },
        usage,
        costUsd: 0.0125,
        completionStartMs: START_MS + 250,
      },
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'claude-opus-5',
        'langfuse.observation.model.parameters': '{"effort":"high"}',
        'langfuse.observation.usage_details':
          '{"input":10,"output":20,"cache_read_input_tokens":300,"cache_creation_input_tokens":40}',
        'langfuse.observation.cost_details': '{"total":0.0125}',
        'langfuse.observation.completion_start_time': '2026-09-21T14:13:20.250Z',
      },
    ],
    [
      'a cost that the agent told, by kind of token',
      {
        type: 'generation',
        usage: { ...usage, output: 50, reasoning: 20, cacheCreation5m: 30, cacheCreation1h: 10 },
        costUsd: 1,
        costSource: 'agent',
        costByKind: {
          input: 0.1,
          output: 0.5,
          reasoning: 0.2,
          cacheRead: 0.1,
          cacheCreation: 0.3,
          cacheCreation5m: 0.2,
          cacheCreation1h: 0.1,
        },
      },
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.metadata.cost_source': 'agent',
        'langfuse.observation.usage_details':
          '{"input":10,"output":30,"output_reasoning_tokens":20,"cache_read_input_tokens":300,"input_cache_creation_5m":30,"input_cache_creation_1h":10}',
        'langfuse.observation.cost_details':
          '{"input":0.1,"output":0.3,"output_reasoning_tokens":0.2,"cache_read_input_tokens":0.1,"input_cache_creation_5m":0.2,"input_cache_creation_1h":0.1,"total":1}',
      },
    ],
    [
      'an estimate, which is no cost: Langfuse has prices of its own',
      { type: 'generation', costUsd: 0.5, costSource: 'estimated', costByKind: { input: 0.5 } },
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.metadata.cost_source': 'estimated',
        'langfuse.observation.metadata.estimated_cost_usd': '0.5',
      },
    ],
    [
      'a free generation',
      { type: 'generation', costUsd: 0 },
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.cost_details': '{"total":0}',
      },
    ],
    [
      'a generation of unknown cost',
      { type: 'generation', costUsd: Number.NaN },
      {
        'langfuse.observation.type': 'generation',
      },
    ],
    [
      'reasoning apart from the rest of the output',
      { type: 'generation', usage: { ...usage, output: 50, reasoning: 20 } },
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.usage_details':
          '{"input":10,"output":30,"output_reasoning_tokens":20,"cache_read_input_tokens":300,"cache_creation_input_tokens":40}',
      },
    ],
    [
      'usage that is no count',
      {
        type: 'generation',
        usage: { input: 1.6, output: -1, cacheRead: Number.NaN, cacheCreation: 0 },
      },
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.usage_details':
          '{"input":2,"output":0,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}',
      },
    ],
    [
      'cost and usage of anything else',
      { type: 'agent', model: 'm', usage, costUsd: 1 },
      {
        'langfuse.observation.type': 'agent',
      },
    ],
  ])('%s', (_what, changes, expected) => {
    expect(attributes(changes)).toEqual({ ...attributes({}), ...expected })
  })

  it('the installation gives its environment and release', () => {
    expect(attributes({}, { environment: 'Team', release: 'r7' })).toEqual({
      ...attributes({}),
      'langfuse.environment': 'team',
      'langfuse.release': 'r7',
    })
  })
})

describe('an estimate, where it is to be sent', () => {
  it.each(['estimated', 'override'] as const)('is the cost: %s', (costSource) => {
    const estimate = { type: 'generation', costUsd: 0.5, costSource } as const
    expect(attributes(estimate, { sendEstimates: true })).toMatchObject({
      'langfuse.observation.metadata.cost_source': costSource,
      'langfuse.observation.cost_details': '{"total":0.5}',
    })
  })
})

describe('span', () => {
  it('has ids from its natural keys, and its parent', () => {
    expect(
      spanOf(sampleObservation({ traceKey: 't', key: 'k', parentKey: 'p' }), CONFIG),
    ).toMatchObject({
      traceId: traceIdOf('t'),
      spanId: spanIdOf('t', 'k'),
      parentSpanId: spanIdOf('t', 'p'),
      name: 'conversation',
    })
  })

  it('has no parent at the root', () => {
    expect(spanOf(sampleObservation(), CONFIG)).not.toHaveProperty('parentSpanId')
  })

  it.each([
    ['DEFAULT', 0],
    ['WARNING', 0],
    ['ERROR', 2],
  ] as const)('at level %s has status %d', (level, code) => {
    expect(spanOf(sampleObservation({ level }), CONFIG).status.code).toBe(code)
  })

  it.each([
    ['a duration', START_MS + 1.5, '1790000000001500000'],
    ['none', START_MS, '1790000000000000000'],
    ['an end before the start', START_MS - 5, '1790000000000000000'],
  ])('with %s', (_what, endMs, endTimeUnixNano) => {
    expect(spanOf(sampleObservation({ endMs }), CONFIG)).toMatchObject({
      startTimeUnixNano: '1790000000000000000',
      endTimeUnixNano,
    })
  })

  it('is the same for the same observation', () => {
    const once = JSON.stringify(spanOf(sampleObservation(), CONFIG))
    expect(JSON.stringify(spanOf(structuredClone(sampleObservation()), CONFIG))).toBe(once)
  })

  it('is not made of a time that is none', () => {
    expect(() => spanOf(sampleObservation({ startMs: Number.NaN }), CONFIG)).toThrow(/NaN/)
  })
})
