/** A chat's webhook: a real HTTP server on loopback that remembers what it was sent. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** What a bridge posts, as far as tests look at it. */
export interface PostedAlert {
  readonly id: string
  readonly text: string
  readonly scope: string
  readonly thresholdPercent: number
}

export interface WebhookReceiver {
  /** With a path that nobody else knows. */
  readonly url: string
  readonly port: number
  /** What was posted, in order, refused or not. */
  posted(): readonly PostedAlert[]
  /** Its answer from now on; `hang` is none at all. */
  answer(status: number | 'hang'): void
  close(): Promise<void>
}

export const SECRET_PATH = '/services/T0/B0/nobody-knows'

export async function createWebhookReceiver(port = 0): Promise<WebhookReceiver> {
  const posted: PostedAlert[] = []
  let status: number | 'hang' = 200

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    posted.push(JSON.parse(await text(request)) as PostedAlert)
    if (status === 'hang') return
    response.writeHead(request.url === SECRET_PATH ? status : 404)
    response.end('ok')
  }

  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://127.0.0.1:${actual}${SECRET_PATH}`,
    port: actual,
    posted: () => posted,
    answer: (next) => {
      status = next
    },
    close: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
