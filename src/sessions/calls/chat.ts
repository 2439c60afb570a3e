/**
 * A call's input and output as chat messages: what was new to the model since its last call (the prompt,
 * what its tools returned), and its answer with the tools that it asked for. Messages that the call's own
 * record or its raw bodies tell are shown as they are; else they are put together from what the records
 * around it tell, each as far as the user lets it be recorded. `partial` in the metadata says where that is
 * less than what the model was given or said.
 */
import { type ChatMessage, chatMessages, toolCall, userMessage } from '../../domain/chat-message.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import { bounded, cut } from '../content.ts'
import type { Draft } from '../draft.ts'
import { reportedPrompt } from '../hooks/reported-content.ts'
import type { HeldCall, ObservationDraft, OpenTurn, ToolAnswer } from '../state.ts'
import { subagentTaskOf } from '../subagents/started-by.ts'
import { takeRequests } from './exchange.ts'

/** Least characters of a text that is shortened to make room. */
const MIN_SHOWN = 200

interface Side {
  readonly messages: readonly ChatMessage[]
  readonly isPart: boolean
}

/** The messages of a record as they are shown, of at most `maxLength` characters; text stays text. */
export function shownMessages(value: JsonValue, maxLength: number): JsonValue {
  const messages = chatMessages(value)
  return messages === undefined ? bounded(value, maxLength) : boundedMessages(messages, maxLength)
}

/** The same of an answer, which is one message. */
export function shownAnswer(value: JsonValue, maxLength: number): JsonValue {
  return single(shownMessages(value, maxLength))
}

function single(shown: JsonValue): JsonValue {
  return Array.isArray(shown) && shown.length === 1 ? ((shown as JsonValue[])[0] ?? null) : shown
}

/** The call as it is sent. */
export function chatOf(draft: Draft, turn: OpenTurn, call: HeldCall): ObservationDraft {
  const { draft: observation } = call
  const { maxContentLength } = draft.policy
  const input = isStructured(observation.input) ? undefined : inputOf(draft, turn, call)
  const output = isStructured(observation.output) ? undefined : outputOf(turn, call)
  const own = typeof observation.input === 'string' ? ownText(observation.input) : undefined
  // A text that is no list of messages says less than messages that are whole.
  const shownInput = input === undefined || input.isPart ? (own ?? input) : input
  const partial = [
    ...(shownInput?.isPart === true ? ['input'] : []),
    ...(output?.isPart === true ? ['output'] : []),
  ]
  return {
    ...observation,
    ...(shownInput !== undefined && {
      input: boundedMessages(shownInput.messages, maxContentLength),
    }),
    ...(output !== undefined && {
      output: single(boundedMessages(output.messages, maxContentLength)),
    }),
    ...(partial.length > 0 && {
      metadata: { ...observation.metadata, partial: partial.join(', ') },
    }),
  }
}

/** What a call that failed was given, as far as that is told by now. */
export function inputOfFailure(
  draft: Draft,
  turn: OpenTurn,
  call: Pick<HeldCall, 'lane' | 'isFirst' | 'answers'>,
): Pick<ObservationDraft, 'input'> {
  const input = inputOf(draft, turn, call)
  if (input === undefined) return {}
  const { maxContentLength } = draft.policy
  return { input: boundedMessages(input.messages, maxContentLength) }
}

function inputOf(
  draft: Draft,
  turn: OpenTurn,
  { lane, isFirst, answers = [] }: Pick<HeldCall, 'lane' | 'isFirst' | 'answers'>,
): Side | undefined {
  const first = isFirst === true ? firstOf(draft, turn, lane) : undefined
  const messages = [...(first?.messages ?? []), ...answers.map(answerMessage)]
  if (messages.length === 0) return undefined
  return { messages, isPart: first?.isPart === true || answers.some(isPartOf) }
}

/** What an agent is begun with: the prompt, or the task of a subagent where it is known for certain. */
function firstOf(draft: Draft, turn: OpenTurn, lane: string): Side | undefined {
  if (lane !== '') {
    const task = subagentTaskOf(draft, turn, lane)
    return task === undefined
      ? undefined
      : { messages: [userMessage(task.prompt)], isPart: task.isPart }
  }
  const prompt = turn.prompt ?? reportedPrompt(draft, turn)
  if (prompt === undefined) return undefined
  return { messages: [userMessage(prompt)], isPart: turn.isPromptNote === true }
}

function answerMessage({ id, name, output }: ToolAnswer): ChatMessage {
  return { role: 'tool', ...(id !== undefined && { tool_call_id: id }), name, content: output }
}

function outputOf(turn: OpenTurn, call: HeldCall): Side | undefined {
  const { output } = call.draft
  const requests = call.isChat === true ? takeRequests(turn, call) : []
  const body = requests.length === 0 ? call.bodyText : undefined
  const text = typeof output === 'string' ? output : body
  if (text === undefined && requests.length === 0) return undefined
  const calls = requests.map(({ id, name, input }) => toolCall(id, name, input))
  const message: ChatMessage = {
    role: 'assistant',
    content: text ?? null,
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const isPart = call.isAnswerNote === true || output !== text || requests.some(isPartOf)
  return { messages: [message], isPart }
}

function isPartOf({ isPart }: { readonly isPart: boolean }): boolean {
  return isPart
}

function ownText(input: string): Side {
  return { messages: [userMessage(input)], isPart: true }
}

function isStructured(value: JsonValue | undefined): boolean {
  return typeof value === 'object' && value !== null
}

/** Too much text is cut evenly, so that each message is still seen. */
function boundedMessages(messages: readonly ChatMessage[], maxLength: number): JsonValue {
  if (isShort(messages, maxLength)) return messages
  const texts = messages.reduce((sum, { tool_calls: calls = [] }) => sum + 1 + calls.length, 0)
  const share = Math.max(MIN_SHOWN, Math.floor(maxLength / (2 * texts)))
  const shorter = messages.map((message) => shortenedMessage(message, share))
  if (isShort(shorter, maxLength)) return shorter
  return cut(JSON.stringify(shorter), maxLength)
}

function shortenedMessage(message: ChatMessage, length: number): ChatMessage {
  const { content, tool_calls: calls, reasoning_content: reasoning } = message
  return {
    ...message,
    content:
      content === null
        ? null
        : cut(typeof content === 'string' ? content : JSON.stringify(content), length),
    ...(reasoning !== undefined && { reasoning_content: cut(reasoning, length) }),
    ...(calls !== undefined && {
      tool_calls: calls.map((call) => ({
        ...call,
        function: { ...call.function, arguments: cut(call.function.arguments, length) },
      })),
    }),
  }
}

/** Characters of a message around its texts, and most of one character of these, as JSON. */
const SHELL_LENGTH = 200
const ESCAPE_LENGTH = 6

/** Whether it is at most that long as JSON, which is made only where it may be longer. */
function isShort(messages: readonly ChatMessage[], maxLength: number): boolean {
  let length = 0
  for (const { content, reasoning_content: reasoning = '', tool_calls: calls = [] } of messages) {
    // Parts of other kinds than text may be of any depth.
    if (content !== null && typeof content !== 'string') length = Number.POSITIVE_INFINITY
    else length += SHELL_LENGTH + ESCAPE_LENGTH * ((content?.length ?? 0) + reasoning.length)
    for (const { function: of } of calls)
      length += SHELL_LENGTH + ESCAPE_LENGTH * of.arguments.length
  }
  return length <= maxLength || JSON.stringify(messages).length <= maxLength
}
