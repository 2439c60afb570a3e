/**
 * How fast waiting spans are delivered: a backlog that arose while Langfuse refused everything, to a server
 * that takes it all at once. Beside it, the same requests sent by a client that has them ready.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { percentile } from './load.ts'
import { startBridge, type ServerProcess } from './server-process.ts'

const SPANS_PATH = '/api/public/otel/v1/traces'
/** Requests under way at a time, of the client that has them ready. */
const CONNECTIONS = 4
const WAIT_MS = 120_000

interface Taken {
  readonly atMs: number
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** A server that refuses everything until it is opened, and keeps the requests with spans. */
async function createSink() {
  const taken: Taken[] = []
  let isOpen = false
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (isOpen && request.url === SPANS_PATH) {
        const { 'content-type': type = '', 'content-encoding': encoding } = request.headers
        taken.push({
          atMs: performance.now(),
          body: Buffer.concat(parts),
          headers: {
            'content-type': type,
            ...(encoding !== undefined && { 'content-encoding': encoding }),
          },
        })
      }
      response.writeHead(isOpen ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    open: () => {
      isOpen = true
    },
    /** What came since the last call. */
    take: () => taken.splice(0),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function spansIn({ body, headers }: Taken): number {
  const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  const request = JSON.parse(bytes.toString()) as {
    readonly resourceSpans: readonly {
      readonly scopeSpans: readonly { readonly spans: unknown[] }[]
    }[]
  }
  return request.resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .reduce((sum, { spans }) => sum + spans.length, 0)
}

const secondsOf = (taken: readonly Taken[]): number => {
  const times = taken.map(({ atMs }) => atMs).toSorted((a, b) => a - b)
  return (percentile(times, 1) - percentile(times, 0)) / 1000
}

/** Sends all of them again, as fast as the server takes them. */
async function sendAgain(url: string, requests: readonly Taken[]): Promise<void> {
  let next = 0
  const sender = async (): Promise<void> => {
    while (next < requests.length) {
      const { body, headers } = requests[next] as Taken
      next += 1
      const answer = await fetch(`${url}${SPANS_PATH}`, { method: 'POST', body, headers })
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, sender))
}

export interface DeliveryRate {
  readonly spansPerSecond: number
  /** Of the client that has the requests ready. */
  readonly reference: number
}

/** `fill` sends what is to be delivered. */
export async function deliveryRate(
  fill: (bridge: ServerProcess) => Promise<unknown>,
): Promise<DeliveryRate> {
  const sink = await createSink()
  const bridge = await startBridge({
    LANGFUSE_HOST: sink.url,
    LANGFUSE_PUBLIC_KEY: 'pk-lf-bench',
    LANGFUSE_SECRET_KEY: 'sk-lf-bench',
  })
  try {
    await fill(bridge)
    sink.open()
    await nothingPending(bridge)
    const requests = sink.take()
    const spans = requests.reduce((sum, request) => sum + spansIn(request), 0)
    const spansPerSecond = spans / secondsOf(requests)
    await sendAgain(sink.url, requests)
    return { spansPerSecond, reference: spans / secondsOf(sink.take()) }
  } finally {
    await bridge.stop()
    await sink.close()
  }
}

async function nothingPending({ port }: ServerProcess): Promise<void> {
  for (const endMs = performance.now() + WAIT_MS; performance.now() < endMs; ) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`)
    const { delivery } = (await answer.json()) as {
      readonly delivery: { readonly pending: number }
    }
    if (delivery.pending === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`spans are still pending after ${WAIT_MS / 1000} s`)
}
