import { describe, expect, it, test } from 'vitest'
import { type RequestItem, requestItems, requestOf } from '../../../src/otlp/request-items.ts'
import { createRecordMasker } from '../../../src/processors/redact/record-masker.ts'
import { createRequestMasker } from '../../../src/processors/redact/request-masker.ts'

const masker = createRequestMasker(
  createRecordMasker({ mode: 'on', attributes: new Set(), userRules: [], content: new Set() }),
  true,
)

/** The items of a request in JSON. */
function itemsOf(text: string, signal: 'logs' | 'metrics'): RequestItem[] {
  return [...requestItems(Buffer.from(text), signal, 'json')].filter((item) => item !== undefined)
}

/** An attribute with this value, as it is written again. */
function rewritten(value: string, isMasked: boolean): string {
  const attribute = `{"key":"a","value":${value}}`
  const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[${attribute}]}]}]}]}`
  const items = itemsOf(text, 'logs').map((each) => ({
    ...each,
    item: isMasked ? masker.maskItem(each.item) : each.item,
  }))
  return JSON.stringify(requestOf(items, 'logs')).slice(text.indexOf(value), -'}]}]}]}]}'.length)
}

describe.each([false, true])('a number in JSON, masked: %s', (isMasked) => {
  it.each([
    ['{"doubleValue":1e400}', '{"doubleValue":"Infinity"}'],
    ['{"doubleValue": -1.5E+400 }', '{"doubleValue":"-Infinity"}'],
    ['{"double_value":1e0400}', `{"${isMasked ? 'doubleValue' : 'double_value'}":"Infinity"}`],
    [`{"doubleValue":1${'0'.repeat(299)}e99}`, '{"doubleValue":"Infinity"}'],
    [`{"doubleValue":1${'0'.repeat(299)}.5e99}`, '{"doubleValue":"Infinity"}'],
    ['{"arrayValue":{"values":[{"doubleValue":1e999}]}}', undefined],
    ['{"doubleValue":1e308}', '{"doubleValue":1e+308}'],
    ['{"doubleValue":1e-400}', '{"doubleValue":0}'],
    ['{"doubleValue":-0.0}', '{"doubleValue":"-0"}'],
    ['{"doubleValue":-1e-400}', '{"doubleValue":"-0"}'],
    ['{"intValue":9223372036854775807}', '{"intValue":"9223372036854775807"}'],
    ['{"stringValue":":1e400"}', '{"stringValue":":1e400"}'],
  ])('%s is passed on', (sent, expected = sent.replace('1e999', '"Infinity"')) => {
    expect(rewritten(sent, isMasked)).toBe(expected)
  })
})

test('an integer beyond every double leaves its field unset, and not the request unreadable', () => {
  expect(rewritten('{"intValue":1e400}', false)).toBe('{"intValue":null}')
})

test('points of metrics keep what is infinite', () => {
  const point = '{"timeUnixNano":"1","asDouble":1e400,"explicitBounds":[1,1e400],"flags":1e400}'
  const metric = `{"name":"m","histogram":{"dataPoints":[${point}]}}`
  const text = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${metric}]}]}]}`
  expect(itemsOf(text, 'metrics').map(({ item }) => item)).toEqual([
    {
      name: 'm',
      histogram: {
        dataPoints: [
          {
            timeUnixNano: '1',
            asDouble: 'Infinity',
            explicitBounds: [1, 'Infinity'],
            flags: null,
          },
        ],
      },
    },
  ])
})
