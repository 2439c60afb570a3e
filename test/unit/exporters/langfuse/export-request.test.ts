import { expect, it } from 'vitest'
import { EMPTY_EXPORT_REQUEST, exportRequestJson } from '../../../../src/exporters/langfuse/span.ts'

it('puts spans into one resource and scope', () => {
  expect(JSON.parse(exportRequestJson(['{"name":"a"}', '{"name":"b"}'], '1.2.3'))).toEqual({
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'claude-telemetry' } }],
        },
        scopeSpans: [
          {
            scope: { name: 'claude-telemetry', version: '1.2.3' },
            spans: [{ name: 'a' }, { name: 'b' }],
          },
        ],
      },
    ],
  })
})

it('is empty without a resource', () => {
  expect(JSON.parse(EMPTY_EXPORT_REQUEST)).toEqual({ resourceSpans: [] })
})
