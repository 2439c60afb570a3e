import { afterEach, describe, expect, it } from 'vitest'
import { createStand, jsonType, logsBody, type Stand } from './stand.ts'

let stand: Stand
afterEach(async () => {
  await stand.app.close()
})

const paths = ['/v1/logs', '/v1/metrics', '/v1/traces']
const post = (url: string, headers: Record<string, string>, payload = '{}') =>
  stand.app.inject({ method: 'POST', url, headers: { ...jsonType, ...headers }, payload })

describe('with an API key', () => {
  it.each(paths)('%s asks for it', async (url) => {
    stand = createStand({ apiKey: 'open-sesame' })
    const refused = await post(url, { authorization: 'Bearer guess' })
    expect(refused.statusCode).toBe(401)
    expect(refused.headers['www-authenticate']).toBe('Bearer')
    expect(refused.json()).toMatchObject({ code: 16 })
    expect(refused.body).not.toContain('open-sesame')
    expect((await post(url, {})).statusCode).toBe(401)
    expect((await post(url, { authorization: 'Bearer open-sesame' })).statusCode).toBe(200)
  })

  it('refuses before it reads, and stores nothing', async () => {
    stand = createStand({ apiKey: 'open-sesame', maxRequestBytes: 10 })
    expect((await post('/v1/logs', {}, logsBody('a', 'b', 'c'))).statusCode).toBe(401)
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })

  it('does not ask for the Host', async () => {
    stand = createStand({ apiKey: 'open-sesame' })
    const headers = { authorization: 'Bearer open-sesame', host: 'bridge.example:4318' }
    expect((await post('/v1/logs', headers)).statusCode).toBe(200)
  })
})

describe('without an API key the Host must be this machine', () => {
  it.each(paths)('%s', async (url) => {
    stand = createStand()
    for (const host of ['localhost:4318', '127.0.0.1:4318', '[::1]:4318', '[::1]', 'localhost']) {
      expect((await post(url, { host })).statusCode).toBe(200)
    }
    for (const host of [
      'evil.example:4318',
      'evil.example',
      'localhost.evil.example',
      '10.0.0.1',
    ]) {
      const refused = await post(url, { host })
      expect(refused.statusCode).toBe(403)
      expect(refused.json()).toMatchObject({ code: 7 })
    }
  })
})
