/** Who may read what a running bridge has: with its access token, without, with another one. */
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { startedProcess } from './corpus/bridge-process.ts'
import { recording, replay } from './corpus/recording.ts'
import { createHome } from './cli/home.ts'
import { startRelay } from '../page/relay.ts'
import { differentFrom } from './store.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

/** The settings of a bridge as it is when nothing is set. */
function defaults(): Record<string, string> {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const { PAGE_ACCESS: _, ...environment } = bridgeEnvironment(dataDir)
  return environment
}

async function setUp(settings: Record<string, string> = {}) {
  const environment = { ...defaults(), ...settings }
  const bridge = await startBridge(environment)
  cleanUp.push(() => bridge.stop())
  const token = readFileSync(join(bridge.dataDir, 'access-token'), 'utf8').trim()
  return { bridge, environment, token }
}

const [sessionId = ''] = Object.keys(recording('plain').truth)
const key = `claude-code/${sessionId}`

interface Asked {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

function ask(url: string, token?: string, init: Asked = {}): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return fetch(url, { ...init, headers: { ...init.headers, ...headers } })
}

describe('a bridge as it comes', () => {
  test('takes telemetry of this machine, and tells it to nobody without the token', async () => {
    const { bridge, token } = await setUp()
    await replay(bridge.url, recording('plain'))
    expect((await ask(`${bridge.url}/health`)).status).toBe(200)
    const session = `${bridge.url}/api/sessions/${encodeURIComponent(key)}`
    for (const [url, init] of [
      [session, {}],
      [session, { method: 'DELETE' }],
      [`${session}/events`, {}],
      [`${bridge.url}/api/sessions`, {}],
      [`${bridge.url}/api/live/recent`, {}],
      [`${bridge.url}/api/live?after=0`, {}],
      [`${bridge.url}/api/delivery/drop`, { method: 'POST' }],
      [`${bridge.url}/api/openapi.json`, {}],
    ] as const) {
      for (const wrong of [undefined, 'a-token-of-another-bridge']) {
        const refused = await ask(url, wrong, init)
        expect([url, wrong, refused.status]).toEqual([url, wrong, 401])
        expect(await refused.text()).not.toContain(sessionId)
      }
    }
    const told = await ask(session, token)
    expect(told.status).toBe(200)
    expect(await told.text()).toContain(sessionId)
    const live = await ask(`${bridge.url}/api/live?after=0`, token)
    expect(live.headers.get('content-type')).toBe('text/event-stream')
    await live.body?.cancel()
  })

  test('makes the token at its first start, privately, and keeps it', async () => {
    const environment = defaults()
    const path = join(environment.DATA_DIR ?? '', 'access-token')
    const tokens: string[] = []
    for (let start = 0; start < 2; start += 1) {
      const bridge = await startedProcess(environment)
      tokens.push(readFileSync(path, 'utf8'))
      expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
      expect((await ask(`${bridge.url}/api/facets`, tokens[0]?.trim())).status).toBe(200)
      bridge.kill('SIGTERM')
      await bridge.ended()
      expect(bridge.log()).not.toContain(tokens[0]?.trim())
      expect(bridge.log()).toContain('claude-telemetry open')
    }
    expect(tokens[1]).toBe(tokens[0])
  })

  test('PAGE_ACCESS=open lets every user of this machine read', async () => {
    const { bridge } = await setUp({ PAGE_ACCESS: 'open' })
    expect((await ask(`${bridge.url}/api/sessions`)).status).toBe(200)
  })

  test('takes no other Host, whatever the path and the form of the request', async () => {
    const { bridge } = await setUp()
    const { hostname, port } = new URL(bridge.url)
    for (const path of ['/', '/health', '/api/me', '/v1/logs', '/hooks/claude-code', '/nothing']) {
      for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example`, '']) {
        const method = /^\/(v1|hooks)/.test(path) ? 'POST' : 'GET'
        const socket = connect(Number(port), hostname)
        socket.write(
          `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
            'Content-Length: 2\r\nConnection: close\r\n\r\n{}',
        )
        let answer = ''
        socket.on('data', (chunk: Buffer) => {
          answer += chunk.toString()
        })
        await once(socket, 'close')
        expect([path, host, answer.split('\r\n')[0]]).toEqual([
          path,
          host,
          'HTTP/1.1 403 Forbidden',
        ])
      }
    }
  })
})

describe('the API key of a shared bridge', () => {
  const API_KEY = 'a-key-that-many-share'

  test('is taken on every path, and the access token on none', async () => {
    const { bridge, token } = await setUp({ API_KEY })
    const paths = ['/health', '/api/me', '/api/sessions', '/api/openapi.json']
    for (const path of paths) expect((await ask(bridge.url + path, API_KEY)).status).toBe(200)
    const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
    for (const path of ['/v1/logs', '/v1/metrics', '/v1/traces', '/hooks/claude-code']) {
      const accepted = await ask(bridge.url + path, API_KEY, post)
      expect([path, accepted.status === 401]).toEqual([path, false])
      expect((await ask(bridge.url + path, token, post)).status).toBe(401)
    }
    expect((await ask(`${bridge.url}/api/sessions`, token)).status).toBe(401)
    expect((await ask(`${bridge.url}/api/sessions`)).status).toBe(401)
  })

  test('PAGE_ACCESS=open does not put it out of force', async () => {
    const { bridge } = await setUp({ API_KEY, PAGE_ACCESS: 'open' })
    expect((await ask(`${bridge.url}/api/sessions`)).status).toBe(401)
  })
})

describe('commands', () => {
  const commandsOf = (environment: Record<string, string>, url: string) => {
    const home = createHome()
    const variables = { ...environment, OTLP_RECEIVER_PORT: new URL(url).port }
    return {
      home,
      run: (args: string[], more: Record<string, string> = {}) =>
        home.start(args, { ...variables, ...more }),
    }
  }

  test('read the token from its file', async () => {
    const { bridge, environment } = await setUp()
    await replay(bridge.url, recording('plain'))
    const { run } = commandsOf(environment, bridge.url)
    const tail = await run(['tail', '--no-follow'])
    expect(tail).toMatchObject({ code: 0, stderr: '' })
    expect(tail.stdout).not.toBe('')
    const deleted = await run(['delete', sessionId, '--yes'])
    expect([deleted.code, deleted.stderr]).toEqual([0, ''])
    expect(deleted.stdout).toContain('Deleted session')
  })

  test('open prints the address with the token where it is asked to, or where no browser is', async () => {
    const { bridge, environment, token } = await setUp()
    const { run } = commandsOf(environment, bridge.url)
    const address = `${bridge.url}/#token=${token}`
    const printed = await run(['open', '--print'])
    expect(printed).toEqual({ code: 0, stdout: `${address}\n`, stderr: '' })
    const bare = await run(['open'])
    expect(bare.code).toBe(0)
    expect(bare.stdout.split('\n')).toContain(address)
  })

  test.skipIf(process.platform !== 'linux')(
    'open gives the browser the token in a private file, never in arguments',
    async () => {
      const { bridge, environment, token } = await setUp()
      const { home, run } = commandsOf(environment, bridge.url)
      home.program('xdg-open', '#!/bin/sh\necho "$@" >"$HOME/opened"\n')
      const opened = await run(['open'], { DISPLAY: ':0' })
      expect(opened).toMatchObject({ code: 0, stderr: '' })
      expect(opened.stdout).toContain(`Opened ${bridge.url}/`)
      expect(opened.stdout).not.toContain(token)
      const path = home.read('opened').toString().trim()
      expect(path).toBe(join(bridge.dataDir, 'open.html'))
      expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
      expect(readFileSync(path, 'utf8')).toContain(`url=${bridge.url}/#token=${token}"`)
    },
  )

  test('give the token to nobody but its own bridge, whatever he claims', async () => {
    const { bridge, environment, token } = await setUp()
    const health = await (await fetch(`${bridge.url}/health`)).text()
    const received: string[] = []
    const server = createServer(({ url = '', headers }, answer) => {
      received.push(`${url} ${JSON.stringify(headers)}`)
      answer.setHeader('content-type', 'application/json')
      const me = { version: '1', access: 'token', isLoggedIn: true, proof: 'x'.repeat(43) }
      answer.end(url.startsWith('/health') ? health : JSON.stringify(me))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanUp.push(() => server.close())
    const { port } = server.address() as AddressInfo
    // One that has the bridge itself, on its own port, answer for him.
    const relay = await startRelay(bridge.url)
    cleanUp.push(() => relay.close())
    for (const url of [`http://127.0.0.1:${port}`, relay.url]) {
      const { run } = commandsOf(environment, url)
      const opened = await run(['open', '--print'])
      expect(opened).toMatchObject({ code: 1, stdout: '' })
      expect(opened.stderr).toContain('does not hold the access token of this DATA_DIR')
      for (const args of [['tail', '--no-follow'], ['status'], ['delete', sessionId, '--yes']]) {
        const ran = await run(args)
        expect(`${ran.stdout}${ran.stderr}`).not.toContain(token)
      }
    }
    expect(received.length).toBeGreaterThan(3)
    expect(received.filter((request) => request.includes(token))).toEqual([])
  })

  test('open says why not: no bridge, another program, the bridge of another folder', async () => {
    const own = await setUp()
    const other = await setUp()
    const { run } = commandsOf(own.environment, other.bridge.url)
    const elsewhere = await run(['open', '--print'])
    expect(elsewhere.code).toBe(1)
    expect(elsewhere.stderr).toContain(differentFrom(own.bridge.dataDir))
    const nobody = await run(['open', '--print'], { OTLP_RECEIVER_PORT: '9' })
    expect(nobody.code).toBe(1)
    expect(nobody.stderr).toContain('does not answer')
    expect(`${elsewhere.stdout}${elsewhere.stderr}${nobody.stdout}`).not.toContain(own.token)
  })

  test('open brings the API key where there is one', async () => {
    const { bridge, environment } = await setUp({ API_KEY: 'a/key&with#signs' })
    const { run } = commandsOf(environment, bridge.url)
    const printed = await run(['open', '--print'])
    expect(printed.stdout).toBe(`${bridge.url}/#token=a%2Fkey%26with%23signs\n`)
  })

  test('open without the API key of the bridge says which setting is missing', async () => {
    const { bridge, environment } = await setUp({ API_KEY: 'a-key' })
    const { run } = commandsOf({ ...environment, API_KEY: '' }, bridge.url)
    const missing = await run(['open', '--print'])
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toContain('has an API_KEY, and this command has none: set API_KEY\n')
    expect(missing.stderr).not.toContain('refuses')
    const wrong = await run(['open', '--print'], { API_KEY: 'another' })
    expect(wrong.stderr).toContain('refuses the API_KEY of this command\n')
  })

  test('open names no token to a page that asks for none', async () => {
    const { bridge, environment } = await setUp({ PAGE_ACCESS: 'open' })
    const { run } = commandsOf(environment, bridge.url)
    expect((await run(['open', '--print'])).stdout).toBe(`${bridge.url}/\n`)
  })
})
