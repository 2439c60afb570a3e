/** Metrics of which nothing is made: said, and refused where nobody known sent them. */
import { afterEach, describe, expect, test } from 'vitest'
import type { JsonMessage } from '../../src/otlp/message-codec.ts'
import { requestProto } from '../../src/otlp/request-items.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function rig() {
  const dataDir = temporaryFolder()
  const bridge = await startBridge(bridgeEnvironment(dataDir))
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  return bridge
}

const points = [
  { timeUnixNano: '1', asDouble: 1 },
  { timeUnixNano: '2', asDouble: 2 },
]
const kinds = {
  gauge: { gauge: { dataPoints: points } },
  histogram: { histogram: { dataPoints: [{ count: '3', sum: 2 }, { count: '4' }] } },
  summary: { summary: { dataPoints: [{ count: '1' }, { count: '2' }] } },
}

function request(name: string, service: string, data: object) {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] }
  return { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name, ...data }] }] }] }
}

async function post(url: string, body: JsonMessage, encoding: 'json' | 'protobuf') {
  const isJson = encoding === 'json'
  const response = await fetch(`${url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' },
    body: isJson ? JSON.stringify(body) : requestProto(body, 'metrics'),
  })
  return { status: response.status, answer: Buffer.from(await response.arrayBuffer()).toString() }
}

async function newest(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/delivery`)
  const { ingest } = (await response.json()) as {
    ingest: { recent: readonly Record<string, unknown>[] }
  }
  return ingest.recent[0] ?? {}
}

describe.each(['json', 'protobuf'] as const)('in %s', (encoding) => {
  test.each(Object.entries(kinds))(
    'a %s of a known agent is taken, and not used',
    async (_, data) => {
      const { url } = await rig()
      const known = [
        request('memory', 'claude-code', data),
        request('claude_code.memory', 'x', data),
      ]
      for (const body of known) {
        const { status, answer } = await post(url, body, encoding)
        expect(status).toBe(200)
        expect(answer).not.toContain('nothing says')
        expect(await newest(url)).toMatchObject({ rejected: 0, unused: 2, reasons: [] })
      }
    },
  )

  test.each(Object.entries(kinds))('a %s of nobody known is refused', async (_, data) => {
    const { url } = await rig()
    const { status, answer } = await post(url, request('memory', 'somebody', data), encoding)
    expect(status).toBe(200)
    expect(answer).toContain('the agent that sent it is unknown')
    const entry = await newest(url)
    expect(entry).toMatchObject({ rejected: 2 })
    expect(entry.unused).toBeUndefined()
    const { refused } = (await (await fetch(`${url}/health`)).json()) as { refused: object }
    expect(refused).toEqual({ unknown_agent: 2 })
  })
})
