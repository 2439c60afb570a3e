/** People log in by an OpenID Connect provider: roles and teams by claims, in a signed cookie. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { CLIENT, createProvider, type Provider } from './oidc-provider.ts'
import {
  API_KEY,
  markerOf,
  sendAll,
  sessionKeyOf,
  type SharedBridge,
  startSharedBridge,
  TEAMS,
} from './two-teams.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function stage(settings: Readonly<Record<string, string>> = {}) {
  const provider = await createProvider()
  cleanUp.push(() => provider.close())
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const port = await freePort()
  const bridge = await startSharedBridge(dataDir, {
    OTLP_RECEIVER_PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: CLIENT.id,
    OIDC_CLIENT_SECRET: CLIENT.secret,
    OIDC_ROLES: 'ops=admin,auditors=read:all,leads=read:team,*=read:own',
    ...settings,
  })
  cleanUp.push(() => bridge.stop())
  for (const team of TEAMS) {
    const key = await bridge.key(`${team}-ingest`, { scopes: ['ingest'], team })
    await sendAll(bridge, team, key)
  }
  return { provider, bridge }
}

/** What a browser does: follows the redirects, keeps cookies. Resolves to the last answer. */
async function logIn(bridge: SharedBridge, cookies = new Map<string, string>()) {
  let url = `${bridge.url}/api/oidc/login`
  for (let hops = 0; hops < 6; hops += 1) {
    const header = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie: header } })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
      expect(cookie).toMatch(/; HttpOnly; SameSite=(Strict|Lax)/)
    }
    const location = answer.headers.get('location')
    if (location === null || new URL(location, url).pathname === '/') return { answer, cookies }
    await answer.body?.cancel()
    url = new URL(location, url).href
  }
  throw new Error('too many redirects')
}

const cookieOf = (cookies: ReadonlyMap<string, string>): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

const asPerson = (cookies: ReadonlyMap<string, string>, more: Record<string, string> = {}) => ({
  headers: { cookie: cookieOf(cookies), ...more },
})

async function sessionsOf(bridge: SharedBridge, cookies: ReadonlyMap<string, string>) {
  const answer = await bridge.ask('/api/sessions', undefined, asPerson(cookies))
  if (answer.status !== 200) return answer.status
  const { sessions } = (await answer.json()) as { sessions: { key: string }[] }
  return sessions.map(({ key }) => key).toSorted()
}

describe('somebody who logs in', () => {
  test('sees what his roles and his team allow', async () => {
    const { provider, bridge } = await stage()
    const all = TEAMS.map((team) => sessionKeyOf(team)).toSorted()
    const seen = async (person: Provider['person']) => {
      provider.person = { email: 'ada@example.com', ...person }
      return sessionsOf(bridge, (await logIn(bridge)).cookies)
    }
    expect(await seen({ groups: ['leads'], team: 'red' })).toEqual([sessionKeyOf('red')])
    expect(await seen({ groups: ['leads'], team: 'blue' })).toEqual([sessionKeyOf('blue')])
    expect(await seen({ groups: ['auditors', 'others'] })).toEqual(all)
    expect(await seen({ groups: 'ops' })).toEqual(all)
    expect(await seen({ groups: ['leads'] })).toEqual([])
    expect(await seen({ groups: [], team: 'red', email: `${markerOf('red')}-user` })).toEqual([
      sessionKeyOf('red'),
    ])
    expect(await seen({ groups: [], team: 'red' })).toEqual([])
  })

  test('is told who he is, may do what his role allows, and is in the audit log', async () => {
    const { provider, bridge } = await stage()
    provider.person = { email: 'eve@example.com', groups: ['leads'], team: 'red' }
    const { cookies } = await logIn(bridge)
    const me = (await (await bridge.ask('/api/me', undefined, asPerson(cookies))).json()) as object
    expect(me).toMatchObject({
      isLoggedIn: true,
      oidc: true,
      rights: { name: 'eve@example.com', scopes: ['read:own', 'read:team'], team: 'red' },
    })
    const path = `/api/sessions/${encodeURIComponent(sessionKeyOf('red'))}`
    const deletion = { method: 'DELETE', ...asPerson(cookies) }
    expect((await bridge.ask(path, undefined, deletion)).status).toBe(403)
    const foreign = asPerson(cookies, {
      'sec-fetch-site': 'same-site',
      origin: 'http://127.0.0.1:1',
    })
    expect((await bridge.ask(path, undefined, foreign)).status).toBe(403)
    const audit = await (await bridge.ask('/api/audit', API_KEY)).text()
    expect(audit).toContain('"actor":"eve@example.com","action":"login"')
    expect(audit).toContain('"actor":"eve@example.com","action":"deleteSession"')
    const out = await bridge.ask('/api/logout', undefined, {
      method: 'POST',
      body: {},
      ...asPerson(cookies),
    })
    expect(out.headers.getSetCookie().join()).toContain('claude-telemetry-session=; ')
  })

  test('whose claims need the user info, or a mapping of teams', async () => {
    const { provider, bridge } = await stage({
      OIDC_ROLES: 'from-userinfo=read:team',
      OIDC_TEAM_CLAIM: 'departments',
      OIDC_TEAMS: 'D-17=red,D-18=blue',
    })
    provider.person = { email: 'ada@example.com', departments: ['D-1', 'D-18'] }
    expect(await sessionsOf(bridge, (await logIn(bridge)).cookies)).toEqual([sessionKeyOf('blue')])
  })
})

describe('nobody gets in', () => {
  test('without a role, or by an address that nobody confirmed', async () => {
    const { provider, bridge } = await stage({ OIDC_ROLES: 'ops=admin' })
    for (const person of [
      { email: 'ada@example.com', groups: ['others'] },
      { groups: ['ops'] },
      ...[false, 'false', 'no', 0, ''].map((email_verified) => {
        return { email: 'ada@example.com', email_verified, groups: ['ops'] }
      }),
    ]) {
      provider.person = person
      const { answer, cookies } = await logIn(bridge)
      expect(answer.status).toBe(403)
      expect(await sessionsOf(bridge, cookies)).toBe(401)
    }
  })

  test.each([
    ['another nonce', { nonce: 'of another login' }],
    ['another client', { aud: 'somebody-else' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['a time that is over', { exp: 1 }],
  ])('by a token with %s', async (_, forged) => {
    const { provider, bridge } = await stage()
    provider.person = { email: 'ada@example.com', groups: ['ops'] }
    provider.forged = forged
    const { answer, cookies } = await logIn(bridge)
    expect(answer.status).toBe(401)
    expect(await sessionsOf(bridge, cookies)).toBe(401)
  })

  test('by an answer to a login that this browser did not begin', async () => {
    const { provider, bridge } = await stage()
    provider.person = { email: 'ada@example.com', groups: ['ops'] }
    const callback = `/api/oidc/callback?code=stolen&state=guessed`
    expect((await bridge.ask(callback, undefined)).status).toBe(401)
    const begun = await fetch(`${bridge.url}/api/oidc/login`, { redirect: 'manual' })
    const [cookie = ''] = begun.headers.getSetCookie().map((one) => one.split(';')[0] ?? '')
    const answer = await bridge.ask(callback, undefined, { headers: { cookie } })
    expect(answer.status).toBe(401)
    expect(answer.headers.getSetCookie().join()).not.toContain('claude-telemetry-session=ey')
  })

  test('by a cookie that was changed, or made elsewhere', async () => {
    const { provider, bridge } = await stage()
    provider.person = { email: 'ada@example.com', groups: ['leads'], team: 'red' }
    const { cookies } = await logIn(bridge)
    const [body = '', signature = ''] = (cookies.get('claude-telemetry-session') ?? '').split('.')
    const value = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
    const changed = Buffer.from(JSON.stringify(value).replace('"read:team"', '"admin"')).toString(
      'base64url',
    )
    for (const text of [`${changed}.${signature}`, `${body}.`, 'x.y']) {
      const forged = new Map([['claude-telemetry-session', text]])
      expect([text, await sessionsOf(bridge, forged)]).toEqual([text, 401])
    }
  })

  test('while the provider is away, and the page says so', async () => {
    const { provider, bridge } = await stage()
    await provider.close()
    cleanUp.splice(0, 1)
    const answer = await fetch(`${bridge.url}/api/oidc/login`, { redirect: 'manual' })
    expect(answer.status).toBe(503)
  })
})

test.each([
  [{ OIDC_CLIENT_ID: '' }, 'OIDC_CLIENT_ID'],
  [{ PUBLIC_URL: '' }, 'PUBLIC_URL'],
  [{ OIDC_ISSUER: 'http://login.example.com' }, 'OIDC_ISSUER'],
  [{ OIDC_ROLES: 'ops=root' }, 'OIDC_ROLES'],
])('settings that do not go together are refused: %j', (change, variable) => {
  const settings = {
    ...bridgeEnvironment('/tmp/nowhere'),
    OIDC_ISSUER: 'https://login.example.com',
    OIDC_CLIENT_ID: 'id',
    OIDC_CLIENT_SECRET: 'secret',
    PUBLIC_URL: 'https://telemetry.example.com',
    ...change,
  }
  const platform = { os: process.platform, homeDir: '/tmp', workingDir: '/tmp' }
  const config = loadConfig(settings, platform)
  expect(config.ok ? [] : config.error.map((problem) => problem.variable)).toEqual([variable])
})
