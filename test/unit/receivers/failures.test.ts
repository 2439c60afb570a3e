import type { FastifyError } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { failureOf, socketFailureOf } from '../../../src/receivers/errors.ts'
import { createStand, type Stand } from './stand.ts'

const errorWith = (facts: object): FastifyError =>
  Object.assign(new Error('as reported'), { name: 'FastifyError', code: '' }, facts)

describe('what Fastify reports', () => {
  it.each([
    [{ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }, 'unsupported_type', '"text/x"'],
    [{ code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', statusCode: 400 }, 'malformed', 'as reported'],
    [{ code: 'ECONNRESET', statusCode: 400 }, 'malformed', 'as reported'],
    [{ statusCode: 500 }, 'internal', 'stored nothing'],
    [{}, 'internal', 'stored nothing'],
  ])('%j is %s', (facts, kind, message) => {
    const failure = failureOf(errorWith(facts), 'text/x')
    expect(failure.kind).toBe(kind)
    expect(failure.message).toContain(message)
  })
})

describe('what the socket reports', () => {
  it.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 'too_slow'],
    ['HPE_HEADER_OVERFLOW', 'headers_too_large'],
    ['HPE_INVALID_METHOD', 'malformed'],
  ])('%s is %s', (code, kind) => {
    expect(socketFailureOf(errorWith({ code })).kind).toBe(kind)
  })
})

describe('the server', () => {
  let stand: Stand
  afterEach(async () => {
    await stand.app.close()
  })

  it('bounds requests in time, and keeps connections longer than exports are apart', async () => {
    stand = createStand()
    await stand.app.ready()
    expect(stand.app.server).toMatchObject({
      headersTimeout: 20_000,
      requestTimeout: 60_000,
      timeout: 60_000,
      keepAliveTimeout: 65_000,
    })
  })
})
