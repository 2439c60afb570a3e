/** Claude Code's hooks beside its telemetry: the recording `hooks-http` in its true order. */
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { expectTruth } from './corpus/expect-truth.ts'
import { eventually, post, type RecordedRequest, recording } from './corpus/recording.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import type { StoredSpan } from './langfuse-stand-in/stored-span.ts'

const METADATA = 'langfuse.observation.metadata.'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

const { requests, truth } = recording('hooks-http')
const hooks = requests.filter((request) => request.signal === 'hook')
const telemetry = requests.filter((request) => request.signal !== 'hook')

interface Posted {
  readonly langfuse: LangfuseStandIn
  readonly url: string
  readonly stop: () => Promise<void>
}

async function posted(
  order: readonly RecordedRequest[],
  settings: Record<string, string> = {},
): Promise<Posted> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir, langfuse), ...settings })
  for (const request of order) expect(await post(bridge.url, request)).toBe(200)
  return { langfuse, url: bridge.url, stop: () => bridge.stop() }
}

const summaryOf = (langfuse: LangfuseStandIn): StoredSpan | undefined =>
  langfuse.spans().find((span) => span.name === 'session-summary')

describe('hooks and telemetry together', () => {
  test('end turns and session for certain, nest the subagent, show what tools returned', async () => {
    const { langfuse, stop } = await posted(requests, { SESSION_END_GRACE: '300' })
    const summary = await eventually('the summary', () => summaryOf(langfuse))
    expect(summary.attributes).toMatchObject({
      [`${METADATA}close_reason`]: 'session_end',
      [`${METADATA}end_reason`]: 'other',
    })
    const spans = langfuse.spans()
    const named = (name: string) => spans.filter((span) => span.name === name)
    expect(named('conversation').map((root) => root.attributes[`${METADATA}ended_by`])).toEqual([
      'stop',
      'stop',
    ])
    const [agentTool] = named('Agent')
    expect(named('subagent general-purpose')[0]?.parentSpanId).toBe(agentTool?.spanId)
    expect(named('Bash').map((tool) => tool.output)).toEqual([
      expect.objectContaining({ stdout: 'hi' }),
      expect.objectContaining({ stdout: 'README.md' }),
    ])
    await stop()
    expectTruth(langfuse, truth)
  })

  const orders: readonly [string, readonly RecordedRequest[]][] = [
    ['left out', telemetry],
    ['delayed', [...telemetry, ...hooks]],
    ['reordered', [...hooks.toReversed(), ...telemetry]],
    ['doubled', requests.flatMap((request) => [request, request])],
  ]
  test.each(orders)('give the same totals when hooks are %s', async (_, order) => {
    const { langfuse, stop } = await posted(order)
    await stop()
    expectTruth(langfuse, truth)
  })
})

test('a session that goes on after its end, and ends with the same words, is closed again', async () => {
  const end = hooks.at(-1) as RecordedRequest
  const later = telemetry.at(-1) as RecordedRequest
  const earlier = requests.filter((request) => request !== end && request !== later)
  const { langfuse, url, stop } = await posted([...earlier, end], { SESSION_END_GRACE: '100' })
  const summaries = (count: number) =>
    eventually(`${count} summaries`, () => {
      const found = langfuse.spans().filter((span) => span.name === 'session-summary')
      return found.length === count && found
    })
  await summaries(1)
  expect(await post(url, later)).toBe(200)
  expect(await post(url, end)).toBe(200)
  const reasons = (await summaries(2)).map(
    ({ attributes }) => attributes[`${METADATA}close_reason`],
  )
  expect(reasons).toEqual(['session_end', 'session_end'])
  await stop()
})

describe('hooks alone', () => {
  test('make the session known at once, and tell its story without cost', async () => {
    const { langfuse, url, stop } = await posted(hooks.slice(0, 1), { HOOK_CONTENT: 'on' })
    const health = (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>
    expect(health.sessions).toBe(1)
    for (const hook of hooks.slice(1)) await post(url, hook)
    await stop()
    const names = langfuse.spans().map((span) => span.name)
    expect(names.sort()).toEqual([
      'Agent',
      'Bash',
      'Bash',
      'conversation',
      'conversation',
      'session-summary',
      'subagent general-purpose',
    ])
    expect(summaryOf(langfuse)?.attributes[`${METADATA}telemetry`]).toContain('none received')
    expect(langfuse.spans().map((span) => span.cost.total)).not.toContainEqual(expect.any(Number))
  })
})

describe('a body that is no hook', () => {
  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['too deep', `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`],
  ])('%s is refused, and changes nothing', async (_, body) => {
    const { url, stop } = await posted([])
    const response = await fetch(`${url}/hooks/claude-code`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(response.status).toBe(400)
    await stop()
  })
})
