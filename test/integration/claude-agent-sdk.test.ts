/**
 * The Claude Agent SDK: two queries and the spans of the program around them share one trace. The trace
 * is no session, and spans of a program are nobody's work.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { sessionOf } from './corpus/expect-truth.ts'
import { figuresOf } from './corpus/figures.ts'
import { replayAsRecorded } from './corpus/grpc-replay.ts'
import { requestsOf } from './corpus/recording.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const AGENT = 'claude-agent-sdk'

interface Truth {
  readonly turns: number
  readonly model_calls: number
  readonly api_errors: number
  readonly tool_calls: number
  readonly tool_failures: number
  readonly cost_usd: number
}

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

test.each(['two-queries', 'two-queries-off', 'conversation-and-retry'])('%s', async (name) => {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir, langfuse), OTLP_GRPC_PORT: '0' })
  await replayAsRecorded(bridge, { name, requests: requestsOf(AGENT, name) })
  await bridge.stop()
  const file = join(import.meta.dirname, '../corpus', AGENT, name, 'truth.json')
  const { sessions } = JSON.parse(readFileSync(file, 'utf8')) as {
    sessions: Readonly<Record<string, Truth>>
  }
  const spans = langfuse.spans()
  expect(new Set(spans.map(sessionOf))).toEqual(new Set(Object.keys(sessions)))
  for (const [id, truth] of Object.entries(sessions)) {
    const found = figuresOf(spans.filter((span) => sessionOf(span) === id))
    expect(found, id).toMatchObject({
      turns: truth.turns,
      modelCalls: truth.model_calls,
      tools: truth.tool_calls,
      errors: truth.tool_failures,
      agentCostUsd: expect.closeTo(truth.cost_usd, 6),
    })
  }
})
