/** The log at its lowest level, while content comes in that is fine, refused, broken or not delivered. */
import { afterEach, expect, test } from 'vitest'
import { tmpdir } from 'node:os'
import { createApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { post, toolResult, turn } from './cli/telemetry.ts'
import { eventually } from './corpus/recording.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

/** No line of the log may have it. */
const CONTENT = 'quixotic walrus'

async function startLogged() {
  const lines: string[] = []
  const dataDir = temporaryFolder()
  const langfuse = await createLangfuseStandIn()
  const environment = {
    ...bridgeEnvironment(dataDir, langfuse),
    FORWARD_OTLP_ENDPOINT: 'http://127.0.0.1:7',
    BUDGET_SESSION_USD: '0.5',
  }
  const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
  const config = loadConfig(environment, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const log = createLogger('trace', { write: (line) => void lines.push(line) })
  const app = await createApp(config.value, log)
  if (!app.ok) throw new Error(app.error)
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const started = await app.value.start()
  if (!started.ok) throw new Error(started.error)
  return { lines, langfuse, url: started.value.url, stop: () => app.value.stop() }
}

test('no line has content, at whatever level and whatever becomes of it', async () => {
  const { lines, langfuse, url, stop } = await startLogged()
  const json = { 'content-type': 'application/json' }
  const send = (path: string, body: string, headers: Record<string, string> = json) =>
    fetch(`${url}${path}`, { method: 'POST', headers, body })
  await post(url, [
    {
      id: 's1',
      resource: { 'team.note': CONTENT },
      events: [
        ...turn(`explain the ${CONTENT}`, 1),
        toolResult('Bash', {
          tool_input: `{"command":"echo ${CONTENT}"}`,
          tool_output: CONTENT,
          success: 'false',
          error: CONTENT,
        }),
        { name: 'api_error', values: { error: CONTENT, status_code: 500 } },
        { name: 'api_response_body', values: { body: JSON.stringify({ text: CONTENT }) } },
      ],
    },
  ])
  await send(
    '/hooks/claude-code',
    JSON.stringify({
      session_id: 's1',
      hook_event_name: 'UserPromptSubmit',
      prompt: CONTENT,
      cwd: `/${CONTENT}`,
    }),
  )
  // Broken in several ways, and from an agent that nobody knows.
  await send('/v1/logs', `{"resourceLogs": [{"${CONTENT}": ${CONTENT}`)
  await send('/v1/logs', CONTENT, { 'content-type': 'text/plain' })
  await send('/hooks/claude-code', `{"prompt": "${CONTENT}"}`)
  await send('/hooks/claude-code', `["${CONTENT}"]`)
  const record = (attributes: object[], extra: object = {}) =>
    JSON.stringify({
      resourceLogs: [
        { scopeLogs: [{ scope: { name: 'x' }, logRecords: [{ attributes, ...extra }] }] },
      ],
    })
  const attribute = { key: 'prompt', value: { stringValue: CONTENT } }
  await send('/v1/logs', record([attribute], { body: { stringValue: CONTENT } }))
  await send('/v1/logs', record([{ key: CONTENT, value: { intValue: CONTENT } }]))
  await send('/v1/traces', JSON.stringify({ resourceSpans: [{ scopeSpans: CONTENT }] }))
  await send(`/v1/nothing/${encodeURIComponent('a path')}`, CONTENT)
  await eventually('a delivery', () => langfuse.spans().length > 0)
  langfuse.always(() => ({ kind: 'reset' }))
  await post(url, [{ id: 's2', events: turn(CONTENT, 0.1) }])
  await eventually('a failed delivery', () => lines.some((line) => line.includes('unreachable')))
  langfuse.always(undefined)
  await stop()
  expect(langfuse.spans().some((span) => JSON.stringify(span).includes(CONTENT))).toBe(true)
  expect(lines.length).toBeGreaterThan(5)
  for (const line of lines) {
    expect(line.replaceAll('%20', ' ')).not.toContain(CONTENT)
    expect(JSON.parse(line)).toMatchObject({ level: /./, time: /./, msg: /./ })
  }
})
