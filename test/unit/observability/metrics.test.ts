/** The product's own metrics, as Prometheus reads them. */
import { expect, test } from 'vitest'
import { createMetrics } from '../../../src/observability/metrics.ts'

/** The lines of a scrape that have a value of ours. */
async function ours(metrics: { scrape(): Promise<string> }): Promise<readonly string[]> {
  const text = await metrics.scrape()
  return text.split('\n').filter((line) => line.startsWith('claude_telemetry_'))
}

test('requests are counted by receiver, signal and code, their records and bytes beside them', async () => {
  const metrics = createMetrics()
  const request = { receiver: 'http', signal: 'logs', bytes: 100, durationMs: 4 } as const
  metrics.request({ ...request, status: 200, records: 7 })
  metrics.request({ ...request, status: 200, records: 3 })
  metrics.request({ ...request, status: 503, records: 0 })
  metrics.request({ ...request, receiver: 'grpc', status: 200, records: 1 })
  const lines = await ours(metrics)
  expect(lines).toEqual(
    expect.arrayContaining([
      'claude_telemetry_requests_total{receiver="http",signal="logs",code="200"} 2',
      'claude_telemetry_requests_total{receiver="http",signal="logs",code="503"} 1',
      'claude_telemetry_requests_total{receiver="grpc",signal="logs",code="200"} 1',
      'claude_telemetry_request_bytes_total{receiver="http",signal="logs"} 300',
      'claude_telemetry_records_total{receiver="http",signal="logs"} 10',
      'claude_telemetry_records_total{receiver="grpc",signal="logs"} 1',
      'claude_telemetry_request_duration_seconds_bucket{le="0.0025",receiver="http",signal="logs"} 0',
      'claude_telemetry_request_duration_seconds_bucket{le="0.005",receiver="http",signal="logs"} 3',
    ]),
  )
})

test('commits, deliveries, masked values and alerts are counted in seconds and by kind', async () => {
  const metrics = createMetrics()
  metrics.commit(2, true)
  metrics.commit(2000, false)
  metrics.exported('langfuse', 'accepted', 30)
  metrics.masked({ 'github-token': 2, password: 1 })
  metrics.masked({ password: 1 })
  metrics.budgetAlert('team', 100)
  expect(await ours(metrics)).toEqual(
    expect.arrayContaining([
      'claude_telemetry_storage_commit_duration_seconds_sum 2.002',
      'claude_telemetry_storage_commit_duration_seconds_count 2',
      'claude_telemetry_storage_commit_failures_total 1',
      'claude_telemetry_exporter_requests_total{exporter="langfuse",outcome="accepted"} 1',
      'claude_telemetry_exporter_request_duration_seconds_sum{exporter="langfuse"} 0.03',
      'claude_telemetry_masked_values_total{rule="github-token"} 2',
      'claude_telemetry_masked_values_total{rule="password"} 2',
      'claude_telemetry_budget_alerts_total{scope="team",threshold="100"} 1',
    ]),
  )
})

test('what is asked at a scrape is asked once for all scrapes at a time, and left out while unknown', async () => {
  const metrics = createMetrics()
  let asked = 0
  let open: number | undefined = 5
  const ask = async () => {
    asked += 1
    return { open, exporters: open === undefined ? [] : ['langfuse'] }
  }
  metrics.askAtScrape(ask, [
    {
      name: 'sessions_open',
      help: 'Open.',
      type: 'gauge',
      samples: ({ open: value }) => (value === undefined ? [] : [{ value }]),
    },
    {
      name: 'exporter_items_total',
      help: 'Items.',
      type: 'counter',
      labels: ['exporter'],
      samples: ({ exporters }) => exporters.map((exporter) => ({ labels: { exporter }, value: 3 })),
    },
  ])
  const figures = ['sessions_open 5', 'exporter_items_total{exporter="langfuse"} 3']
  const expected = expect.arrayContaining(figures.map((line) => `claude_telemetry_${line}`))
  expect(await Promise.all([ours(metrics), ours(metrics)])).toEqual([expected, expected])
  expect(asked).toBe(1)
  expect(await ours(metrics)).toEqual(expected)
  open = undefined
  const lines = await ours(metrics)
  expect(lines.filter((line) => /sessions_open|exporter_items/.test(line))).toEqual([])
})
