/**
 * Content that the bridge does not keep, whatever the client sends (`CONTENT_*=drop`). It is known by
 * the names under which agents report it, so that it holds for an agent that no profile knows.
 */
import type { Attributes, AttributeValue } from '../../domain/json-value.ts'
import { shortHash } from '../../domain/short-hash.ts'
import type { Origin, TranscriptRecord } from '../../domain/telemetry-record.ts'
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

/**
 * Whether an attribute, or a member of a body, is content. `path` are the names that lead to it, where
 * it stands in maps; a pipeline may have written `_` for the dots in them. Its place in a list is no part of
 * the path.
 */
export function isContent(path: readonly string[], policy: ContentPolicy): boolean {
  return namesOf(policy).has(plainName(path.join('.')).replace(FLAT_INDEX, ''))
}

/** Whether the body of an event is content as a whole. `eventNames` are all that it is called by. */
export function isContentBody(eventNames: readonly string[], policy: ContentPolicy): boolean {
  return [...policy].some((kind) => eventNames.some((name) => EVENTS_OF[kind]?.test(name)))
}

/** Whether an attribute tells the name of its event. */
export function isEventName(name: string): boolean {
  return plainName(name) === 'event_name'
}

/** Of a list that was flattened: `llm.input_messages.0.message.content`. */
const FLAT_INDEX =
  /(?<=^(?:llm_input_messages|llm_output_messages|gen_ai_prompt|gen_ai_completion))_.*$/
const plainNames = new WeakMap<ContentPolicy, ReadonlySet<string>>()

function namesOf(policy: ContentPolicy): ReadonlySet<string> {
  const known = plainNames.get(policy)
  if (known !== undefined) return known
  const names = new Set([...policy].flatMap((kind) => NAMES[kind]).map(plainName))
  plainNames.set(policy, names)
  return names
}

function plainName(name: string): string {
  return name.replaceAll('.', '_')
}

/** Takes the content out of a record. */
export function withoutContent(record: RecordInProcess, policy: ContentPolicy): void {
  switch (record.signal) {
    case 'log': {
      const { record: of } = record
      const isMessage = isContentBody([of.eventName, ...eventNamesIn(of.attributes)], policy)
      record.record = {
        ...of,
        origin: originWithout(of.origin, policy),
        attributes: attributesWithout(of.attributes, of.attributes, policy),
        body: isMessage ? null : valueWithout(of.body, [], policy),
      }
      return
    }
    case 'trace': {
      const { record: of } = record
      const moments = of.moments.map((moment) => ({
        ...moment,
        attributes: attributesWithout(moment.attributes, of.attributes, policy),
      }))
      const isFailure = isOfTool(of.attributes, policy)
      record.record = {
        ...of,
        origin: originWithout(of.origin, policy),
        attributes: attributesWithout(of.attributes, of.attributes, policy),
        moments,
        statusMessage: isFailure ? '' : of.statusMessage,
      }
      return
    }
    case 'hook': {
      const { record: of } = record
      record.record = { ...of, body: attributesWithout(of.body, of.body, policy) }
      return
    }
    case 'transcript': {
      const { record: of } = record
      const attributes = attributesWithout(of.attributes, of.attributes, policy)
      const words = wordsOf(policy)
      record.record = {
        ...of,
        key: words.has('title') ? keyWithoutTitle(of) : of.key,
        origin: originWithout(of.origin, policy),
        attributes: without(attributes, words),
      }
      return
    }
    case 'metric':
      record.record = { ...record.record, origin: originWithout(record.record.origin, policy) }
  }
}

function eventNamesIn(attributes: Attributes): readonly string[] {
  return Object.entries(attributes).flatMap(([name, value]) =>
    typeof value === 'string' && isEventName(name) ? [value] : [],
  )
}

/** Stands for the key of a title that is not kept, which is what the title says. */
export function keyOfDropped(key: string): string {
  return `title|${shortHash(key)}`
}

const KEY_OF_DROPPED = /^title\|[0-9a-z]{1,11}$/

/** The same where the title was dropped before; earlier versions left what it says in the key. */
function keyWithoutTitle({ name, key, attributes }: TranscriptRecord): string {
  if (name !== 'title') return key
  return attributes.title === undefined && KEY_OF_DROPPED.test(key) ? key : keyOfDropped(key)
}

/** What transcripts have other names for: the answer of a subagent, and a title, which sums up a prompt. */
function wordsOf(policy: ContentPolicy): ReadonlySet<string> {
  const isTitled = policy.has('prompts') || policy.has('responses')
  return new Set([...(policy.has('responses') ? ['answer'] : []), ...(isTitled ? ['title'] : [])])
}

/** `ofRecord` are the attributes that tell whether the record is of a tool. */
function attributesWithout(
  attributes: Attributes,
  ofRecord: Attributes,
  policy: ContentPolicy,
): Attributes {
  const kept = mapWithout(attributes, [], policy)
  return isOfTool(ofRecord, policy) ? without(kept, FAILURE) : kept
}

/** The same value where nothing of it is content. */
function valueWithout(
  value: AttributeValue,
  path: readonly string[],
  policy: ContentPolicy,
): AttributeValue {
  if (typeof value !== 'object' || value === null) return value
  if (!isList(value)) return mapWithout(value, path, policy)
  const list = value.map((each) => valueWithout(each, path, policy))
  return list.some((each, index) => each !== value[index]) ? list : value
}

function mapWithout(of: Attributes, path: readonly string[], policy: ContentPolicy): Attributes {
  const kept = newAttributeMap()
  let isSame = true
  for (const key in of) {
    const inner = [...path, key]
    if (isContent(inner, policy)) {
      isSame = false
      continue
    }
    const before = of[key] as AttributeValue
    kept[key] = valueWithout(before, inner, policy)
    if (kept[key] !== before) isSame = false
  }
  return isSame ? of : kept
}

function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value)
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

function without(of: Attributes, names: ReadonlySet<string>): Attributes {
  const kept = newAttributeMap()
  let isSame = true
  for (const key in of) {
    if (names.has(key)) isSame = false
    else kept[key] = of[key] as AttributeValue
  }
  return isSame ? of : kept
}
