/** A model's API on loopback, in three forms, that answers by a script and remembers what it answered. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import {
  type AskedTool,
  completionEvents,
  type Events,
  geminiEvents,
  responsesEvents,
} from './answers.ts'
import { isAnswer, type Script, type ServedCall } from './script.ts'

export interface ScriptedApi {
  /** Base address, without a trailing slash. */
  readonly url: string
  /** Every call that was answered or refused, in order. */
  served(): readonly ServedCall[]
  close(): Promise<void>
}

interface Asked {
  readonly model?: string
  readonly tools?: readonly AskedTool[]
  readonly stream?: boolean
}

const GEMINI = /\/models\/([^/:]+):(streamGenerateContent|generateContent)/

export async function startScriptedApi(script: Script): Promise<ScriptedApi> {
  const served: ServedCall[] = []

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readText(request)
    const path = new URL(request.url ?? '', 'http://api').pathname
    const gemini = GEMINI.exec(path)
    const isResponses = path.endsWith('/responses')
    if (!isResponses && !path.endsWith('/chat/completions') && gemini === null) {
      send(response, 404, { error: { message: `not scripted: ${path}` } })
      return
    }
    const asked = JSON.parse(body) as Asked
    const model = gemini?.[1] ?? asked.model ?? 'unknown'
    const tools = asked.tools ?? []
    const reply = script.next(body, tools.length === 0)
    served.push({ model, reply })
    if (!isAnswer(reply)) {
      const error = { code: reply.status, message: 'Scripted failure', status: 'INTERNAL' }
      send(response, reply.status, { error })
      return
    }
    if (gemini !== null) {
      const events = geminiEvents(reply, model)
      if (gemini[2] === 'streamGenerateContent') stream(response, events)
      else send(response, 200, events[0]?.[1])
    } else if (isResponses) stream(response, responsesEvents(reply, model, tools))
    else if (asked.stream === true) stream(response, completionEvents(reply, model))
    else send(response, 200, completion(completionEvents(reply, model)))
  }

  const server = createServer((request, response) => {
    // An agent that ends closes its connection at any point.
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    served: () => served,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A stream of chat completions as the one object that a caller who does not stream gets. */
function completion(events: Events): unknown {
  const chunks = events.map(([, data]) => data as Readonly<Record<string, unknown>>)
  const deltas = chunks.flatMap(({ choices }) =>
    ((choices ?? []) as readonly { readonly delta: object }[]).map(({ delta }) => delta),
  )
  const message: unknown = Object.assign({}, ...deltas)
  const usage = chunks.find((chunk) => chunk.usage !== undefined)?.usage
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  return { ...chunks[0], object: 'chat.completion', choices, usage }
}

function stream(response: ServerResponse, events: Events): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  for (const [name, data] of events) {
    if (name !== undefined) response.write(`event: ${name}\n`)
    response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  }
  response.end()
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
