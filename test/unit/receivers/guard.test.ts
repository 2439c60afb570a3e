import { afterEach, describe, expect, it } from 'vitest'
import { createStand, jsonType, logsBody, type Stand } from './stand.ts'

let stand: Stand
afterEach(async () => {
  await stand.app.close()
})

const paths = ['/v1/logs', '/v1/metrics', '/v1/traces', '/hooks/claude-code']
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

  it('takes any name for a Host, and nothing that is none', async () => {
    stand = createStand({ apiKey: 'open-sesame' })
    const authorization = 'Bearer open-sesame'
    for (const host of ['bridge.example:4318', '10.0.0.1', '[fd00::1]:4318', 'my_host', 'a.b.']) {
      expect((await post('/v1/logs', { authorization, host })).statusCode).toBe(200)
    }
    for (const host of ['a b', 'user@bridge.example', 'bridge.example/x', 'a:b', '<script>']) {
      expect((await post('/v1/logs', { authorization, host })).statusCode).toBe(403)
      const health = await stand.app.inject({ url: '/health', headers: { host } })
      expect(health.statusCode).toBe(403)
    }
  })

  it('slows down and logs an address that tries keys, and takes the right one at once', async () => {
    stand = createStand({ apiKey: 'open-sesame' })
    const guess = () => post('/v1/logs', { authorization: 'Bearer guess' })
    for (let n = 0; n < 10; n += 1) expect((await guess()).statusCode).toBe(401)
    let answered = false
    // The clock of the stand stands still, so this one is never answered.
    void guess().then(() => {
      answered = true
    })
    expect((await post('/v1/logs', { authorization: 'Bearer open-sesame' })).statusCode).toBe(200)
    expect(answered).toBe(false)
    const lines = stand.log.warn.mock.calls.filter(([facts]) => 'address' in facts)
    expect(lines).toEqual([
      [{ address: '127.0.0.1', path: '/v1/logs', leftOut: 0 }, 'a wrong key was sent'],
      [{ address: '127.0.0.1', path: '/v1/logs', leftOut: 0 }, 'wrong keys keep coming'],
    ])
    expect(JSON.stringify(lines)).not.toContain('guess')
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
      'localhost@evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ]) {
      const refused = await post(url, { host })
      expect(refused.statusCode).toBe(403)
      expect(refused.json()).toMatchObject({ code: 7 })
    }
  })
})

describe('the Host is checked on every path', () => {
  it.each(['/health', '/nothing', '/v1/nothing', '/'])('%s', async (url) => {
    stand = createStand()
    const refused = await stand.app.inject({ url, headers: { host: 'evil.example' } })
    expect(refused.statusCode).toBe(403)
  })
})

describe('a web page sends no telemetry', () => {
  it.each(paths)('%s', async (url) => {
    for (const apiKey of [undefined, 'open-sesame']) {
      stand = createStand(apiKey === undefined ? {} : { apiKey })
      const authorization = 'Bearer open-sesame'
      for (const page of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'http://127.0.0.1:3000' },
        { origin: 'http://localhost:80' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const refused = await post(url, { authorization, ...page })
        expect([page, refused.statusCode]).toEqual([page, 403])
        expect(refused.headers['access-control-allow-origin']).toBeUndefined()
      }
      expect(stand.ingestLogs).not.toHaveBeenCalled()
      await stand.app.close()
    }
  })
})
