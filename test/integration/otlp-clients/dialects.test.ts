/** Spans of each GenAI dialect, sent by OpenTelemetry's SDK over each protocol. */
import { type Context, ROOT_CONTEXT, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { sessionOf } from '../corpus/expect-truth.ts'
import { deliveredTokens, figuresOf } from '../corpus/figures.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { type DialectCase, dialectCases, type DialectSpan } from './dialects.ts'
import { createExporters, type Protocol, protocols } from './exporters.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

/** Ends every span after its children, as a program does. Returns when it ended. */
function tell(tracer: Tracer, span: DialectSpan, startMs: number, parent: Context): number {
  const live = tracer.startSpan(
    span.name,
    { attributes: span.attributes, startTime: startMs },
    parent,
  )
  const within = trace.setSpan(parent, live)
  let endMs = startMs + 10
  for (const child of span.children ?? []) endMs = tell(tracer, child, endMs + 1, within)
  if (span.failed !== undefined) {
    live.setStatus({ code: SpanStatusCode.ERROR, message: span.failed })
  }
  live.end(endMs + 1)
  return endMs + 1
}

/** Spans go out one by one, or all in one request. */
async function sent(
  of: DialectCase,
  protocol: Protocol,
  isBatch = false,
): Promise<LangfuseStandIn> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const environment = { ...bridgeEnvironment(dataDir, langfuse), OTLP_GRPC_PORT: '0' }
  const bridge = await startBridge(environment)
  const target = { url: bridge.url, grpc: bridge.grpc ?? '', apiKey: '' }
  const exporter = createExporters(protocol, false, target).traces
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': of.service }),
    spanProcessors: [
      isBatch ? new BatchSpanProcessor({ exporter }) : new SimpleSpanProcessor({ exporter }),
    ],
  })
  tell(provider.getTracer(of.scope), of.root, Date.now() - 10_000, ROOT_CONTEXT)
  await provider.forceFlush()
  await provider.shutdown()
  await bridge.stop()
  return langfuse
}

describe.each(dialectCases)('$dialect', (of) => {
  test.each(protocols)('over %s, each usage counts once', async (protocol) => {
    const langfuse = await sent(of, protocol)
    const spans = langfuse.spans()
    expect(figuresOf(spans)).toMatchObject({
      sessions: 1,
      turns: 1,
      modelCalls: of.calls ?? 2,
      tools: 1,
      errors: 0,
      subagents: of.subagents,
      tokens: { input: 30, cacheRead: 110, cacheWrite: 0, output: 25 },
    })
    expect(deliveredTokens(spans)).toEqual({ input: 30, cacheRead: 110, cacheWrite: 0 })
    const turn = spans.filter(
      ({ attributes }) => attributes['langfuse.trace.name'] === 'conversation',
    )
    expect(new Set(turn.map(({ traceId }) => traceId)).size).toBe(1)
    for (const { attributes } of spans) {
      expect(attributes['langfuse.trace.tags']).toContain(of.agent)
      expect(attributes['langfuse.trace.metadata.agent']).toBe(of.agent)
    }
  })

  test('is in the session that its root names, where all comes in one request', async () => {
    const langfuse = await sent(of, 'http/json', true)
    const sessions = new Set(langfuse.spans().map(sessionOf))
    const traceId: unknown = expect.stringMatching(/^[0-9a-f]{32}$/)
    expect([...sessions]).toEqual([of.sessionId ?? traceId])
  })
})
