/**
 * Every call of every recording by the price table, held against what Claude Code says it cost. Where
 * the two differ, docs/reference.md says why; a new difference has to be explained there.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { ModelCallEvent } from '../../../src/domain/agent-event.ts'
import type { LogRecord } from '../../../src/domain/telemetry-record.ts'
import { jsonLogs } from '../../../src/otlp/json-logs.ts'
import { decodeJson } from '../../../src/otlp/json-request.ts'
import { decodeProto } from '../../../src/otlp/proto-envelope.ts'
import { wireLogs } from '../../../src/otlp/proto-logs.ts'
import { createPriceTable } from '../../../src/prices/price-table.ts'
import {
  recording,
  recordingNames,
  type RecordedRequest,
} from '../../integration/corpus/recording.ts'
import { whole } from '../otlp/decoded.ts'
import { processLogs } from '../processors/processed.ts'

const ARRIVED_MS = Date.parse('2027-01-01')

function logsOf({ headers, body }: RecordedRequest): readonly LogRecord[] {
  const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  const decoded =
    headers['content-type'] === 'application/json'
      ? whole(decodeJson(bytes, jsonLogs))
      : whole(decodeProto(bytes, wireLogs))
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value.accepted
}

const calls: readonly (ModelCallEvent & { readonly recording: string })[] = recordingNames.flatMap(
  (name) =>
    recording(name)
      .requests.filter(({ signal }) => signal === 'logs')
      .flatMap((request) => processLogs(logsOf(request), ARRIVED_MS).accepted)
      .flatMap(({ item }) => (item.kind === 'model_call' ? [{ ...item, recording: name }] : [])),
)

const priceOf = createPriceTable()
const estimated = calls.flatMap((call) => {
  const { cost, usage } = call
  if (cost?.source !== 'agent' || usage === undefined) return []
  return [{ call, told: cost.usd, price: priceOf({ ...call, usage }) }]
})

test('every recording has priced calls', () => {
  expect(new Set(estimated.map(({ call }) => call.recording)).size).toBeGreaterThan(18)
})

test('differs from what the agent says where docs/reference.md says so, and nowhere else', () => {
  const different = estimated.flatMap(({ call, told, price }) => {
    if (price !== undefined && Math.abs(price.usd - told) <= 1e-6) return []
    return [
      `${call.recording} ${call.model} ${price === undefined ? 'without a price' : (told / price.usd).toFixed(4)}`,
    ]
  })
  const counted = Map.groupBy(different, (text) => text)
  const documented = readFileSync('docs/reference.md', 'utf8')
  for (const [text, { length }] of counted) {
    const [recorded, , ratio] = text.split(' ')
    expect(documented).toContain(`| \`${recorded}\` | ${length} | ${ratio} |`)
  }
  expect([...counted].map(([text, { length }]) => `${length} × ${text}`)).toEqual([
    // The client took in an attempt that was lost.
    '1 × api-error-terminal claude-opus-5-5 1.0198',
  ])
})

test('splits each cost by kind of token, which adds up to it', () => {
  for (const { price } of estimated) {
    if (price === undefined) continue
    const { input = 0, output = 0, cacheRead = 0, cacheCreation = 0 } = price.byKind
    expect(input + output + cacheRead + cacheCreation).toBeCloseTo(price.usd, 12)
  }
})
