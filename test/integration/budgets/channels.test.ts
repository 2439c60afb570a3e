/** Alerts by e-mail, to Slack, to a service of one's own and on the desktop, each over real connections. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { desktopChannel, desktopCommand } from '../../../src/alerts/desktop-channel.ts'
import { filled, parseTemplate, templateFields } from '../../../src/alerts/json-channel.ts'
import { mailChannel } from '../../../src/alerts/mail-channel.ts'
import { slackChannel } from '../../../src/alerts/slack-channel.ts'
import type { QueuedAlert, ThresholdAlert } from '../../../src/domain/alert.ts'
import { readSmtpUrl } from '../../../src/http/smtp.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { eventually } from '../corpus/recording.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { createSmtpStandIn, type SmtpAccount } from '../smtp-stand-in.ts'
import { spend } from './spending.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

const alert: ThresholdAlert = {
  ...({ kind: 'budget', scope: 'user', subject: 'ada', date: '2026-11-21' } as const),
  ...{ threshold: 100, limitUsd: 10, spentUsd: 12.5, atMs: Date.UTC(2026, 10, 21, 9) },
}
const queued = (subject = 'ada'): QueuedAlert => {
  return { id: 'an-id', alert: { ...alert, subject }, attempts: 0, notBeforeMs: 0 }
}
const never = new AbortController().signal
const send = (channel: ReturnType<typeof mailChannel>, subject?: string) =>
  channel.send(queued(subject), Date.now(), never)

async function mailServer(account?: SmtpAccount) {
  const smtp = await createSmtpStandIn(account)
  cleanUp.push(() => smtp.close())
  return smtp
}

function mailTo(url: string) {
  const server = readSmtpUrl(url)
  if (server === undefined) throw new Error('no server')
  return mailChannel({ server, from: 'bridge@example.com', to: ['ops@example.com', 'b@x.org'] })
}

describe('e-mail', () => {
  test('has the alert as text and HTML, and the same id at each try', async () => {
    const smtp = await mailServer({ user: 'ada', password: 'p@ss:word/1' })
    expect(await send(mailTo(smtp.url))).toEqual({ ok: true, value: undefined })
    const [mail] = smtp.mails()
    expect(mail).toMatchObject({ from: 'bridge@example.com', to: ['ops@example.com', 'b@x.org'] })
    expect(mail?.headers).toMatchObject({
      subject: expect.stringMatching(
        /^claude-telemetry: passed 100 % of the daily budget of ada: /,
      ),
      'message-id': '<an-id@claude-telemetry>',
    })
    const source = (mail?.source ?? '').replaceAll('=\r\n', '')
    expect(source).toContain('<p>passed 100 % of the daily budget of ada: $12.50 of $10.00 spent')
  })

  test('that reaches some of its recipients is sent, and says who got none', async () => {
    const smtp = await mailServer()
    smtp.refuse('b@x.org')
    expect(await send(mailTo(smtp.url))).toEqual({
      ok: true,
      value: '127.0.0.1 refused b@x.org: 550 no such user',
    })
    expect(smtp.mails().map(({ to }) => to)).toEqual([['ops@example.com']])
    smtp.refuse('ops@example.com')
    expect(await send(mailTo(smtp.url))).toMatchObject({ ok: false })
  })

  test('takes a name as text: no header, no markup, no second recipient', async () => {
    const smtp = await mailServer()
    await send(mailTo(smtp.url), 'eve\r\nBcc: x@evil.example\r\n\r\n<img src=x onerror="a">&')
    const [mail] = smtp.mails()
    expect(mail?.to).toEqual(['ops@example.com', 'b@x.org'])
    expect(mail?.headers).not.toHaveProperty('bcc')
    const source = (mail?.source ?? '').replaceAll('=\r\n', '')
    expect(source).toContain('&lt;img src=3Dx onerror=3D&quot;a&quot;&gt;&amp;')
    expect(source.split('text/html')[1]).not.toContain('<img')
  })

  test('that is refused, or not answered, is a failure without the password', async () => {
    const smtp = await mailServer({ user: 'ada', password: 'right' })
    const wrong = smtp.url.replace('right', 'wrong-secret')
    const refused = await send(mailTo(wrong))
    expect(refused).toMatchObject({
      error: { reason: expect.stringContaining(`127.0.0.1:${smtp.port}`) as string },
    })
    expect(JSON.stringify(refused)).not.toContain('wrong-secret')
    const asSent = Buffer.from('\0ada\0wrong-secret').toString('base64')
    expect(smtp.commands()).toContain(`AUTH PLAIN ${asSent}`)
    expect(JSON.stringify(refused)).not.toContain(asSent)
    smtp.answer('552 too large')
    expect(JSON.stringify(await send(mailTo(smtp.url)))).toContain('552 too large')
    await smtp.close()
    cleanUp.pop()
    expect(JSON.stringify(await send(mailTo(smtp.url)))).toContain('ECONNREFUSED')
  })

  test('is checked by logging in, without a mail', async () => {
    const smtp = await mailServer({ user: 'ada', password: 'right' })
    expect(await mailTo(smtp.url).check(never)).toEqual({ ok: true, value: undefined })
    const refused = await mailTo(smtp.url.replace('right', 'wrong-secret')).check(never)
    expect(refused).toMatchObject({
      error: expect.stringContaining(`127.0.0.1:${smtp.port}`) as string,
    })
    expect(JSON.stringify(refused)).not.toContain('wrong-secret')
    expect(smtp.mails()).toEqual([])
  })

  test('stops with the bridge', async () => {
    const smtp = await mailServer()
    smtp.hang()
    const stop = new AbortController()
    const sending = mailTo(smtp.url).send(queued(), Date.now(), stop.signal)
    stop.abort()
    expect((await sending).ok).toBe(false)
  })

  test.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, isSecure: false }],
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, isSecure: true }],
    [
      'smtp://a%40b:c%2Fd@[::1]:2525',
      { host: '::1', port: 2525, isSecure: false, user: 'a@b', password: 'c/d' },
    ],
    ['http://mail.example.com', undefined],
    ['smtp://mail.example.com/path', undefined],
    ['smtp://user@mail.example.com', undefined],
    ['mail.example.com', undefined],
  ])('%s is read', (url, server) => expect(readSmtpUrl(url)).toEqual(server))
})

/** An HTTP server that keeps what is posted. */
async function httpServer() {
  const posted: { readonly headers: object; readonly body: unknown }[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    posted.push({ headers: request.headers, body: JSON.parse(await textOf(request)) })
    response.end('ok')
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}/services/T0/secret`, posted }
}

test('Slack gets a block in its own markup, in which a name is a name', async () => {
  const { url, posted } = await httpServer()
  expect(await send(slackChannel(url), '<!channel> *x*')).toEqual({ ok: true, value: undefined })
  const shown =
    'claude-telemetry: passed 100 % of the daily budget of `&lt;!channel&gt; *x*`: $12.50 of $10.00 spent on 2026-11-21'
  expect(posted[0]?.body).toEqual({
    text: shown,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: shown } }],
    unfurl_links: false,
    unfurl_media: false,
  })
})

describe('a template', () => {
  const parsed = (template: object) => {
    const read = parseTemplate(JSON.stringify(template))
    if (!read.ok) throw new Error(read.error)
    return filled(read.value, templateFields(queued('"},{<eve>')))
  }

  test('puts fields into texts, and whole ones as they are', () => {
    expect(
      parsed({
        event_action: 'trigger',
        payload: { summary: '{{text}}', severity: '{{ severity }}', custom: ['{{spentUsd}}', 1] },
        note: 'spent {{spentUsd}} by {{subject}}, {{budget}}.',
        none: '{{budget}}',
      }),
    ).toEqual({
      event_action: 'trigger',
      payload: {
        summary:
          'claude-telemetry: passed 100 % of the daily budget of "},{<eve>: $12.50 of $10.00 spent on 2026-11-21',
        severity: 'critical',
        custom: [12.5, 1],
      },
      note: 'spent 12.5 by "},{<eve>, .',
      none: null,
    })
  })

  test.each([
    ['{"a": "{{secret}}"}', /^\{\{secret\}\} is no field; there are id, text/],
    ['["{{a}}"]', /is no field/],
    ['"text"', /not a JSON object/],
    ['{', /not JSON/],
  ])('%s is wrong', (text, expected) => {
    const read = parseTemplate(text)
    expect(read.ok ? 'right' : read.error).toMatch(expected)
  })
})

describe('the desktop', () => {
  const text = '-x "$(id)" `id`; <b>&'
  test.each([
    ['linux', '-x "$(id)" `id`; &lt;b&gt;&amp;', undefined],
    ['darwin', text, undefined],
    ['win32', undefined, text],
  ] as const)('of %s gets a text that no shell reads', (platform, argument, input) => {
    const command = desktopCommand(platform, text)
    const texts = command.args.filter((each) => each.includes('$(id)'))
    expect(texts).toEqual(argument === undefined ? [] : [argument])
    expect(command.input).toBe(input)
  })

  test('gets the texts as arguments of the program itself', async () => {
    const bin = temporaryFolder()
    cleanUp.push(() => removeFolder(bin))
    const shown = join(bin, 'shown')
    writeFileSync(join(bin, 'notify-send'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${shown}'\n`)
    chmodSync(join(bin, 'notify-send'), 0o755)
    const path = process.env.PATH
    cleanUp.push(() => (process.env.PATH = path))
    process.env.PATH = `${bin}:${path}`
    expect(await desktopChannel('linux').check(never)).toMatchObject({ ok: true })
    expect(readFileSync(shown, 'utf8')).toBe('--version\n')
    expect(await desktopChannel('linux').send(queued('$(id) "x"'), 0, never)).toMatchObject({
      ok: true,
    })
    expect(readFileSync(shown, 'utf8').split('\n')).toEqual([
      ...['--app-name=claude-telemetry', '--', 'claude-telemetry'],
      'passed 100 % of the daily budget of $(id) "x": $12.50 of $10.00 spent on 2026-11-21',
      '',
    ])
    writeFileSync(join(bin, 'notify-send'), '#!/bin/sh\necho no display >&2\nexit 1\n')
    expect(await desktopChannel('linux').send(queued(), 0, never)).toEqual({
      ok: false,
      error: { reason: 'notify-send: no display' },
    })
  })

  test('that has no such program is a failure that says so', async () => {
    const shown = await desktopChannel('linux', async ({ file }) => {
      return { ok: false, error: `${file}: it is not installed` }
    }).send(queued(), 0, never)
    expect(shown).toEqual({ ok: false, error: { reason: 'notify-send: it is not installed' } })
  })
})

describe('the bridge', () => {
  test('tells every channel once, whatever another one does, over a restart', async () => {
    const langfuse = await createLangfuseStandIn()
    const dataDir = temporaryFolder()
    const smtp = await mailServer({ user: 'u', password: 'p' })
    const [slack, json] = [await httpServer(), await httpServer()]
    cleanUp.push(
      () => langfuse.close(),
      () => removeFolder(dataDir),
    )
    const template = join(dataDir, 'template.json')
    writeFileSync(template, JSON.stringify({ routing_key: 'k', summary: '{{text}}' }))
    const env: Record<string, string> = {
      ...bridgeEnvironment(dataDir, langfuse),
      BUDGET_DAILY_USD: '1',
      BUDGET_WEBHOOK_URL: 'http://127.0.0.1:9/nobody-listens',
      ALERT_SLACK_URL: slack.url,
      ALERT_MAIL_TO: 'ops@example.com',
      ALERT_JSON_URL: json.url,
      ALERT_JSON_TEMPLATE: template,
      ALERT_JSON_HEADERS: 'x-key=secret%20key',
      SMTP_URL: smtp.url,
      SMTP_FROM: 'bridge@example.com',
    }
    const bridge = await startBridge(env)
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 2 })
    const counts = () => [smtp.mails().length, slack.posted.length, json.posted.length]
    await eventually('all channels', () => counts().every((count) => count > 0))
    await bridge.stop()
    const again = await startBridge(env)
    await spend(again.url, { sessionId: 's2', turn: 0, costUsd: 2 })
    await again.stop()
    expect(counts()).toEqual([1, 1, 1])
    expect(json.posted[0]).toMatchObject({
      headers: { 'x-key': 'secret key' },
      body: { routing_key: 'k', summary: expect.stringContaining('daily budget: $2.00') as string },
    })
  })
})
