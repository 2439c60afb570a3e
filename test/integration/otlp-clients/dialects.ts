/**
 * One prompt in each dialect, in the shape that its documentation or source gives: a root that repeats
 * the sums of its calls, two calls, a tool. Every tree says the same, so the figures are the same:
 * 30 plain input, 110 cached, 25 output.
 */
type Attributes = Readonly<Record<string, string | number | boolean | string[]>>

export interface DialectSpan {
  readonly name: string
  readonly attributes: Attributes
  readonly children?: readonly DialectSpan[]
  readonly failed?: string
}

export interface DialectCase {
  readonly dialect: string
  /** Where the shape is from. */
  readonly source: string
  readonly agent: string
  readonly service: string
  readonly scope: string
  /** Absent where its spans name none: the trace is the session. */
  readonly sessionId?: string
  /** 2 unless it tells a turn as one. */
  readonly calls?: number
  readonly root: DialectSpan
  /** Beside the roots of turns: agents within agents. */
  readonly subagents: number
}

interface Names {
  readonly operation: Attributes
  readonly model: string
  readonly input: string
  readonly output: string
  readonly cacheRead?: string
}

/** Input includes what was read from the cache. */
const calls = [
  { input: 60, cacheRead: 50, output: 20 },
  { input: 80, cacheRead: 60, output: 5 },
] as const

function call(name: string, { operation, ...names }: Names, index: 0 | 1, more: Attributes = {}) {
  const { input, cacheRead, output } = calls[index]
  return {
    name,
    attributes: {
      ...operation,
      [names.model]: 'gpt-5.5',
      [names.input]: names.cacheRead === undefined ? input - cacheRead : input,
      [names.output]: output,
      ...(names.cacheRead !== undefined && { [names.cacheRead]: cacheRead }),
      ...more,
    },
  }
}

const semconv: Names = {
  operation: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai' },
  model: 'gen_ai.response.model',
  input: 'gen_ai.usage.input_tokens',
  output: 'gen_ai.usage.output_tokens',
  cacheRead: 'gen_ai.usage.cache_read.input_tokens',
}

const sums = { 'gen_ai.usage.input_tokens': 140, 'gen_ai.usage.output_tokens': 25 }
const tool = {
  name: 'execute_tool read',
  attributes: {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'read',
    'gen_ai.tool.call.id': 'call_1',
    'gen_ai.tool.call.arguments': '{"path":"a"}',
    'gen_ai.tool.call.result': 'text',
  },
}
const agent = { 'gen_ai.operation.name': 'invoke_agent' }
const openclawCall = {
  'openclaw.provider': 'openai',
  'openclaw.model_call.observation_unit': 'request',
}
const opencodeSession = {
  'session.id': 'c-opencode',
  'ai.telemetry.metadata.sessionId': 'c-opencode',
}
const inSession = (id: string) => ({ 'gen_ai.conversation.id': id })

/** As the conventions say, with the attributes of one emitter on the root and on each span. */
function conventional(root: Attributes, each: Attributes, names = semconv): DialectSpan {
  const [first, second] = [
    call('chat gpt-5.5', names, 0, each),
    call('chat gpt-5.5', names, 1, each),
  ]
  const attributes = { ...tool.attributes, ...each }
  return {
    name: 'invoke_agent',
    attributes: { ...agent, ...sums, ...root, ...each },
    children: [first, { name: tool.name, attributes }, second],
  }
}

export const dialectCases: readonly DialectCase[] = [
  {
    dialect: 'GenAI conventions of 2026',
    source: 'open-telemetry/semantic-conventions-genai 0.1.0, docs/gen-ai/gen-ai-spans.md',
    ...{ agent: 'genai', service: 'my-agent', scope: 'my.instrumentation', sessionId: 'c-2026' },
    root: conventional({}, inSession('c-2026')),
    subagents: 0,
  },
  {
    dialect: 'GenAI conventions of 2025',
    source: 'semantic-conventions 1.36, gen_ai.system and cache_read_input_tokens',
    ...{ agent: 'genai', service: 'my-agent', scope: 'my.instrumentation', sessionId: 'c-2025' },
    root: conventional(
      { 'session.id': 'c-2025' },
      {},
      {
        ...semconv,
        operation: { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai' },
        cacheRead: 'gen_ai.usage.cache_read_input_tokens',
      },
    ),
    subagents: 0,
  },
  {
    dialect: 'GenAI conventions of 2024',
    source: 'semantic-conventions 1.27, gen_ai.usage.prompt_tokens and completion_tokens',
    ...{ agent: 'genai', service: 'my-agent', scope: 'my.instrumentation', sessionId: 'c-2024' },
    root: conventional(
      inSession('c-2024'),
      {},
      {
        operation: { 'gen_ai.operation.name': 'text_completion', 'gen_ai.system': 'openai' },
        model: 'gen_ai.request.model',
        input: 'gen_ai.usage.prompt_tokens',
        output: 'gen_ai.usage.completion_tokens',
        cacheRead: 'gen_ai.usage.cached_tokens',
      },
    ),
    subagents: 0,
  },
  {
    dialect: 'GitHub Copilot with a subagent',
    source: 'microsoft/vscode-copilot-chat, docs/monitoring/agent_monitoring.md',
    ...{ agent: 'copilot', service: 'copilot-chat', scope: 'copilot-chat', sessionId: 'c-copilot' },
    root: {
      name: 'invoke_agent copilot',
      attributes: { ...agent, ...inSession('c-copilot'), ...sums, 'copilot_chat.turn_count': 2 },
      children: [
        call('chat gpt-5.5', semconv, 0, inSession('c-copilot')),
        {
          name: 'execute_tool runSubagent',
          attributes: { ...tool.attributes, 'gen_ai.tool.name': 'runSubagent' },
          children: [
            {
              name: 'invoke_agent Explore',
              attributes: {
                ...agent,
                'gen_ai.agent.name': 'Explore',
                'gen_ai.usage.input_tokens': 80,
                'gen_ai.usage.output_tokens': 5,
                // A subagent has a conversation of its own, within the session.
                ...inSession('toolu-sub'),
              },
              children: [call('chat gpt-5.5', semconv, 1)],
            },
          ],
        },
      ],
    },
    subagents: 1,
  },
  {
    dialect: 'Qwen Code',
    source: 'QwenLM/qwen-code, packages/core/src/telemetry, and recordings',
    ...{ agent: 'qwen-code', service: 'qwen-code', scope: 'qwen-code', sessionId: 'c-qwen' },
    root: {
      name: 'qwen-code.interaction',
      attributes: { ...agent, ...inSession('c-qwen'), 'qwen-code.prompt_id': 'c-qwen########0' },
      children: [
        call('qwen-code.llm_request', semconv, 0, inSession('c-qwen')),
        {
          name: 'qwen-code.tool',
          attributes: { ...tool.attributes, 'session.id': 'c-qwen' },
          children: [
            {
              name: 'qwen-code.hook',
              attributes: { 'session.id': 'c-qwen', hook_event: 'PreToolUse' },
              failed: 'hook runner returned no output without error detail',
            },
          ],
        },
        call('qwen-code.llm_request', semconv, 1, inSession('c-qwen')),
      ],
    },
    subagents: 0,
  },
  {
    dialect: 'goose',
    source:
      'block/goose, crates/goose/src/agents/gen_ai_telemetry.rs and state_machine/inference.rs',
    ...{ agent: 'goose', service: 'goose', scope: 'goose', sessionId: 'c-goose' },
    root: {
      ...conventional({}, { 'session.id': 'c-goose', 'goose.chat.purpose': 'inference' }),
      name: 'reply',
      attributes: { ...sums, 'session.id': 'c-goose' },
    },
    subagents: 0,
  },
  ...['openclaw.model.call', 'chat gpt-5.5'].map(
    (callName): DialectCase => ({
      dialect: `OpenClaw, calls named ${callName}`,
      source:
        'openclaw/openclaw, extensions/diagnostics-otel/src, docs/gateway/opentelemetry (2026.9)',
      ...{ agent: 'openclaw', service: 'openclaw-gateway', scope: 'openclaw' },
      root: {
        name: 'openclaw.harness.run',
        attributes: { 'openclaw.harness.id': 'openclaw', 'openclaw.outcome': 'completed' },
        children: [
          {
            name: 'openclaw.run',
            attributes: { 'openclaw.channel': 'webchat' },
            children: [
              call(callName, semconv, 0, openclawCall),
              {
                name: 'openclaw.tool.execution',
                attributes: {
                  'gen_ai.operation.name': 'execute_tool',
                  'gen_ai.tool.name': 'read',
                  'openclaw.toolName': 'read',
                  'openclaw.tool.source': 'core',
                },
              },
              call(callName, semconv, 1, openclawCall),
            ],
          },
          {
            // A sum of the turn, beside its calls.
            name: 'openclaw.model.usage',
            attributes: {
              ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.5' },
              ...{ ...sums, 'gen_ai.usage.cache_read.input_tokens': 110 },
              ...{ 'openclaw.tokens.input': 30, 'openclaw.tokens.output': 25 },
              ...{ 'openclaw.tokens.cache_read': 110, 'openclaw.tokens.total': 165 },
            },
          },
        ],
      },
      subagents: 0,
    }),
  ),
  {
    dialect: 'OpenClaw before it told its calls',
    source: 'openclaw/openclaw, extensions/diagnostics-otel/src/service.ts (2026.2)',
    ...{ agent: 'openclaw', service: 'openclaw-gateway', scope: 'openclaw', calls: 1 },
    root: {
      name: 'openclaw.message.processed',
      attributes: { 'openclaw.channel': 'telegram', 'openclaw.outcome': 'completed' },
      children: [
        {
          name: 'openclaw.model.usage',
          attributes: {
            ...{ 'openclaw.provider': 'openai', 'openclaw.model': 'gpt-5.5' },
            ...{ 'openclaw.tokens.input': 30, 'openclaw.tokens.output': 25 },
            ...{ 'openclaw.tokens.cache_read': 110, 'openclaw.tokens.cache_write': 0 },
          },
        },
        {
          name: 'openclaw.tool.execution',
          attributes: { 'gen_ai.tool.name': 'read', 'openclaw.toolName': 'read' },
        },
      ],
    },
    subagents: 0,
  },
  {
    dialect: 'Dash0 agent plugin with Claude Code',
    source: 'dash0hq/dash0-agent-plugin 0.1.9, spans of its own store',
    ...{ agent: 'claude-code', service: 'claude-code', scope: 'dash0-agent-plugin' },
    ...{ sessionId: 'c-dash0', calls: 1 },
    root: {
      name: 'chat claude-opus-4-6',
      attributes: {
        ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.harness.name': 'claude-code' },
        // Without the cache, against the conventions.
        ...{ 'gen_ai.usage.input_tokens': 30, 'gen_ai.usage.output_tokens': 25 },
        ...{ 'gen_ai.usage.cache_read.input_tokens': 110, ...inSession('c-dash0') },
      },
      children: [
        { name: 'execute_tool Read', attributes: { ...tool.attributes, ...inSession('c-dash0') } },
      ],
    },
    subagents: 0,
  },
  {
    dialect: 'Pydantic AI',
    source: 'pydantic/pydantic-ai, pydantic_ai_slim/pydantic_ai/models/instrumented.py, version 2',
    ...{ agent: 'genai', service: 'my-app', scope: 'pydantic-ai', sessionId: 'c-pydantic' },
    root: {
      name: 'agent run',
      attributes: {
        ...{ 'logfire.msg': 'agent run', agent_name: 'agent', model_name: 'gpt-5.5' },
        ...{ ...sums, ...inSession('c-pydantic') },
      },
      children: [
        call('chat gpt-5.5', semconv, 0, { 'logfire.msg': 'chat gpt-5.5' }),
        {
          name: 'running tools',
          attributes: { 'logfire.msg': 'running 1 tool' },
          children: [
            {
              name: 'running tool',
              attributes: {
                ...{ 'logfire.msg': 'running tool: read', 'gen_ai.tool.name': 'read' },
                'gen_ai.tool.call.id': 'call_1',
              },
            },
          ],
        },
        call('chat gpt-5.5', semconv, 1, { 'logfire.msg': 'chat gpt-5.5' }),
      ],
    },
    subagents: 0,
  },
  {
    dialect: 'opencode',
    source: 'anomalyco/opencode, packages/opencode/src/session, and recordings of 1.18.33',
    ...{ agent: 'opencode', service: 'opencode', scope: 'opencode', sessionId: 'c-opencode' },
    root: {
      name: 'SessionPrompt.prompt',
      attributes: {},
      children: [0, 1].map((index) => ({
        name: 'ai.streamText',
        attributes: {
          ...{ 'ai.operationId': 'ai.streamText', ...opencodeSession },
          ...{ 'ai.usage.inputTokens': 60 + 20 * index, 'ai.usage.outputTokens': 20 - 15 * index },
        },
        children: [
          call(
            'ai.streamText.doStream',
            {
              operation: {
                'ai.operationId': 'ai.streamText.doStream',
                'gen_ai.system': 'scripted.chat',
              },
              model: 'gen_ai.response.model',
              input: 'gen_ai.usage.input_tokens',
              output: 'gen_ai.usage.output_tokens',
              cacheRead: 'ai.usage.cachedInputTokens',
            },
            index as 0 | 1,
            opencodeSession,
          ),
          ...(index === 0
            ? [
                {
                  name: 'Tool.execute',
                  attributes: { 'tool.call_id': 'call_1', 'tool.name': 'read', ...opencodeSession },
                },
                {
                  name: 'ai.toolCall',
                  attributes: {
                    ...{ 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'read' },
                    ...{ 'ai.toolCall.id': 'call_1', 'ai.toolCall.args': '{"path":"a"}' },
                    ...opencodeSession,
                  },
                },
              ]
            : []),
        ],
      })),
    },
    subagents: 0,
  },
  {
    dialect: 'Factory Droid',
    source: 'docs.factory.ai, OpenTelemetry with OTEL_TELEMETRY_FORMAT=genai',
    ...{ agent: 'droid', service: 'droid', scope: 'droid', sessionId: 'c-droid' },
    root: conventional({}, inSession('c-droid')),
    subagents: 0,
  },
  {
    dialect: 'Gemini CLI spans',
    source: 'google-gemini/gemini-cli, packages/core/src/telemetry/trace.ts',
    ...{ agent: 'gemini-cli', service: 'gemini-cli', scope: 'gemini-cli', sessionId: 'c-gemini' },
    root: {
      name: 'user_prompt',
      attributes: { 'gen_ai.operation.name': 'user_prompt', ...inSession('c-gemini') },
      children: [
        call(
          'llm_call',
          { ...semconv, operation: { 'gen_ai.operation.name': 'llm_call' } },
          0,
          inSession('c-gemini'),
        ),
        {
          name: 'tool_call',
          attributes: {
            ...tool.attributes,
            ...inSession('c-gemini'),
            'gen_ai.operation.name': 'tool_call',
          },
        },
        call(
          'llm_call',
          { ...semconv, operation: { 'gen_ai.operation.name': 'llm_call' } },
          1,
          inSession('c-gemini'),
        ),
      ],
    },
    subagents: 0,
  },
  {
    dialect: 'Vercel AI SDK',
    source: 'vercel/ai, content/docs/03-ai-sdk-core/60-telemetry.mdx',
    ...{ agent: 'genai', service: 'my-app', scope: 'ai', sessionId: 'c-ai-sdk' },
    root: {
      name: 'ai.generateText',
      attributes: {
        'ai.operationId': 'ai.generateText',
        'ai.usage.promptTokens': 140,
        'ai.usage.completionTokens': 25,
        'ai.telemetry.metadata.sessionId': 'c-ai-sdk',
      },
      children: [0, 1].flatMap((index) => [
        call(
          'ai.generateText.doGenerate',
          {
            operation: {
              'ai.operationId': 'ai.generateText.doGenerate',
              'gen_ai.system': 'openai.chat',
            },
            model: 'gen_ai.response.model',
            input: 'gen_ai.usage.input_tokens',
            output: 'gen_ai.usage.output_tokens',
            cacheRead: 'ai.usage.cachedInputTokens',
          },
          index as 0 | 1,
          { 'ai.telemetry.metadata.sessionId': 'c-ai-sdk' },
        ),
        ...(index === 0
          ? [
              {
                name: 'ai.toolCall',
                attributes: {
                  'ai.operationId': 'ai.toolCall',
                  'ai.toolCall.name': 'read',
                  'ai.toolCall.id': 'call_1',
                  'ai.toolCall.args': '{"path":"a"}',
                  'ai.telemetry.metadata.sessionId': 'c-ai-sdk',
                },
              },
            ]
          : []),
      ]),
    },
    subagents: 0,
  },
  {
    dialect: 'OpenInference',
    source: 'Arize-ai/openinference, spec/semantic_conventions.md',
    ...{
      agent: 'genai',
      service: 'my-app',
      scope: 'openinference.instrumentation.x',
      sessionId: 'c-oi',
    },
    root: {
      name: 'Agent workflow',
      attributes: { 'openinference.span.kind': 'AGENT', 'session.id': 'c-oi' },
      children: [0, 1].flatMap((index) => [
        call(
          'ChatCompletion',
          {
            operation: { 'openinference.span.kind': 'LLM', 'llm.provider': 'openai' },
            model: 'llm.model_name',
            input: 'llm.token_count.prompt',
            output: 'llm.token_count.completion',
            cacheRead: 'llm.token_count.prompt_details.cache_read',
          },
          index as 0 | 1,
          { 'session.id': 'c-oi' },
        ),
        ...(index === 0
          ? [
              {
                name: 'read',
                attributes: { 'openinference.span.kind': 'TOOL', 'tool.name': 'read' },
              },
            ]
          : []),
      ]),
    },
    subagents: 0,
  },
  {
    dialect: 'Traceloop',
    source: 'traceloop/openllmetry, opentelemetry-semantic-conventions-ai',
    ...{
      agent: 'genai',
      service: 'my-app',
      scope: 'opentelemetry.instrumentation.openai.v1',
      sessionId: 'c-tl',
    },
    root: {
      name: 'ask.workflow',
      attributes: {
        'traceloop.span.kind': 'workflow',
        'traceloop.entity.name': 'ask',
        'traceloop.association.properties.session_id': 'c-tl',
      },
      children: [0, 1].flatMap((index) => [
        call(
          'openai.chat',
          {
            operation: { 'llm.request.type': 'chat', 'gen_ai.system': 'OpenAI' },
            model: 'gen_ai.response.model',
            input: 'gen_ai.usage.prompt_tokens',
            output: 'gen_ai.usage.completion_tokens',
            cacheRead: 'gen_ai.usage.cache_read_input_tokens',
          },
          index as 0 | 1,
        ),
        ...(index === 0
          ? [
              {
                name: 'read.tool',
                attributes: { 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'read' },
              },
            ]
          : []),
      ]),
    },
    subagents: 0,
  },
]
