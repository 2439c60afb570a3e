/** What Langfuse means by its answers: one table, for spans and scores alike. */
import { errorDetail, excerpt, isRecord } from '../../http/response-json.ts'
import type { Verdict } from '../exporter.ts'
import { createHttpVerdicts, isPassing, lost } from '../http-verdict.ts'

export const { verdictOf, probeVerdictOf } = createHttpVerdicts({
  server: 'a Langfuse server',
  setting: 'LANGFUSE_HOST',
  rejecting: new Set([400, 413, 422]),
  reported,
})

/** Rejections inside a 2xx: OTLP's `partialSuccess`, and the `errors` of Langfuse's 207. */
function reported(status: number, body: Readonly<Record<string, unknown>>): Verdict | undefined {
  const error: unknown = Array.isArray(body.errors) ? body.errors[0] : undefined
  if (isRecord(error)) {
    const reason = `HTTP ${status} with an error inside: ${errorDetail(JSON.stringify(error))}`
    return isPassing(Number(error.status)) ? lost(reason) : { kind: 'rejected', reason }
  }
  const partial = body.partialSuccess
  if (isRecord(partial) && Number(partial.rejectedSpans ?? 0) > 0) {
    return { kind: 'rejected', reason: `rejected in part: ${excerpt(JSON.stringify(partial))}` }
  }
  return undefined
}
