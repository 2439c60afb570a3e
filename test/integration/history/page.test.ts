/** What the page shows of sessions that transcripts tell of. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Turn, Turns } from '../../../src/api/contract/turn.ts'
import { bridgeEnvironment, startBridge } from '../corpus/bridge.ts'
import { newBridge, newFolder } from '../corpus/new-bridge.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { importInto, postTelemetry, sessionsOf, withoutAttributes } from './bridge-import.ts'

const recorded = join(import.meta.dirname, '../../corpus/claude-code-transcripts/2.1.329-tools')
const otlp = join(recorded, 'otlp')
const projects = join(recorded, 'projects')

async function shown(url: string): Promise<{ turns: Turns; turn: Turn; title: string | null }> {
  const [row] = await sessionsOf(url)
  const session = `${url}/api/sessions/${encodeURIComponent(row?.key ?? '')}/turns`
  const turns = (await (await fetch(session)).json()) as Turns
  const key = encodeURIComponent(turns.turns[0]?.key ?? '')
  const turn = (await (await fetch(`${session}/${key}`)).json()) as Turn
  return { turns, turn, title: row?.title ?? null }
}

function expectContent({ turns, turn, title }: Awaited<ReturnType<typeof shown>>): void {
  expect(title).toBe('Make a file and edit it. [[tools]]')
  expect(turns.turns).toMatchObject([
    {
      prompt: { text: 'Make a file and edit it. [[tools]]' },
      answer: { text: 'Done: created and edited hello.txt.' },
      modelCalls: 6,
      toolResults: 6,
    },
  ])
  const calls = turn.items.filter(({ kind }) => kind === 'call')
  expect(calls.map(({ output }) => output?.text)).toContain('Done: created and edited hello.txt.')
  const tools = turn.items.filter(({ kind }) => kind === 'tool')
  expect(tools).toHaveLength(6)
  expect(tools.map(({ output }) => output?.text)).toContain('hello from bash')
  expect(tools[0]?.input?.text).toContain('echo hello from bash')
}

test('a session that was imported has its turns, texts and tools', async () => {
  const { url } = await newBridge()
  await importInto(url, [projects])
  const told = await shown(url)
  expectContent(told)
  expect(told.turns.turns[0]).toMatchObject({ costUsd: 0.101492, estimatedUsd: 0.101492 })
})

/** As if content were switched off in the agent. */
const withoutContent = withoutAttributes(
  'prompt',
  'prompt_text',
  'response',
  'tool_input',
  'tool_parameters',
)

test('telemetry without content is completed, in either order', async () => {
  for (const order of ['before', 'after'] as const) {
    const { url } = await newBridge()
    if (order === 'after') await importInto(url, [projects])
    await postTelemetry(url, otlp, withoutContent)
    if (order === 'before') await importInto(url, [projects])
    const told = await shown(url)
    expectContent(told)
    expect(told.turns.turns[0]).toMatchObject({ costUsd: 0.101492, estimatedUsd: 0 })
  }
})

test('what was looked at as an estimate is looked at as telemetry tells it, once it does', async () => {
  const { url } = await newBridge()
  await importInto(url, [projects])
  expect((await shown(url)).turns.turns[0]).toMatchObject({ estimatedUsd: 0.101492 })
  await postTelemetry(url, otlp, withoutContent)
  const told = await shown(url)
  expectContent(told)
  expect(told.turns.turns[0]).toMatchObject({ costUsd: 0.101492, estimatedUsd: 0 })
  await importInto(url, [projects], { again: true })
  expect(await shown(url)).toEqual(told)
})

test('telemetry of the middle of a turn leaves out neither its prompt nor its last answer, in either order', async () => {
  const middle = (text: string, file: string) => (file === '003-logs.json' ? text : '')
  for (const order of ['before', 'after'] as const) {
    const { url } = await newBridge()
    if (order === 'after') await importInto(url, [projects])
    await postTelemetry(url, otlp, middle)
    if (order === 'before') await importInto(url, [projects])
    expectContent(await shown(url))
  }
})

test('watched transcripts complete telemetry here, and say nothing to Langfuse', async () => {
  const home = newFolder()
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const environment = bridgeEnvironment(newFolder(), langfuse)
  const bridge = await startBridge({
    ...environment,
    WATCH_TRANSCRIPTS: 'on',
    CLAUDE_CONFIG_DIR: home,
    CODEX_HOME: home,
  })
  await postTelemetry(bridge.url, otlp, withoutContent)
  cpSync(projects, join(home, 'projects'), { recursive: true, preserveTimestamps: false })
  await vi.waitFor(async () => expectContent(await shown(bridge.url)), {
    timeout: 60_000,
    interval: 500,
  })
  await bridge.stop()
  const sent = JSON.stringify(langfuse.spans())
  expect(sent).toContain('chat claude-opus-5-5')
  expect(sent).not.toMatch(/Make a file|hello from bash|created and edited/)
})
