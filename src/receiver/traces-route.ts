/**
 * `POST /v1/traces` while spans are not used: taken like any signal, so that an agent that
 * traces meets no error, with a warning instead of silence.
 */
import { FULL_SUCCESS_JSON, warningJson } from '../otlp/partial-success.ts'
import { bringsSpans } from '../otlp/json-traces.ts'
import type { Answers } from './answers.ts'
import type { Handler } from './export-route.ts'
import { readRequest } from './request-body.ts'

const warning = warningJson(
  'the spans were taken and left aside: this version does not use traces yet',
)

/** The handler; checks the body as far as its shape goes. */
export function tracesHandler(answers: Answers, maxRequestBytes: number): Handler {
  return async (request, reply) => {
    const spans = await readRequest(request, bringsSpans, maxRequestBytes)
    if (!spans.ok) return answers.fail(request, reply, spans.error)
    return answers.succeed(reply, spans.value ? warning : FULL_SUCCESS_JSON)
  }
}
