/** A short session, told through OpenTelemetry's SDK with Claude Code's names. */
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Exporters } from './exporters.ts'

const VERSION = '2.1.329'
const resource = resourceFromAttributes({
  'service.name': 'claude-code',
  'service.version': VERSION,
})

/** One prompt with one model call; every record was exported, or refused, when this resolves. */
export async function tellSession(exporters: Exporters, sessionId: string): Promise<void> {
  const logs = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter: exporters.logs })],
  })
  const metrics = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: exporters.metrics,
        exportIntervalMillis: 60_000,
      }),
    ],
  })
  const traces = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: exporters.traces })],
  })
  const common = { 'session.id': sessionId, 'user.id': 'ada', 'prompt.id': `${sessionId}-prompt` }

  const logger = logs.getLogger('com.anthropic.claude_code.events', VERSION)
  const events: [string, Record<string, string | number>][] = [
    ['user_prompt', { prompt: 'Say hello. ü€😀', prompt_length: 10 }],
    [
      'api_request',
      {
        model: 'claude-opus-5-5',
        request_id: `${sessionId}-request`,
        cost_usd: 0.25,
        duration_ms: 1200,
        input_tokens: 3,
        output_tokens: 5,
        cache_read_tokens: 7,
        cache_creation_tokens: 11,
        query_source: 'sdk',
      },
    ],
  ]
  events.forEach(([name, attributes], index) => {
    const sequence = { 'event.name': name, 'event.sequence': index + 1 }
    logger.emit({
      body: `claude_code.${name}`,
      attributes: { ...common, ...sequence, ...attributes },
    })
  })

  const meter = metrics.getMeter('com.anthropic.claude_code', VERSION)
  meter.createCounter('claude_code.lines_of_code.count').add(4, { ...common, type: 'added' })
  meter.createHistogram('claude_code.unheard_of').record(1, common)

  const tracer = traces.getTracer('com.anthropic.claude_code.tracing', VERSION)
  const span = tracer.startSpan('claude_code.interaction', { attributes: common })
  span.addEvent('noted', { n: 1 })
  span.end()

  await Promise.allSettled([logs.forceFlush(), metrics.forceFlush(), traces.forceFlush()])
  await Promise.allSettled([logs.shutdown(), metrics.shutdown(), traces.shutdown()])
}
