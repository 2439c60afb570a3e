/**
 * The way to Langfuse over HTTP: spans by OTLP/JSON, scores by REST. One try a call, no retries
 * of its own. Every failure is a value, and no text in it holds a key.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ok } from '../../domain/result.ts'
import { type HttpOutcome, outcomeOf } from '../http-verdict.ts'
import { connectTo, type LangfuseAccess } from './connection.ts'
import { EMPTY_EXPORT_REQUEST } from './span.ts'
import { PRODUCT_NAME } from './mapping.ts'
import { createLangfuseRest } from './rest.ts'
import type { ScoreBody } from './score.ts'

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
}

const SPANS_PATH = '/api/public/otel/v1/traces'
/** Above 4 is a 400; without it, data may appear ten minutes late (facts of 4.16). */
const INGESTION_VERSION = '4'

const compress = promisify(gzip)

/** Throws when `baseUrl` is no URL. */
export function createLangfuseClient(options: LangfuseClientOptions): LangfuseClient {
  const langfuse = connectTo(options)
  const identity = {
    'x-langfuse-sdk-name': PRODUCT_NAME,
    'x-langfuse-sdk-version': options.productVersion,
  }
  const rest = createLangfuseRest({ ...options, headers: identity })

  async function sendSpans(json: string, stop?: AbortSignal): Promise<HttpOutcome> {
    const headers = {
      ...identity,
      'content-encoding': 'gzip',
      'x-langfuse-ingestion-version': INGESTION_VERSION,
    }
    const body = await compress(json)
    return outcomeOf(await langfuse.ask(SPANS_PATH, { method: 'POST', headers, body }, { stop }))
  }

  async function sendScore(json: string, stop?: AbortSignal): Promise<HttpOutcome> {
    const score = JSON.parse(json) as ScoreBody
    const answer = await rest.call((api, options) => api.scores.create(score, options), { stop })
    return outcomeOf(answer.ok ? ok(answer.value.received) : answer)
  }

  return {
    sendSpans,
    sendScore,
    probe: (stop) => sendSpans(EMPTY_EXPORT_REQUEST, stop),
  }
}
