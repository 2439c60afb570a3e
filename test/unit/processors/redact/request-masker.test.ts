/** Masking of items as they were sent, for what is forwarded. */
import { describe, expect, test } from 'vitest'
import type { JsonMessage } from '../../../../src/otlp/message-codec.ts'
import type { ContentKind } from '../../../../src/processors/redact/content.ts'
import { createRecordMasker } from '../../../../src/processors/redact/record-masker.ts'
import { createRequestMasker } from '../../../../src/processors/redact/request-masker.ts'

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
const MARK = '[masked: github-token]'

function masked(item: JsonMessage, ...kinds: ContentKind[]): JsonMessage {
  const masker = createRecordMasker({
    mode: 'on',
    attributes: new Set(),
    userRules: [],
    content: new Set(kinds),
  })
  return { ...createRequestMasker(masker, true).maskItem(item) }
}

describe('ids', () => {
  test.each([
    ['0123456789abcdef0123456789ABCDEF', '0123456789abcdef'],
    ['ASNFZ4mrze8BI0VniavN7w==', 'ASNFZ4mrze8='],
    ['', ''],
  ])('that are valid stay: %j, %j', (traceId, spanId) => {
    const item = { traceId, spanId, parent_span_id: spanId, links: [{ traceId, spanId }] }
    expect(masked(item)).toEqual(item)
  })

  test('that are any text are masked as text', () => {
    expect(masked({ traceId: TOKEN, span_id: `a ${TOKEN}`, parentSpanId: 'none' })).toEqual({
      traceId: MARK,
      span_id: `a ${MARK}`,
      parentSpanId: 'none',
    })
  })

  test.each(['hex', 'base64'] as const)(
    'whose bytes are a secret in %s are left out',
    (encoding) => {
      const traceId = Buffer.from(TOKEN).toString(encoding)
      expect(masked({ traceId, links: [{ spanId: traceId }] })).toEqual({
        traceId: '',
        links: [{ spanId: '' }],
      })
    },
  )
})
