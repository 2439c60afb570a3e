/**
 * The MCP server over Streamable HTTP, without sessions: each request has a server of its own, so any
 * replica can answer it and nothing is kept between two. Loaded with the first request.
 */
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { McpAnswer, McpRequest } from '../api/mcp-route.ts'
import { ok } from '../domain/result.ts'
import { createMcpServer } from './server.ts'
import type { AnswerTo, Ask } from './tool.ts'

export interface McpHttpDeps {
  readonly version: string
  readonly now: () => number
  readonly timeZone: string
  readonly onBug: (error: unknown) => void
}

/** Answers one request. */
export async function answerMcp(
  { headers, body, ask }: McpRequest,
  deps: McpHttpDeps,
): Promise<McpAnswer> {
  const asked: Ask = async (question) => {
    const answer = await ask(question)
    if (!answer.ok) return answer
    // The contract was checked where the answer was made.
    return ok(JSON.parse(new TextDecoder().decode(answer.value)) as AnswerTo<typeof question.name>)
  }
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  const server = createMcpServer({ ...deps, withAsk: (use) => use(asked) })
  await server.connect(transport)
  try {
    // Only the headers count: which host was meant was checked before.
    const request = new Request('http://localhost/mcp', { method: 'POST', headers: { ...headers } })
    const response = await transport.handleRequest(request, { parsedBody: body })
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? undefined,
      body: new Uint8Array(await response.arrayBuffer()),
    }
  } finally {
    await server.close()
  }
}
