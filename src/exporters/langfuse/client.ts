/**
 * The way to Langfuse over HTTP: spans by OTLP/JSON, scores by REST. One try a call, no retries
 * of its own. Every failure is a value, and no text in it holds a key.
 *
 * Scores go by plain `fetch` as well, with the types of @langfuse/core but not through its
 * `LangfuseAPIClient` (5.11): that one follows redirects and counts any 3xx as success, hands an
 * unreadable 2xx body on as if it were the score, and does not let its timeout cover the body
 * (decision 16).
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type HttpOutcome, outcomeOf } from '../http-verdict.ts'
import { connectTo, type LangfuseAccess } from './connection.ts'
import { EMPTY_EXPORT_REQUEST } from './span.ts'
import { PRODUCT_NAME } from './mapping.ts'

export interface LangfuseClient {
  /** Exports one OTLP/JSON request body. */
  sendSpans(body: string, signal?: AbortSignal): Promise<HttpOutcome>
  /** Creates the score of this JSON text (`ScoreBody`), or replaces the one with its id. */
  sendScore(body: string, signal?: AbortSignal): Promise<HttpOutcome>
  /** Exports nothing: says whether spans would be taken, on the very path they take. */
  probe(signal?: AbortSignal): Promise<HttpOutcome>
}

export interface LangfuseClientOptions extends LangfuseAccess {
  readonly productVersion: string
  readonly fetch?: typeof fetch
}

const SPANS_PATH = '/api/public/otel/v1/traces'
const SCORES_PATH = '/api/public/scores'
/** Above 4 is a 400; without it, data may appear ten minutes late (facts of 4.16). */
const INGESTION_VERSION = '4'

const compress = promisify(gzip)

/** Throws when `baseUrl` is no URL. */
export function createLangfuseClient(options: LangfuseClientOptions): LangfuseClient {
  const langfuse = connectTo(options)
  const commonHeaders = {
    'x-langfuse-sdk-name': PRODUCT_NAME,
    'x-langfuse-sdk-version': options.productVersion,
  }

  async function post(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>>,
    stop: AbortSignal | undefined,
  ): Promise<HttpOutcome> {
    const received = await langfuse.ask(
      path,
      { method: 'POST', body, headers: { ...commonHeaders, ...headers } },
      { stop, fetch: options.fetch },
    )
    return outcomeOf(received)
  }

  async function sendSpans(body: string, stop?: AbortSignal): Promise<HttpOutcome> {
    const headers = {
      'content-encoding': 'gzip',
      'x-langfuse-ingestion-version': INGESTION_VERSION,
    }
    return post(SPANS_PATH, await compress(body), headers, stop)
  }

  return {
    sendSpans,
    sendScore: (body, stop) => post(SCORES_PATH, body, {}, stop),
    probe: (stop) => sendSpans(EMPTY_EXPORT_REQUEST, stop),
  }
}
