/** `report --mail` and `--slack`: a report for a person or a team, sent over real connections. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { spend } from './budgets/spending.ts'
import { createHome } from './cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import { createSmtpStandIn } from './smtp-stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

/** Sessions of two people in two teams, stored by a bridge that has stopped. */
async function setUp() {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const env: Record<string, string> = bridgeEnvironment(dataDir, langfuse)
  const bridge = await startBridge(env)
  await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 2, userId: 'ada', team: 'red' })
  const eve = '<b>eve</b> ``` <!channel>'
  await spend(bridge.url, { sessionId: 's2', turn: 0, costUsd: 40, userId: eve, team: 'blue' })
  await bridge.stop()
  const run = (settings: Record<string, string>, ...args: string[]) =>
    createHome().start(['report', ...args], { ...env, ...settings })
  return { run }
}

async function slackServer() {
  const posted: { readonly text: string; readonly blocks: readonly unknown[] }[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    posted.push(JSON.parse(await textOf(request)) as (typeof posted)[number])
    response.end('ok')
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}/services/nobody-knows`, posted }
}

test('a report of a team goes to an address, as text and as HTML', async () => {
  const { run } = await setUp()
  const smtp = await createSmtpStandIn({ user: 'u', password: 'nobody-knows' })
  cleanUp.push(() => smtp.close())
  const settings = { SMTP_URL: smtp.url, SMTP_FROM: 'bridge@example.com' }
  const sent = await run(settings, '--team', 'red', '--mail', 'red@example.com,ada@example.com')
  expect(sent).toMatchObject({
    code: 0,
    stdout: 'The report was sent to red@example.com, ada@example.com.\n',
    stderr: expect.not.stringContaining('nobody-knows') as string,
  })
  const [mail, ...more] = smtp.mails()
  expect(more).toEqual([])
  expect(mail).toMatchObject({
    from: 'bridge@example.com',
    to: ['red@example.com', 'ada@example.com'],
    headers: {
      subject: expect.stringMatching(/^claude-telemetry: What agents cost .*, red$/) as string,
    },
  })
  const source = (mail?.source ?? '').replaceAll('=\r\n', '')
  expect(source).toContain('$2.00')
  expect(source).not.toContain('$40.00')
})

test('a report that not all recipients got fails with their names', async () => {
  const { run } = await setUp()
  const smtp = await createSmtpStandIn()
  cleanUp.push(() => smtp.close())
  const settings = { SMTP_URL: smtp.url, SMTP_FROM: 'bridge@example.com' }
  smtp.refuse('gone@example.com')
  const sent = await run(settings, '--mail', 'ada@example.com,gone@example.com')
  expect(sent.code).toBe(1)
  expect(sent.stderr).toMatch(/not sent to all of .*refused gone@example\.com: 550 no such user/)
  expect(smtp.mails()).toHaveLength(1)
})

test('names of others are text in mail and in Slack', async () => {
  const { run } = await setUp()
  const smtp = await createSmtpStandIn()
  cleanUp.push(() => smtp.close())
  const slack = await slackServer()
  const settings = {
    SMTP_URL: smtp.url,
    SMTP_FROM: 'bridge@example.com',
    ALERT_SLACK_URL: slack.url,
  }
  const both = ['--group', 'user', '--mail', 'ops@example.com', '--slack']
  expect(await run(settings, ...both)).toMatchObject({
    code: 0,
    stdout: 'The report was sent to ops@example.com.\nThe report was sent to Slack.\n',
    stderr: expect.not.stringContaining('nobody-knows') as string,
  })
  const html = (smtp.mails()[0]?.source ?? '').replaceAll('=\r\n', '').split('text/html')[1]
  expect(html).toContain('&lt;b&gt;eve&lt;/b&gt;')
  expect(html).not.toContain('<b>eve')
  const text = JSON.stringify(slack.posted)
  expect(text).toContain("&lt;b&gt;eve&lt;/b&gt; ''' &lt;!channel&gt;")
  expect(text).not.toContain('<!channel>')
})

test('what is missing, wrong or refused is said', async () => {
  const { run } = await setUp()
  expect(await run({}, '--mail', 'a@example.com')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SMTP_URL and SMTP_FROM') as string,
  })
  expect(await run({}, '--slack')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ALERT_SLACK_URL') as string,
  })
  expect((await run({}, '--mail', 'nobody')).code).toBe(2)
  const smtp = await createSmtpStandIn()
  cleanUp.push(() => smtp.close())
  smtp.answer('554 spam')
  const settings = { SMTP_URL: smtp.url, SMTP_FROM: 'bridge@example.com' }
  expect(await run(settings, '--mail', 'a@example.com')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('554 spam') as string,
  })
})
