/** Masking what is stored already: with and without a bridge, cut off in the middle, and twice. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type GeneratedSecret, generateSecrets } from '../../scripts/secrets/generate.ts'
import { sendRefused, sendTexts, transports } from '../../scripts/secrets/requests.ts'
import { seeded } from '../../scripts/secrets/seeded.ts'
import { createHome, type Finished } from './cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from './langfuse-stand-in/stand-in.ts'
import { wordsOf } from '../../src/domain/search-words.ts'
import type { WorkSegment } from '../../src/domain/work.ts'
import { isOnPostgres, rowsIn, storedBytes } from './store.ts'

const secrets = generateSecrets(seeded(23)).filter((_, n) => n % 8 === 0)
const texts = secrets.map(({ text }) => text)

interface Stored {
  readonly dataDir: string
  readonly environment: Record<string, string>
  /** Runs a command over the data, with masking. */
  readonly run: (args: readonly string[], more?: Record<string, string>) => Promise<Finished>
}

/** Data of a bridge that masked nothing; what it made of them waits where it has no Langfuse. */
async function storedUnmasked(langfuse?: LangfuseStandIn): Promise<Stored> {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const environment = bridgeEnvironment(dataDir, langfuse)
  const bridge = await startBridge({ ...environment, OTLP_GRPC_PORT: '0', MASK: 'off' })
  await sendAll({ url: bridge.url, grpc: bridge.grpc ?? '' })
  await bridge.stop()
  return storedAt(dataDir, { ...environment, OTLP_RECEIVER_PORT: '9', TZ: 'UTC' })
}

function storedAt(dataDir: string, environment: Record<string, string>): Stored {
  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    createHome().start(args, { ...environment, ...more })
  return { dataDir, environment, run }
}

async function sendAll(address: { readonly url: string; readonly grpc: string }): Promise<void> {
  for (const transport of transports) await sendTexts(address, transport, texts)
  await sendRefused(address, texts)
}

/** Kinds of secrets of which half stands in a file of the folder, with the file. */
function found(dataDir: string): readonly string[] {
  return storedBytes(dataDir).flatMap(({ name, bytes }) =>
    secrets.filter((secret) => isIn(secret, bytes)).map(({ kind }) => `${kind} in ${name}`),
  )
}

function isIn({ secret }: GeneratedSecret, bytes: Buffer): boolean {
  const middle = secret.length / 2
  const halves = [secret.slice(0, Math.ceil(middle)), secret.slice(Math.floor(middle))]
  if (halves.some((half) => bytes.includes(half))) return true
  // The index of the search has words without case, which may begin like the one before them.
  const words = wordsOf(secret).filter((word) => word.length >= 16)
  if (words.length === 0) return false
  const text = bytes.toString('latin1').toLowerCase()
  return words.some((word) => text.includes(word.slice(4)))
}

interface Document {
  readonly secrets: Readonly<Record<string, number>>
  readonly sessions: readonly { readonly key: string; readonly records: number }[]
  readonly beside: { readonly records: number }
  readonly bodyFiles: number
}

function documentOf({ code, stdout, stderr }: Finished): Document {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Document
}

const nothing = { secrets: {}, sessions: [], beside: { records: 0, secrets: {} }, bodyFiles: 0 }

interface Figures {
  readonly costUsd: number
  readonly prompts: number
  readonly modelCalls: number
  readonly toolResults: number
}

/** Figures of all sessions, and the sums of all. */
async function figures(url: string): Promise<unknown> {
  const ask = async (path: string) => (await fetch(`${url}/api/${path}`)).json()
  const { sessions } = (await ask('sessions?range=all')) as {
    readonly sessions: readonly (Figures & { readonly key: string })[]
  }
  const { models, tools } = (await ask('overview?range=all')) as Record<string, unknown>
  const rows = sessions.map(({ key, costUsd, prompts, modelCalls, toolResults }) => {
    return [key, costUsd, prompts, modelCalls, toolResults]
  })
  return { rows: rows.sort(([a], [b]) => String(a).localeCompare(String(b))), models, tools }
}

/** Spans as they were delivered last, by id. */
function spansOf(langfuse: LangfuseStandIn): unknown {
  const spans = langfuse.spans().map((span) => {
    return [`${span.traceId} ${span.spanId}`, span.attributes] as const
  })
  return Object.fromEntries(spans.sort(([a], [b]) => a.localeCompare(b)))
}

async function standIn(): Promise<LangfuseStandIn> {
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  return langfuse
}

const keysOf = ({ url }: LangfuseStandIn) => ({
  LANGFUSE_HOST: url,
  LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
  LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
})

describe('scrub, without a bridge', () => {
  test('leaves no half of a secret in any byte, and finds nothing a second time', async () => {
    const { dataDir, run } = await storedUnmasked()
    expect(new Set(found(dataDir).map((place) => place.split(' in ')[0])).size).toBe(secrets.length)
    const seen = documentOf(await run(['scrub', '--dry-run', '--json']))
    expect(found(dataDir)).not.toEqual([])
    const done = documentOf(await run(['scrub', '--yes', '--json']))
    expect(done).toEqual({ ...seen, dryRun: false })
    expect(done.sessions.map(({ key }) => key).sort()).toEqual(
      transports.map((transport) => `claude-code/secrets-${transport}`).sort(),
    )
    expect(done.beside.records).toBeGreaterThan(0)
    expect(Object.keys(done.secrets).length).toBeGreaterThan(10)
    expect(found(dataDir)).toEqual([])
    expect(documentOf(await run(['scrub', '--dry-run', '--json']))).toMatchObject(nothing)
    expect(documentOf(await run(['scrub', '--yes', '--json']))).toMatchObject(nothing)
  })

  test('deletes raw API bodies that the agent wrote into the folder, and says how many', async () => {
    const { dataDir, run } = await storedUnmasked()
    const folder = join(dataDir, 'api-bodies')
    mkdirSync(folder)
    writeFileSync(join(folder, 'one.json'), JSON.stringify({ messages: texts }))
    writeFileSync(join(folder, 'two.json'), JSON.stringify({ content: texts }))
    const preview = await run(['scrub', '--dry-run'])
    expect(preview).toMatchObject({ code: 0, stderr: '' })
    expect(preview.stdout).toContain('Would delete 2 files with raw API bodies.\n')
    expect(readdirSync(folder)).toHaveLength(2)
    expect(documentOf(await run(['scrub', '--yes', '--json'])).bodyFiles).toBe(2)
    expect(found(dataDir)).toEqual([])
    expect((await run(['scrub', '--yes'])).stdout).not.toContain('raw API bodies')
  })

  test('leaves figures as they are, and what comes again counts once', async () => {
    const { dataDir, environment, run } = await storedUnmasked()
    const settings = { ...environment, OTLP_RECEIVER_PORT: '0', OTLP_GRPC_PORT: '0' }
    const first = await startBridge({ ...settings, MASK: 'off' })
    const before = await figures(first.url)
    await first.stop()
    documentOf(await run(['scrub', '--yes', '--json']))
    const second = await startBridge(settings)
    onTestFinished(() => second.stop())
    expect(await figures(second.url)).toEqual(before)
    const records = () => rowsIn(dataDir, 'select sum(records) from record_batches')
    const stored = records()
    for (const transport of ['json', 'protobuf', 'grpc'] as const) {
      await sendTexts({ url: second.url, grpc: second.grpc ?? '' }, transport, texts)
    }
    expect(records()).toEqual(stored)
    expect(await figures(second.url)).toEqual(before)
  })
})

describe('after scrub', () => {
  test('what waited is delivered masked, and a replay gives just that', async () => {
    const { environment, run } = await storedUnmasked()
    documentOf(await run(['scrub', '--yes', '--json']))
    const first = await standIn()
    const bridge = await startBridge({
      ...environment,
      OTLP_RECEIVER_PORT: '0',
      ...keysOf(first),
    })
    await bridge.stop()
    expect(first.spans().length).toBeGreaterThan(100)
    expect(
      secrets.filter((each) => isIn(each, Buffer.from(JSON.stringify(first.spans())))),
    ).toEqual([])
    const second = await standIn()
    const replayed = await run(['replay', '--all'], keysOf(second))
    expect(replayed).toMatchObject({ code: 0, stderr: '' })
    expect(spansOf(second)).toEqual(spansOf(first))
  })

  test('--replay puts masked rows in the place of what Langfuse has', async () => {
    const langfuse = await standIn()
    const { run } = await storedUnmasked(langfuse)
    const before = new Set(langfuse.spans().map(({ spanId }) => spanId))
    const sent = langfuse.spans().length
    const done = await run(['scrub', '--yes', '--replay'])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toContain(`to ${langfuse.url}`)
    const again = langfuse.spans().slice(sent)
    expect(new Set(again.map(({ spanId }) => spanId))).toEqual(before)
    expect(secrets.filter((each) => isIn(each, Buffer.from(JSON.stringify(again))))).toEqual([])
    const shown = await run(['session', 'secrets-json', '--json'])
    const { masked } = JSON.parse(shown.stdout) as { masked: Record<string, number> }
    expect(masked.password).toBeGreaterThan(0)
    expect((await run(['session', 'secrets-json'])).stdout).toMatch(
      new RegExp(`Masked +\\d+ secrets: .*password ${masked.password}`, 's'),
    )
    const summaries = again.filter(({ name }) => name === 'session-summary')
    expect(summaries.length).toBe(transports.length)
    for (const { attributes } of summaries) {
      expect(attributes['langfuse.observation.metadata.masked_secrets']).toContain('password')
    }
  })
})

describe('scrub, through a running bridge', () => {
  test('masks all while records come, and none of them is lost or counted twice', async () => {
    const { dataDir, environment } = await storedUnmasked()
    const settings = { ...environment, OTLP_RECEIVER_PORT: '0', OTLP_GRPC_PORT: '0' }
    const bridge = await startBridge(settings)
    onTestFinished(() => bridge.stop())
    const address = { url: bridge.url, grpc: bridge.grpc ?? '' }
    const before = await figures(bridge.url)
    const { port } = new URL(bridge.url)
    const { run } = storedAt(dataDir, { ...environment, OTLP_RECEIVER_PORT: port })
    const scrubbing = { isDone: false }
    const resent = (async () => {
      do await sendTexts(address, 'json', texts)
      while (!scrubbing.isDone)
    })()
    const done = documentOf(await run(['scrub', '--yes', '--json']))
    scrubbing.isDone = true
    await resent
    expect(done.sessions.length).toBe(transports.length)
    expect(found(dataDir)).toEqual([])
    await sendTexts(address, 'grpc', texts)
    await sendTexts(address, 'protobuf', texts)
    expect(await figures(bridge.url)).toEqual(before)
    expect(documentOf(await run(['scrub', '--yes', '--json']))).toMatchObject(nothing)
  })

  test('is refused where that bridge masks nothing', async () => {
    const dataDir = temporaryFolder()
    onTestFinished(() => removeFolder(dataDir))
    const environment = bridgeEnvironment(dataDir)
    const bridge = await startBridge({ ...environment, MASK: 'off' })
    onTestFinished(() => bridge.stop())
    const { port } = new URL(bridge.url)
    const { run } = storedAt(dataDir, { ...environment, OTLP_RECEIVER_PORT: port })
    await sendTexts({ url: bridge.url, grpc: '' }, 'json', ['a prompt'])
    const { code, stderr } = await run(['scrub', '--yes'])
    expect({ code, stderr }).toMatchObject({ code: 1 })
    expect(stderr).toContain('refuses (HTTP 409): the bridge runs with MASK=off')
    expect(stderr).toContain('\nSet MASK=on for the bridge and restart it, or stop it.\n')
    expect(stderr).not.toContain('{')
  })
})

describe('scrub reaches what sessions share or have no part in', () => {
  const TOKEN = 'ghp_9fK2mQ7xT4vB8nL1cR6wZ3yH5jD0sA9gPq2E'

  /** Calls of two skills, one of which is called by a token and, masked, as the other one. */
  function calls(): object {
    const logRecords = [TOKEN, '[masked: github-token]', TOKEN].map((skill, n) => {
      const attributes = Object.entries({
        'event.name': 'api_request',
        'session.id': 'skills',
        'skill.name': skill,
        model: 'claude-sonnet-4-5',
        request_id: `req-${n}`,
        cost_usd: '0.1',
        input_tokens: '10',
      }).map(([key, stringValue]) => ({ key, value: { stringValue } }))
      return { timeUnixNano: `17900000${n}0000000000`, attributes }
    })
    const scope = { name: 'com.anthropic.claude_code.events' }
    return { resourceLogs: [{ scopeLogs: [{ scope, logRecords }] }] }
  }

  async function stored(): Promise<Stored> {
    const dataDir = temporaryFolder()
    onTestFinished(() => removeFolder(dataDir))
    const environment = {
      ...bridgeEnvironment(dataDir),
      FORWARD_OTLP_ENDPOINT: 'http://127.0.0.1:7',
      FORWARD_UNREDACTED: '1',
    }
    const bridge = await startBridge({ ...environment, OTLP_GRPC_PORT: '0', MASK: 'off' })
    await sendAll({ url: bridge.url, grpc: bridge.grpc ?? '' })
    const { status } = await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(calls()),
    })
    expect(status).toBe(200)
    await bridge.stop()
    return storedAt(dataDir, { ...environment, OTLP_RECEIVER_PORT: '9', TZ: 'UTC' })
  }

  test('what sessions worked on: branches, repositories, commits and pull requests', async () => {
    const dataDir = temporaryFolder()
    onTestFinished(() => removeFolder(dataDir))
    const environment = { ...bridgeEnvironment(dataDir), HOOK_CONTENT: 'on' }
    const bridge = await startBridge({ ...environment, MASK: 'off' })
    await post(`${bridge.url}/v1/logs`, callOf('work', 0, { 'vcs.repository.name': `a/${TOKEN}` }))
    const tools = [
      [`git switch -c fix/${TOKEN}`, ''],
      [`git commit -m "use ${TOKEN}"`, `[fix/${TOKEN} 1a2b3c4] use ${TOKEN}`],
      ['gh pr create --fill', `https://github.com/acme/widgets-${TOKEN}/pull/7`],
    ] as const
    for (const [n, [command, stdout]] of tools.entries()) {
      await post(`${bridge.url}/hooks/claude-code`, {
        ...{ session_id: 'work', hook_event_name: 'PostToolUse', cwd: '/nowhere' },
        ...{ tool_name: 'Bash', tool_use_id: `t${n}`, tool_input: { command } },
        tool_response: { stdout, stderr: '', interrupted: false },
      })
      await post(`${bridge.url}/v1/logs`, callOf('work', n + 1))
    }
    await bridge.stop()
    const { run } = storedAt(dataDir, { ...environment, OTLP_RECEIVER_PORT: '9', TZ: 'UTC' })
    const segments = () =>
      rowsIn<{ work: string }>(dataDir, 'select work from work_segments order by segment').map(
        ({ work }) => JSON.parse(work) as WorkSegment,
      )
    const halves = [TOKEN.slice(0, TOKEN.length / 2), TOKEN.slice(TOKEN.length / 2)]
    const files = () =>
      storedBytes(dataDir).filter(({ bytes }) => halves.some((half) => bytes.includes(half)))
    const before = segments()
    expect(before.map(({ commit }) => commit?.name)).toContain('1a2b3c4')
    for (const field of ['repository', 'branch', 'pullRequest'] as const) {
      expect(JSON.stringify(before.map((each) => each[field])), field).toContain(TOKEN)
    }
    expect(files()).not.toEqual([])
    documentOf(await run(['scrub', '--yes', '--json']))
    expect(files().map(({ name }) => name)).toEqual([])
    const masked = JSON.stringify(before).replaceAll(TOKEN, '[masked: github-token]')
    expect(segments()).toEqual(JSON.parse(masked))
    const report = await run(['report', '--since', '2026-01-01', '--group', 'branch', '--json'])
    expect(report.stdout).toContain('fix/[masked: github-token]')
    expect(documentOf(await run(['scrub', '--dry-run', '--json']))).toMatchObject(nothing)
  })

  async function post(url: string, body: object): Promise<void> {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(status).toBe(200)
  }

  /** A model call, and what the resource that sent it says. */
  function callOf(session: string, n: number, resource: Record<string, string> = {}): object {
    const attributesOf = (values: Record<string, string>) =>
      Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
    const attributes = attributesOf({
      'event.name': 'api_request',
      'session.id': session,
      model: 'claude-sonnet-4-5',
      request_id: `${session}-${n}`,
      cost_usd: '0.1',
      input_tokens: '10',
    })
    const logRecords = [{ timeUnixNano: `${Date.now()}000000`, attributes }]
    const scope = { name: 'com.anthropic.claude_code.events' }
    return {
      resourceLogs: [
        { resource: { attributes: attributesOf(resource) }, scopeLogs: [{ scope, logRecords }] },
      ],
    }
  }

  test('what is forwarded unredacted, and what usage is grouped by', async () => {
    const { dataDir, run } = await stored()
    const skill = isOnPostgres ? `d.key::jsonb ->> 'skill'` : `d.key ->> 'skill'`
    const costUsd = isOnPostgres ? 'cost_nanousd / 1e9' : 'cost_usd'
    const usage = () =>
      rowsIn<{ skill: string; calls: number; cost: number; rows: number }>(
        dataDir,
        `select ${skill} as skill, sum(calls) as calls, sum(${costUsd}) as cost,
           count(distinct dimensions_ref) as rows
         from model_usage join usage_dimensions d on d.id = dimensions_ref
         where ${skill} is not null group by 1`,
      )
    const requests = () =>
      rowsIn<{ payload: string }>(
        dataDir,
        "select payload from outbox where kind = 'records' order by id",
      ).map(({ payload }) => JSON.parse(payload) as { readonly items: number })
    expect(usage()).toHaveLength(2)
    const before = requests()
    expect(before.length).toBeGreaterThan(3)
    expect(JSON.stringify(before)).toContain(TOKEN)
    documentOf(await run(['scrub', '--yes', '--json']))
    expect(found(dataDir)).toEqual([])
    expect(JSON.stringify(rowsIn(dataDir, 'select * from usage_dimensions'))).not.toContain('ghp_')
    expect(usage()).toEqual([{ skill: '[masked: github-token]', calls: 3, cost: 0.3, rows: 1 }])
    expect(requests().map(({ items }) => items)).toEqual(before.map(({ items }) => items))
    expect(JSON.stringify(requests())).not.toContain('ghp_')
    expect(JSON.stringify(requests())).toContain('[masked: github-token]')
    expect(documentOf(await run(['scrub', '--dry-run', '--json']))).toMatchObject(nothing)
  })
})
