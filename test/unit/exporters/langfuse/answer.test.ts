import { describe, expect, it } from 'vitest'
import type { HttpAnswer } from '../../../../src/exporters/http-verdict.ts'
import { probeVerdictOf, verdictOf } from '../../../../src/exporters/langfuse/verdict.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00Z')
const answer = (status: number, body?: string, headers: Partial<HttpAnswer> = {}): HttpAnswer => ({
  kind: 'answer',
  status,
  body,
  ...headers,
})
/** Matches a text that contains `part`. */
const containing = (part: string): unknown => expect.stringContaining(part)
const retry = (cause: string, more: object = {}): unknown =>
  expect.objectContaining({ kind: 'retry', cause, ...more })
const refused = (part: string): unknown =>
  expect.objectContaining({ kind: 'rejected', reason: containing(part) })

describe('verdictOf', () => {
  it.each([
    ['200 and nothing', answer(200, ''), { kind: 'accepted' }],
    ['200 {}', answer(200, '{}'), { kind: 'accepted' }],
    ['200 and a job', answer(200, '{"id":"1","name":"otel"}'), { kind: 'accepted' }],
    ['201 with an id', answer(201, '{"id":"s"}'), { kind: 'accepted' }],
    ['202', answer(202, ' \n'), { kind: 'accepted' }],
    [
      '200 with nothing rejected',
      answer(200, '{"partialSuccess":{"rejectedSpans":"0"}}'),
      { kind: 'accepted' },
    ],
    [
      '207 without errors',
      answer(207, '{"successes":[{"id":"1"}],"errors":[]}'),
      { kind: 'accepted' },
    ],
    [
      '200 with spans rejected',
      answer(200, '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}'),
      refused('too old'),
    ],
    [
      '207 with a 400 inside',
      answer(207, '{"errors":[{"id":"1","status":400,"message":"Invalid request data"}]}'),
      refused('Invalid request data'),
    ],
    ['207 with a 500 inside', answer(207, '{"errors":[{"status":500}]}'), retry('failing')],
    ['200 cut in the body', answer(200, undefined), retry('failing')],
    ['200 with broken JSON', answer(200, '{"partialSucc'), retry('failing')],
    ['200 with a web page', answer(200, '<html>Sign in</html>'), retry('failing')],
    ['200 with JSON that is no object', answer(200, '"ok"'), retry('failing')],
    [
      '400',
      answer(400, '{"error":"Invalid span id: x"}'),
      { kind: 'rejected', reason: 'HTTP 400: Invalid span id: x' },
    ],
    [
      '400 with message and issues',
      answer(400, '{"message":"Invalid request data","error":[{"path":["value"]}]}'),
      refused('Invalid request data: [{"path":["value"]}]'),
    ],
    ['400 whose body was lost', answer(400, undefined), { kind: 'rejected', reason: 'HTTP 400' }],
    ['413', answer(413, 'too large'), refused('too large')],
    ['422', answer(422, ''), refused('422')],
    [
      '401',
      answer(401, '{"message":"Invalid credentials"}'),
      { kind: 'unauthorized', reason: 'HTTP 401: Invalid credentials' },
    ],
    ['403', answer(403, ''), { kind: 'unauthorized', reason: 'HTTP 403' }],
    ['429', answer(429, ''), retry('throttled', { retryAfterMs: undefined })],
    [
      '429 with seconds',
      answer(429, '', { retryAfter: '5' }),
      retry('throttled', { retryAfterMs: 5_000 }),
    ],
    [
      '503 with a date',
      answer(503, '', { retryAfter: 'Sun, 01 Mar 2026 12:00:20 GMT' }),
      retry('failing', { retryAfterMs: 20_000 }),
    ],
    ['408', answer(408, ''), retry('failing')],
    ['500', answer(500, ''), retry('failing')],
    ['502 whose body was lost', answer(502, undefined), retry('failing')],
    ['504', answer(504, ''), retry('failing')],
    ['404', answer(404, 'nginx'), retry('absent', { reason: containing('LANGFUSE_HOST') })],
    ['405', answer(405, ''), retry('absent')],
    ['409', answer(409, ''), retry('absent')],
    [
      '301',
      answer(301, '', { location: 'https://elsewhere/' }),
      retry('absent', { reason: containing('https://elsewhere/') }),
    ],
    ['304', answer(304, ''), retry('absent')],
    [
      'no answer',
      { kind: 'no_answer', error: 'connect ECONNREFUSED' } as const,
      retry('absent', { reason: 'connect ECONNREFUSED' }),
    ],
  ])('%s', (_what, outcome, expected) => {
    expect(verdictOf(outcome, NOW_MS)).toEqual(expected)
  })

  it('bounds the reason', () => {
    const verdict = verdictOf(answer(400, `<p>${'long '.repeat(10_000)}</p>`), NOW_MS)
    expect(JSON.stringify(verdict).length).toBeLessThan(500)
  })
})

describe('probeVerdictOf', () => {
  it.each([
    ['200', answer(200, '{}'), { kind: 'accepted' }],
    [
      '400, which an empty export gives no reason for',
      answer(400, 'plain HTTP sent to HTTPS port'),
      retry('absent'),
    ],
    ['401', answer(401, ''), expect.objectContaining({ kind: 'unauthorized' })],
    ['500', answer(500, ''), retry('failing')],
  ])('%s', (_what, outcome, expected) => {
    expect(probeVerdictOf(outcome, NOW_MS)).toEqual(expected)
  })
})
