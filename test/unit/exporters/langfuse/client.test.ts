import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createLangfuseClient } from '../../../../src/exporters/langfuse/client.ts'
import { PATIENCE_MS } from '../../../patience.ts'

const KEYS = { publicKey: 'pk-lf-1', secretKey: 'sk-lf-verysecret' }
const CREDENTIALS = Buffer.from(`${KEYS.publicKey}:${KEYS.secretKey}`).toString('base64')

interface Call {
  readonly url: string
  readonly init: RequestInit
}

/** A client over a fetch that answers as told, and the calls it made. */
function clientOver(
  respond: (call: Call) => Response | Promise<Response>,
  baseUrl = 'http://lf:3000',
  timeoutMs = PATIENCE_MS,
) {
  const calls: Call[] = []
  const client = createLangfuseClient({
    baseUrl,
    ...KEYS,
    productVersion: '1.2.3',
    timeoutMs,
    fetch: async (url, init = {}) => {
      const call = { url: url instanceof Request ? url.url : url.toString(), init }
      calls.push(call)
      return respond(call)
    },
  })
  return { client, calls }
}

const ok = () => new Response('{}')
const score = { id: 's', name: 'quality', value: 1, sessionId: 'x' }

describe('a request', () => {
  it('for spans is compressed, versioned and signed', async () => {
    const { client, calls } = clientOver(ok)
    await client.sendSpans('{"resourceSpans":[1]}')
    expect(calls).toHaveLength(1)
    expect(calls[0]?.url).toBe('http://lf:3000/api/public/otel/v1/traces')
    expect(calls[0]?.init).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: {
        authorization: `Basic ${CREDENTIALS}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'x-langfuse-ingestion-version': '4',
        'x-langfuse-sdk-name': 'claude-telemetry',
        'x-langfuse-sdk-version': '1.2.3',
      },
    })
    const body = calls[0]?.init.body
    expect(body instanceof Uint8Array && gunzipSync(body).toString()).toBe('{"resourceSpans":[1]}')
  })

  it('for a score is plain JSON with the same signature', async () => {
    const { client, calls } = clientOver(ok)
    await client.sendScore(JSON.stringify(score))
    expect(calls[0]?.url).toBe('http://lf:3000/api/public/scores')
    expect(calls[0]?.init).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Basic ${CREDENTIALS}`, 'x-langfuse-sdk-name': 'claude-telemetry' },
      body: JSON.stringify(score),
    })
  })

  it('for the probe exports nothing', async () => {
    const { client, calls } = clientOver(ok)
    await client.probe()
    const body = calls[0]?.init.body
    expect(body instanceof Uint8Array && gunzipSync(body).toString()).toBe('{"resourceSpans":[]}')
  })

  it.each([
    ['http://lf:3000/', 'http://lf:3000/api/public/scores'],
    ['https://lf.example', 'https://lf.example/api/public/scores'],
    ['https://example/langfuse', 'https://example/langfuse/api/public/scores'],
    ['https://example/a/b//', 'https://example/a/b/api/public/scores'],
    ['http://[::1]:3000', 'http://[::1]:3000/api/public/scores'],
    ['https://user:pass@example/?q=1#top', 'https://example/api/public/scores'],
  ])('to %s goes to %s', async (baseUrl, expected) => {
    const { client, calls } = clientOver(ok, baseUrl)
    await client.sendScore(JSON.stringify(score))
    expect(calls[0]?.url).toBe(expected)
  })
})

describe('an outcome', () => {
  it('holds what the verdict needs of an answer', async () => {
    const headers = { 'retry-after': '7', location: 'https://elsewhere/' }
    const { client } = clientOver(() => new Response('busy', { status: 429, headers }))
    expect(await client.probe()).toEqual({
      kind: 'answer',
      status: 429,
      body: 'busy',
      retryAfter: '7',
      location: 'https://elsewhere/',
    })
  })

  it('has a bounded body', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(97)),
    })
    const { client } = clientOver(() => new Response(endless))
    expect(await client.probe()).toMatchObject({ body: 'a'.repeat(65_536) })
  })

  it('has no body when it broke off', async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error('terminated')),
    })
    const { client } = clientOver(() => new Response(broken))
    expect(await client.probe()).toMatchObject({ kind: 'answer', status: 200, body: undefined })
  })

  it.each([
    [
      'the cause of a failed fetch',
      new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:3000') }),
      'http://lf:3000: connect ECONNREFUSED 127.0.0.1:3000',
    ],
    [
      'every address tried',
      new TypeError('fetch failed', {
        cause: new AggregateError(
          [new Error('refused ::1'), new Error('refused 127.0.0.1')],
          'both refused',
        ),
      }),
      'http://lf:3000: refused ::1; refused 127.0.0.1',
    ],
    ['what else was thrown', new Error('odd'), 'http://lf:3000: odd'],
  ])('names %s', async (_what, error, expected) => {
    const { client } = clientOver(() => Promise.reject(error))
    expect(await client.probe()).toEqual({ kind: 'no_answer', error: expected })
  })

  it('says so when the time is up', async () => {
    const { client } = clientOver(({ init }) => untilAborted(init.signal), undefined, 50)
    expect(await client.probe()).toEqual({
      kind: 'no_answer',
      error: 'http://lf:3000: no answer within 50 ms',
    })
  })

  it('comes at once when the caller stops', async () => {
    const { client } = clientOver(({ init }) => untilAborted(init.signal))
    const outcome = await client.probe(AbortSignal.abort(new Error('stopping')))
    expect(outcome).toEqual({ kind: 'no_answer', error: 'http://lf:3000: stopping' })
  })

  it.each([
    ['an answer', () => new Response(`you sent Basic ${CREDENTIALS} (${KEYS.secretKey})`)],
    ['an error', () => Promise.reject(new Error(`bad header Basic ${CREDENTIALS}`))],
  ])('never repeats a secret out of %s', async (_what, respond) => {
    const text = JSON.stringify(await clientOver(respond).client.probe())
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(KEYS.secretKey)
    expect(text).not.toContain(CREDENTIALS)
  })
})

/** As fetch does it: rejects with the signal's reason. */
function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal?.reason instanceof Error ? signal.reason : new Error('?'))
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
  })
}
