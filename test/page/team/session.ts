/** One session of the made-up team as the records that Claude Code would have sent. */
import { noise } from '../sample/team.ts'
import type { LogEntry, MetricEntry, Values } from './otlp.ts'
import type { Story } from './stories.ts'

/** Dollars for an input token; output costs five times, a cache read a tenth. */
const PRICES_USD: Readonly<Record<string, number>> = {
  'claude-opus-5-5': 5e-6,
  'claude-sonnet-5-1': 3e-6,
  'claude-haiku-4-8': 1e-6,
}
const TOOLS = ['Read', 'Bash', 'Edit', 'Grep', 'Read', 'Edit', 'Agent', 'Bash'] as const
const INPUTS: Readonly<Record<string, object>> = {
  Read: { file_path: 'src/checkout/request.ts' },
  Bash: { command: 'npm test -- checkout', description: 'Run the tests of the checkout' },
  Edit: { file_path: 'src/checkout/request.test.ts' },
  Grep: { pattern: 'waitForRequest', path: 'src' },
  Agent: { subagent_type: 'general-purpose', description: 'Find tests with the same fault' },
}
const FAILURES: Readonly<Record<string, string>> = {
  Bash: 'exit code 1: 3 tests failed',
  Edit: 'the text to replace was not found in the file',
  Read: 'the file does not exist',
}

export interface Told {
  readonly logs: readonly LogEntry[]
  readonly metrics: readonly MetricEntry[]
  readonly endMs: number
}

/** Tells the story from `startMs` on; `seed` decides on models, tools, luck and how long it takes. */
export function tellSession(story: Story, seed: number, startMs: number): Told {
  const logs: LogEntry[] = []
  const model = noise(seed) < 0.6 ? 'claude-opus-5-5' : 'claude-sonnet-5-1'
  let nowMs = startMs
  let ids = 0
  const nextId = (): number => {
    ids += 1
    return ids
  }
  const luck = (): number => noise(seed * 97 + nextId())
  const say = (name: string, values: Values): void => void logs.push({ name, atMs: nowMs, values })

  function call(prompt: Values, callModel: string, agent: Values): Values {
    const request = { ...prompt, ...agent, request_id: `req_${seed}_${nextId()}` }
    const durationMs = 1_800 + 9_000 * luck()
    const [input, output] = [4 + Math.round(20 * luck()), 120 + Math.round(900 * luck())]
    const [read, written] = [18_000 + Math.round(70_000 * luck()), Math.round(4_000 * luck())]
    const price = PRICES_USD[callModel] ?? 0
    nowMs += durationMs
    say('api_request', {
      ...request,
      model: callModel,
      input_tokens: input,
      output_tokens: output,
      cache_read_tokens: read,
      cache_creation_tokens: written,
      cost_usd: Number((price * (input + 5 * output + 0.1 * read + 1.25 * written)).toFixed(6)),
      duration_ms: Math.round(durationMs),
      ttft_ms: Math.round(500 + 900 * luck()),
      query_source: agent.agent_id === undefined ? 'repl_main_thread' : 'agent:builtin',
    })
    return request
  }

  function runTool(request: Values, tool: string, durationMs: number): void {
    const use = { ...request, tool_name: tool, tool_use_id: `toolu_${seed}_${nextId()}` }
    say('tool_decision', { ...use, decision: 'accept', source: 'config' })
    nowMs += 200
    if (tool === 'Agent') tellSubagent(request)
    const isWell = luck() > (tool === 'Bash' ? 0.14 : 0.03)
    nowMs += durationMs
    say('tool_result', {
      ...use,
      success: String(isWell),
      error: isWell ? undefined : (FAILURES[tool] ?? 'not found'),
      duration_ms: Math.round(durationMs),
      tool_input: JSON.stringify(INPUTS[tool]),
    })
  }

  function tellSubagent(request: Values): void {
    const agent = { agent_id: `agent_${seed}_${nextId()}`, 'agent.name': 'general-purpose' }
    const prompt = { 'prompt.id': request['prompt.id'] }
    for (let round = 0; round < 3; round += 1) {
      const inner = call(prompt, 'claude-haiku-4-8', agent)
      if (round < 2) runTool({ ...inner, ...agent }, round === 0 ? 'Grep' : 'Read', 90)
    }
  }

  for (const [turn, [text, answer]] of story.turns.entries()) {
    const prompt = { 'prompt.id': `prompt-${seed}-${turn}` }
    say('user_prompt', { ...prompt, prompt: text, prompt_length: text.length })
    const steps = 3 + Math.floor(7 * luck())
    for (let step = 0; step < steps; step += 1) {
      const tool = TOOLS[(step + Math.floor(3 * luck())) % TOOLS.length] ?? 'Read'
      runTool(call(prompt, model, {}), tool, tool === 'Bash' ? 2_000 + 9_000 * luck() : 60)
    }
    say('assistant_response', { ...call(prompt, model, {}), model, response: answer })
    nowMs += 20_000 + 90_000 * luck()
  }
  if (luck() < 0.06) {
    const error = 'Overloaded'
    say('api_error', { model, error, status_code: 529, attempt: 10, duration_ms: 900 })
  }
  return { logs, metrics: measures(luck, (nowMs - startMs) / 1000), endMs: nowMs }
}

function measures(luck: () => number, lastedS: number): MetricEntry[] {
  const entry = (name: string, value: number, values: Values = {}): MetricEntry => ({
    name,
    value: Math.round(value),
    values,
  })
  const edit = { tool_name: 'Edit', language: 'TypeScript', source: 'user_temporary' }
  return [
    entry('lines_of_code.count', 20 + 160 * luck(), { type: 'added' }),
    entry('lines_of_code.count', 5 + 70 * luck(), { type: 'removed' }),
    entry('active_time.total', lastedS * 0.55, { type: 'cli' }),
    entry('active_time.total', lastedS * 0.15, { type: 'user' }),
    entry('code_edit_tool.decision', 2 + 6 * luck(), { ...edit, decision: 'accept' }),
    entry('code_edit_tool.decision', luck() < 0.3 ? 1 : 0, { ...edit, decision: 'reject' }),
    entry('commit.count', luck() < 0.7 ? 1 : 0),
    entry('pull_request.count', luck() < 0.25 ? 1 : 0),
  ].filter(({ value }) => value > 0)
}
