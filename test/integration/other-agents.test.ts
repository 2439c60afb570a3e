/**
 * Recordings of other agents (`test/corpus/<agent>`), through a real bridge into a Langfuse stand-in,
 * over the transport they were made with. `truth.json` is what the model's API answered, so whatever
 * differs from it is something the agent does not tell; those differences stand in a table here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { sessionOf } from './corpus/expect-truth.ts'
import { deliveredTokens, figuresOf } from './corpus/figures.ts'
import { replayAsRecorded } from './corpus/grpc-replay.ts'
import { requestsOf } from './corpus/recording.ts'
import { renderTraces } from './corpus/span-tree.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const corpus = join(import.meta.dirname, '../corpus')
const AGENTS = ['codex', 'gemini-cli', 'qwen-code', 'opencode', 'copilot-cli'] as const

interface Truth {
  readonly turns: number
  readonly model_calls: number
  readonly api_errors: number
  readonly tool_calls: number
  readonly tool_failures: number
  readonly input_tokens: number
  readonly cached_input_tokens: number
  readonly output_tokens: number
  readonly reasoning_tokens: number
  readonly calls: readonly TrueCall[]
}

interface TrueCall {
  readonly by: string
  readonly input: number
  readonly cached: number
  readonly output: number
  readonly reasoning: number
}

/** What an agent does not tell, or tells otherwise. */
type Untold = (truth: Truth) => Truth

/** The API's refusals happen inside the OpenAI SDK, which tells of none. */
const withoutRetries: Untold = (truth) => ({ ...truth, api_errors: 0 })

/** The plugin does not report the call that asks for a title, nor retries. */
const withoutSideCalls: Untold = (truth) => {
  const calls = truth.calls.filter(({ by }) => by !== 'side')
  return { ...truth, ...sumsOf(calls), api_errors: 0 }
}

const UNTOLD: Readonly<Record<string, Untold>> = {
  // A hidden thread that asks for a title is a turn here, of no person.
  'codex/0.171.0-two-prompts-tui': (truth) => ({ ...truth, turns: Math.max(1, truth.turns) }),
  'qwen-code/api-error-retried': withoutRetries,
  'opencode/plugin-api-error-retried': withoutSideCalls,
  'opencode/plugin-continue': withoutSideCalls,
  'opencode/plugin-plain': withoutSideCalls,
  'opencode/plugin-tools': withoutSideCalls,
  // The process ended before the spans of its last call went out.
  'opencode/plain-run': (truth) => ({
    ...truth,
    ...sumsOf(truth.calls.filter(({ by }) => by === 'side')),
  }),
  // Without `experimental.openTelemetry` there are spans of tools and no others.
  'opencode/tools-off': (truth) => ({ ...truth, ...sumsOf([]) }),
}

function sumsOf(calls: readonly TrueCall[]) {
  const sum = (key: 'input' | 'cached' | 'output' | 'reasoning') =>
    calls.reduce((total, call) => total + call[key], 0)
  return {
    model_calls: calls.length,
    input_tokens: sum('input'),
    cached_input_tokens: sum('cached'),
    output_tokens: sum('output'),
    reasoning_tokens: sum('reasoning'),
  }
}

const names = AGENTS.flatMap((agent) =>
  readdirSync(join(corpus, agent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ agent, name, path: `${agent}/${name}` })),
)

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function replayed(agent: string, name: string, times = 1): Promise<LangfuseStandIn> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const environment = { ...bridgeEnvironment(dataDir, langfuse), OTLP_GRPC_PORT: '0' }
  const bridge = await startBridge(environment)
  const requests = requestsOf(agent, name)
  for (let time = 0; time < times; time += 1) await replayAsRecorded(bridge, { name, requests })
  await bridge.stop()
  return langfuse
}

function truthOf(path: string): Readonly<Record<string, Truth>> {
  const file = join(corpus, path, 'truth.json')
  if (!existsSync(file)) return {}
  const { sessions } = JSON.parse(readFileSync(file, 'utf8')) as {
    sessions: Readonly<Record<string, Truth>>
  }
  const untold = UNTOLD[path] ?? ((truth: Truth) => truth)
  return Object.fromEntries(Object.entries(sessions).map(([id, truth]) => [id, untold(truth)]))
}

function expectTruth(langfuse: LangfuseStandIn, truth: Readonly<Record<string, Truth>>): void {
  const doubled = [...langfuse.spanIdCounts()].filter(([, count]) => count !== 1)
  expect(doubled).toEqual([])
  const sessions = new Set(langfuse.spans().map(sessionOf))
  expect(sessions).toEqual(new Set(Object.keys(truth)))
  for (const [id, told] of Object.entries(truth)) {
    const spans = langfuse.spans().filter((span) => sessionOf(span) === id)
    const { turns, modelCalls, tools, errors, tokens } = figuresOf(spans)
    const expected = {
      turns: told.turns,
      modelCalls: told.model_calls + told.api_errors,
      tools: told.tool_calls,
      errors: told.api_errors + told.tool_failures,
      tokens: {
        input: told.input_tokens - told.cached_input_tokens,
        cacheRead: told.cached_input_tokens,
        cacheWrite: 0,
        output: told.output_tokens,
        reasoning: told.reasoning_tokens,
      },
    }
    expect({ turns, modelCalls, tools, errors, tokens }, id).toEqual(expected)
    const { input, cacheRead, cacheWrite } = expected.tokens
    expect(deliveredTokens(spans), id).toEqual({ input, cacheRead, cacheWrite })
  }
}

test('there are recordings', () => {
  expect(names.length).toBeGreaterThan(35)
})

describe.each(names)('$path', ({ agent, name, path }) => {
  test('adds up to its truth, and reads as its golden file', async () => {
    const langfuse = await replayed(agent, name)
    const truth = truthOf(path)
    if (Object.keys(truth).length > 0) expectTruth(langfuse, truth)
    const tree = renderTraces(langfuse.spans(), langfuse.scores())
    await expect(tree).toMatchFileSnapshot(`../golden/${path}.txt`)
  })

  test('adds up to the same when every request comes twice', async () => {
    const once = await replayed(agent, name)
    const twice = await replayed(agent, name, 2)
    expect(figuresOf(twice.spans())).toEqual(figuresOf(once.spans()))
  })
})
