/** A trace goes on where it was when the bridge was stopped, and started again. */
import { expect, onTestFinished, test } from 'vitest'
import type { SessionList } from '../../src/api/contract/session-list.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

const span = (spanId: string, operation: string, sessionId?: string) => ({
  ...{ traceId: TRACE, spanId, parentSpanId: 'b7ad6b7169203330', name: operation },
  ...{ startTimeUnixNano: '1795229558020500000', endTimeUnixNano: '1795229558021000000' },
  attributes: [
    { key: 'gen_ai.operation.name', value: { stringValue: operation } },
    ...(sessionId === undefined ? [] : [{ key: 'session.id', value: { stringValue: sessionId } }]),
  ],
})

test('a span that names no session is in that of its trace after a restart', async () => {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  let sessions: SessionList['sessions'] = []
  for (const of of [
    span('b7ad6b7169203331', 'chat', 'goose-session'),
    span('b7ad6b7169203332', 'execute_tool'),
  ]) {
    const bridge = await startBridge(bridgeEnvironment(dataDir))
    try {
      const answer = await fetch(`${bridge.url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          resourceSpans: [{ scopeSpans: [{ scope: { name: 'goose' }, spans: [of] }] }],
        }),
      })
      expect(answer.status).toBe(200)
      const list = await fetch(`${bridge.url}/api/sessions`)
      sessions = ((await list.json()) as SessionList).sessions
    } finally {
      await bridge.stop()
    }
  }
  expect(sessions).toMatchObject([{ sessionId: 'goose-session', toolResults: 1 }])
})
