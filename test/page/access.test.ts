/**
 * Who sees the page of a bridge in a browser: with its token, without, with a wrong one, and from
 * pages of another port and of another origin, which try whatever a page may try.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestBridge } from '../integration/corpus/bridge.ts'
import { recording, replay } from '../integration/corpus/recording.ts'
import { chromiumPath } from './browser.ts'
import { expectFitForEveryone } from './fitness.ts'
import { createStage, idOf, pathOf, type Stage } from './stage.ts'
import { expectShown, type Visit } from './visit.ts'

const PROMPT = 'What is the capital of France?'
const FIELD = 'Access token of the bridge'

describe.skipIf(chromiumPath === undefined)('the page of a bridge as it comes', () => {
  let stage: Stage

  beforeAll(async () => {
    stage = await createStage()
  })
  afterAll(() => stage.close())
  afterEach(() => stage.clear())

  async function setUp() {
    const bridge = await stage.bridge({ PAGE_ACCESS: 'token' })
    await replay(bridge.url, recording('plain'))
    const token = readFileSync(join(bridge.dataDir, 'access-token'), 'utf8').trim()
    const visit = await stage.visit(bridge.url)
    return { bridge, token, visit, session: pathOf(idOf('plain')) }
  }

  const bodyOf = ({ page }: Visit): Promise<string | null> => page.locator('body').textContent()

  test('shows everything to who brings the token, which leaves the address at once', async () => {
    const { bridge, token, visit, session } = await setUp()
    const { page } = visit
    await visit.go(`${session}#token=${token}`)
    await expectShown(page.getByText(PROMPT).first())
    expect(page.url()).toBe(`${bridge.url}${session}`)
    await visit.go('/live')
    await expectShown(page.getByText('live', { exact: true }))
    await replay(bridge.url, recording('subagent-traces'))
    await expectShown(page.locator('.live-row').getByText('The subagent counted 3 files.').first())
    await page.reload()
    await expectShown(page.getByText('live', { exact: true }))
    expect(await page.context().cookies()).toEqual([])
    const newTab = await page.context().newPage()
    await newTab.goto(`${bridge.url}${session}`)
    await expectShown(newTab.getByText(PROMPT).first())
    await page.getByRole('button', { name: 'Log out' }).click()
    await expectShown(page.getByLabel(FIELD))
    await newTab.reload()
    await expectShown(newTab.getByLabel(FIELD))
  })

  test('offers to a key what it may do, and nothing else', async () => {
    const API_KEY = 'the-key-of-whoever-runs-it'
    const bridge = await stage.bridge({ API_KEY })
    const asAdmin = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
    const keyOf = async (name: string, body: object): Promise<string> => {
      const answer = await fetch(`${bridge.url}/api/keys`, {
        method: 'POST',
        headers: asAdmin,
        body: JSON.stringify({ name, ...body }),
      })
      return ((await answer.json()) as { secret: string }).secret
    }
    const reader = await keyOf('reader', { scopes: ['read:team', 'ingest'], team: 'red' })
    const other = await keyOf('other', { scopes: ['read:team'], team: 'blue' })
    for (const { path, headers, body } of recording('plain').requests) {
      await fetch(bridge.url + path, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${reader}` },
        body: new Uint8Array(body),
      })
    }
    const session = `/sessions/${encodeURIComponent(`claude-code@red/${idOf('plain')}`)}`
    const remove = async ({ page }: Visit) => {
      await page.getByRole('button', { name: 'Session', exact: true }).click()
      await expectShown(page.getByRole('menuitem', { name: 'Export as HTML', exact: true }))
      const count = await page.getByRole('menuitem', { name: 'Delete' }).count()
      await page.keyboard.press('Escape')
      return count
    }
    const delivery = (visit: Visit) => visit.page.getByRole('link', { name: 'Delivery' })
    const visit = await stage.visit(bridge.url)
    await visit.go(`${session}#token=${reader}`)
    await expectShown(visit.page.getByText(PROMPT).first())
    await expectShown(visit.page.getByText('reader · red'))
    expect([await remove(visit), await delivery(visit).count()]).toEqual([0, 0])
    await visit.page.getByRole('button', { name: 'Log out' }).click()
    await expectShown(visit.page.getByLabel('API key of the bridge'))
    // Not the session itself, which is answered with 404: the browser would complain.
    await visit.go(`/sessions#token=${other}`)
    await expectShown(visit.page.getByText('other · blue'))
    await expectShown(visit.heading('Sessions'))
    expect(await bodyOf(visit)).not.toContain(PROMPT)
    await visit.page.getByRole('button', { name: 'Log out' }).click()
    await visit.go(`${session}#token=${API_KEY}`)
    await expectShown(visit.page.getByText(PROMPT).first())
    expect([await remove(visit), await delivery(visit).count()]).toEqual([1, 1])
  })

  test('takes a token that comes in a tab it is open in', async () => {
    const { token, visit } = await setUp()
    await visit.go('/sessions')
    await expectShown(visit.page.getByLabel(FIELD))
    await visit.page.evaluate(`location.hash = '#token=${token}'`)
    await expectShown(visit.heading('Sessions'))
  })

  test.each(['/', '/sessions', '/live', '/delivery', 'a session'])(
    'without the token %s says how to open it, and nothing else',
    async (path) => {
      const { visit, session } = await setUp()
      await visit.go(path === 'a session' ? session : path)
      await expectShown(visit.page.getByLabel(FIELD))
      await expectShown(visit.page.getByText('claude-telemetry open'))
      expect(await bodyOf(visit)).not.toContain('France')
      await expectFitForEveryone(visit.page)
    },
  )

  test('a wrong token opens nothing, in the address or in the field; the right one does', async () => {
    const { token, visit, session } = await setUp()
    const { page } = visit
    await visit.go(`${session}#token=${token.slice(1)}`)
    const field = page.getByLabel(FIELD)
    await expectShown(field)
    expect(page.url()).not.toContain('token')
    await field.fill('a-token-of-another-bridge')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expectShown(page.getByText('this is not the access token of the bridge'))
    expect(await bodyOf(visit)).not.toContain('France')
    await field.fill(token)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expectShown(page.getByText(PROMPT).first())
    await page.reload()
    await expectShown(page.getByText(PROMPT).first())
    visit.forgive('401')
  })

  test('what a session holds is shown as text, whatever it looks like', async () => {
    const { bridge, token, visit } = await setUp()
    const attack = `<img src=x onerror="window.isTaken = true"><script>window.isTaken = true</script>`
    const attributes = {
      'session.id': 'attack',
      'event.name': 'user_prompt',
      'prompt.id': 'p1',
      prompt: attack,
      'user.email': attack,
    }
    const record = {
      timeUnixNano: `${Date.now()}000000`,
      body: { stringValue: 'claude_code.user_prompt' },
      attributes: Object.entries(attributes).map(([name, stringValue]) => ({
        key: name,
        value: { stringValue },
      })),
    }
    const resource = {
      attributes: Object.entries({
        'service.name': 'claude-code',
        project: attack,
        team: attack,
      }).map(([name, stringValue]) => ({ key: name, value: { stringValue } })),
    }
    const scope = { name: 'com.anthropic.claude_code.events', version: '2.1.329' }
    const scopeLogs = [{ scope, logRecords: [record] }]
    const posted = await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }),
    })
    expect(posted.status).toBe(200)
    const { page } = visit
    await visit.go(`${pathOf('attack')}#token=${token}`)
    await expectShown(page.getByText(attack).first())
    for (const path of ['/sessions?range=all', '/live']) {
      await visit.go(path)
      await expectShown(page.locator('main a', { hasText: attack }).first())
      expect(await page.evaluate('window.isTaken')).toBeUndefined()
    }
  })

  /** A server of another port that any user of the machine may run, and what it was sent. */
  async function stranger() {
    const received: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = []
    const server = createServer(({ url = '', headers }, answer) => {
      received.push({ url, headers })
      answer.setHeader('content-type', 'text/html').end('<!doctype html><title>stranger</title>')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    stage.onEnd(() => server.close())
    return { port: (server.address() as AddressInfo).port, received }
  }

  test.each(['127.0.0.1', 'localhost'])(
    'a page of another port of %s reads nothing, sends nothing, and is sent nothing',
    async (host) => {
      const { bridge, token, visit, session } = await setUp()
      // Whoever looks at the bridge in the same browser, logged in.
      await visit.go(`${session}#token=${token}`)
      await expectShown(visit.page.getByText(PROMPT).first())
      const { port, received } = await stranger()
      const page = await visit.page.context().newPage()
      await page.goto(`http://${host}:${port}/`)
      const seen = await page.evaluate<string[]>(attempts(bridge, session, token))
      expect(seen.length).toBeGreaterThan(20)
      expect(seen.filter((attempt) => !attempt.endsWith(': nothing'))).toEqual([])
      expect(received.length).toBeGreaterThan(0)
      for (const { url, headers } of received) {
        expect(`${url} ${JSON.stringify(headers)}`).not.toContain(token)
        expect(headers.cookie).toBeUndefined()
        expect(headers.authorization).toBeUndefined()
      }
      // Neither was anything changed, nor any telemetry taken.
      const headers = { authorization: `Bearer ${token}` }
      const sessions = await fetch(`${bridge.url}/api/sessions`, { headers })
      const { sessions: stored } = (await sessions.json()) as { sessions: { key: string }[] }
      expect(stored.map(({ key }) => key)).toEqual([`claude-code/${idOf('plain')}`])
    },
  )
})

/**
 * What a page of another origin may try, as a script for the browser: each attempt ends in a line
 * that says what it got. It is even given the token, which it could not know.
 */
function attempts({ url }: TestBridge, session: string, token: string): string {
  const paths = ['/', '/health', '/api/me', '/api/sessions', '/api/live', `/api${session}`]
  return `(async () => {
    const seen = []
    const note = (what, got) => seen.push(what + ': ' + (got ? String(got).slice(0, 80) : 'nothing'))
    const read = async (what, path, init) => {
      try {
        const answer = await fetch('${url}' + path, init)
        note(what + ' ' + path, answer.type === 'opaque' ? '' : await answer.text())
      } catch {
        note(what + ' ' + path, '')
      }
    }
    for (const path of ${JSON.stringify(paths)}) {
      await read('plain', path, {})
      await read('with credentials', path, { credentials: 'include' })
      await read('opaque', path, { mode: 'no-cors', credentials: 'include' })
      await read('with the token', path, { headers: { authorization: 'Bearer ${token}' } })
    }
    await read('delete', '/api${session}', {
      method: 'DELETE',
      headers: { authorization: 'Bearer ${token}' },
    })
    const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{
      eventName: 'claude_code.user_prompt',
      attributes: [{ key: 'session.id', value: { stringValue: 'forged' } }],
    }] }] }] })
    for (const path of ['/v1/logs', '/hooks/claude-code']) {
      for (const type of ['text/plain', 'application/json']) {
        await read('post ' + type, path, {
          method: 'POST', mode: 'no-cors', body, headers: { 'content-type': type },
        })
      }
    }
    await new Promise((resolve) => {
      const source = new EventSource('${url}/api/live?after=0', { withCredentials: true })
      source.onmessage = ({ data }) => { note('event source', data); source.close(); resolve() }
      source.onerror = () => { note('event source', ''); source.close(); resolve() }
    })
    await new Promise((resolve) => {
      const frame = document.createElement('iframe')
      frame.src = '${url}${session}'
      frame.onload = () => {
        let text = ''
        try { text = frame.contentDocument.body.innerText } catch {}
        note('frame', text)
        resolve()
      }
      document.body.append(frame)
    })
    note('local storage', localStorage.getItem('claude-telemetry.key'))
    note('cookies', document.cookie)
    await fetch('/received', { credentials: 'include' })
    return seen
  })()`
}
