/**
 * Content that the bridge does not keep, whatever the client sends (`CONTENT_*=drop`). It is known by
 * the names under which agents report it, so that it holds for an agent that no profile knows.
 */
import type { Attributes, AttributeValue } from '../../domain/json-value.ts'
import type { Origin } from '../../domain/telemetry-record.ts'
import { newAttributeMap } from '../../otlp/attribute-map.ts'
import type { RecordInProcess } from '../record-processor.ts'

export type ContentKind = 'prompts' | 'responses' | 'toolInput' | 'toolOutput' | 'bodies'

/** The kinds that are dropped. */
export type ContentPolicy = ReadonlySet<ContentKind>

/** Attributes of log records, spans and span events, and members of hooks, by what they hold. */
const NAMES: Readonly<Record<ContentKind, readonly string[]>> = {
  prompts: [
    'prompt',
    'prompt_text',
    'user_prompt',
    'new_context',
    'gen_ai.prompt',
    'gen_ai.input.messages',
    'gen_ai.system_instructions',
    'ai.prompt',
    'ai.prompt.messages',
    'llm.input_messages',
    'request_text',
    'input.value',
  ],
  responses: [
    'response',
    'response_text',
    'last_assistant_message',
    'gen_ai.completion',
    'gen_ai.output.messages',
    'ai.response.text',
    'ai.response.reasoning',
    'ai.response.toolCalls',
    'llm.output_messages',
    'output.value',
  ],
  toolInput: [
    'tool_parameters',
    'tool_input',
    'bash_command',
    'full_command',
    'function_args',
    'arguments',
    'diff',
    'gen_ai.tool.call.arguments',
    'ai.toolCall.args',
    'github.copilot.tool.parameters.command',
    'input',
  ],
  toolOutput: [
    'tool_output',
    'tool_response',
    'tool_result',
    'output',
    'result',
    'content',
    'gen_ai.tool.call.result',
    'ai.toolCall.result',
  ],
  bodies: ['body', 'request_body', 'response_body'],
}

/** Events whose body is the content. */
const EVENTS_OF: Readonly<Partial<Record<ContentKind, RegExp>>> = {
  prompts: /^gen_ai\.(?:system|user)\.message$/,
  responses: /^gen_ai\.(?:assistant\.message|choice)$/,
  toolOutput: /^gen_ai\.tool\.message$/,
}

const droppedNames = new WeakMap<ContentPolicy, ReadonlySet<string>>()

function namesOf(policy: ContentPolicy): ReadonlySet<string> {
  const known = droppedNames.get(policy)
  if (known !== undefined) return known
  const names = new Set([...policy].flatMap((kind) => NAMES[kind]))
  droppedNames.set(policy, names)
  return names
}

/**
 * The same for a record as it was sent, whose names a pipeline may have changed. `path` are the names
 * that lead to an attribute, where it stands in others.
 */
export function isContent(path: readonly string[], policy: ContentPolicy): boolean {
  return plainNamesOf(policy).has(plainName(path.join('.')).replace(FLAT_INDEX, ''))
}

/** Whether the body of an event is content as a whole. */
export function isContentBody(eventName: string, policy: ContentPolicy): boolean {
  return [...policy].some((kind) => EVENTS_OF[kind]?.test(eventName))
}

/** Of a list that was flattened: `llm.input_messages.0.message.content`. */
const FLAT_INDEX =
  /(?<=^(?:llm_input_messages|llm_output_messages|gen_ai_prompt|gen_ai_completion))_.*$/
const plainNames = new WeakMap<ContentPolicy, ReadonlySet<string>>()

function plainNamesOf(policy: ContentPolicy): ReadonlySet<string> {
  const known = plainNames.get(policy)
  if (known !== undefined) return known
  const names = new Set([...namesOf(policy)].map(plainName))
  plainNames.set(policy, names)
  return names
}

function plainName(name: string): string {
  return name.replaceAll('.', '_')
}

/** Takes the content out of a record. */
export function withoutContent(record: RecordInProcess, policy: ContentPolicy): void {
  const names = namesOf(policy)
  switch (record.signal) {
    case 'log': {
      const { record: of } = record
      const isMessage = isContentBody(of.eventName, policy)
      record.record = {
        ...of,
        origin: originWithout(of.origin, policy),
        attributes: failureWithout(without(of.attributes, names), of.attributes, policy),
        body: isMessage ? null : bodyWithout(of.body, names),
      }
      return
    }
    case 'trace': {
      const { record: of } = record
      const moments = of.moments.map((moment) => ({
        ...moment,
        attributes: failureWithout(without(moment.attributes, names), of.attributes, policy),
      }))
      const isFailure = isOfTool(of.attributes, policy)
      record.record = {
        ...of,
        origin: originWithout(of.origin, policy),
        attributes: failureWithout(without(of.attributes, names), of.attributes, policy),
        moments,
        statusMessage: isFailure ? '' : of.statusMessage,
      }
      return
    }
    case 'hook': {
      const { record: of } = record
      record.record = { ...of, body: failureWithout(without(of.body, names), of.body, policy) }
      return
    }
    case 'metric':
      record.record = { ...record.record, origin: originWithout(record.record.origin, policy) }
  }
}

/** A tool that failed has its output as an error. */
const FAILURE: ReadonlySet<string> = new Set([
  ...['error', 'error.message', 'error_message'],
  ...['exception.message', 'exception.stacktrace'],
])
const TOOL_NAMES = [
  ...['tool_use_id', 'tool_name', 'function_name'],
  ...['gen_ai.tool.name', 'tool.name', 'ai.toolCall.name'],
]

/** Whether what it says of a failure is the output of a tool, which is not kept. */
function isOfTool(of: Attributes, policy: ContentPolicy): boolean {
  return policy.has('toolOutput') && TOOL_NAMES.some((name) => of[name] !== undefined)
}

/**
 * The same for a record as it was sent: which of its attributes may be the output of a tool that
 * failed; undefined where none is. `names` are those of all its attributes. Spans inside of a tool, and
 * around it, tell its failure without naming it (OpenCode), so any span counts.
 */
export function failureOfTool(
  { names, isSpan }: { readonly names: readonly string[]; readonly isSpan: boolean },
  policy: ContentPolicy,
): ((name: string) => boolean) | undefined {
  if (!policy.has('toolOutput')) return undefined
  const ofTool = isSpan || names.some((name) => PLAIN_TOOL_NAMES.has(plainName(name)))
  return ofTool ? (name) => PLAIN_FAILURE.has(plainName(name)) : undefined
}

/** Whether an attribute of a resource, as it was sent, holds a prompt. */
export function isPromptOfProcess(name: string, policy: ContentPolicy): boolean {
  return policy.has('prompts') && PLAIN_ARGUMENTS.has(plainName(name))
}

function failureWithout(kept: Attributes, of: Attributes, policy: ContentPolicy): Attributes {
  return isOfTool(of, policy) ? without(kept, FAILURE) : kept
}

/** Attributes of a resource: the first prompt of an agent without a terminal is an argument. */
const ARGUMENTS: ReadonlySet<string> = new Set(['process.command_args', 'process.command_line'])
const PLAIN_ARGUMENTS = new Set([...ARGUMENTS].map(plainName))
const PLAIN_FAILURE = new Set([...FAILURE].map(plainName))
const PLAIN_TOOL_NAMES = new Set(TOOL_NAMES.map(plainName))
const originsWithout = new WeakMap<Origin, Origin>()

function originWithout(of: Origin, policy: ContentPolicy): Origin {
  if (!policy.has('prompts')) return of
  const known = originsWithout.get(of)
  if (known !== undefined) return known
  const resource = without(of.resource, ARGUMENTS)
  const kept = resource === of.resource ? of : { ...of, resource }
  originsWithout.set(of, kept)
  return kept
}

/** Agents name their event in a body of text; a body of members may hold content. */
function bodyWithout(body: AttributeValue, names: ReadonlySet<string>): AttributeValue {
  const isMap = typeof body === 'object' && body !== null && !Array.isArray(body)
  return isMap ? without(body as Attributes, names) : body
}

function without(of: Attributes, names: ReadonlySet<string>): Attributes {
  let kept: Record<string, AttributeValue> | undefined
  for (const key in of) {
    if (!isDropped(key, names)) {
      if (kept !== undefined) kept[key] = of[key] as AttributeValue
      continue
    }
    if (kept !== undefined) continue
    kept = newAttributeMap()
    for (const earlier in of) {
      if (earlier === key) break
      kept[earlier] = of[earlier] as AttributeValue
    }
  }
  return kept ?? of
}

/** Lists that were flattened go with their name: `llm.input_messages.0.message.content`. */
function isDropped(key: string, names: ReadonlySet<string>): boolean {
  if (names.has(key)) return true
  const flat = /^(llm\.(?:input|output)_messages|gen_ai\.(?:prompt|completion))\./.exec(key)
  return flat !== null && names.has(flat[1] ?? '')
}
