/** A Langfuse client that answers as it is told, and keeps what it was given. */
import type { HttpOutcome } from '../../../src/exporters/http-verdict.ts'
import type { ScoreBody } from '../../../src/exporters/langfuse/score.ts'
import type { LangfuseClient } from '../../../src/exporters/langfuse/client.ts'

export const OK: HttpOutcome = { kind: 'answer', status: 200, body: '{}' }
export const GONE: HttpOutcome = { kind: 'no_answer', error: 'connect ECONNREFUSED' }

export function status(code: number, retryAfter?: string): HttpOutcome {
  return { kind: 'answer', status: code, body: `{"error":"E${code}"}`, retryAfter }
}

/** One request as the script sees it: the names of its spans, or of its score. */
export interface ScriptedRequest {
  readonly kind: 'spans' | 'score' | 'probe'
  readonly names: readonly string[]
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[]
  }[]
}

export interface ScriptedClient extends LangfuseClient {
  /** From now on requests are answered so; a promise leaves them waiting. */
  answer(script: (request: ScriptedRequest) => HttpOutcome | Promise<HttpOutcome>): void
  requests(): readonly ScriptedRequest[]
  /** Names in the requests of one kind, request by request. */
  sent(kind: 'spans' | 'score'): readonly (readonly string[])[]
  probes(): number
}

export function createScriptedClient(): ScriptedClient {
  const requests: ScriptedRequest[] = []
  let script: (request: ScriptedRequest) => HttpOutcome | Promise<HttpOutcome> = () => OK

  async function receive(request: ScriptedRequest, stop?: AbortSignal): Promise<HttpOutcome> {
    requests.push(request)
    const stopped = Promise.withResolvers<HttpOutcome>()
    stop?.addEventListener('abort', () => stopped.resolve({ kind: 'no_answer', error: 'aborted' }))
    return Promise.race([script(request), stopped.promise])
  }

  return {
    sendSpans: (body, stop) => {
      const { resourceSpans } = JSON.parse(body) as ExportRequest
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((s) => s.spans))
      return receive({ kind: 'spans', names: spans.map(({ name }) => name) }, stop)
    },
    sendScore: (body, stop) => {
      const { name } = JSON.parse(body) as ScoreBody
      return receive({ kind: 'score', names: [name] }, stop)
    },
    probe: (stop) => receive({ kind: 'probe', names: [] }, stop),
    answer: (next) => {
      script = next
    },
    requests: () => requests,
    sent: (kind) => requests.filter((request) => request.kind === kind).map(({ names }) => names),
    probes: () => requests.filter(({ kind }) => kind === 'probe').length,
  }
}
