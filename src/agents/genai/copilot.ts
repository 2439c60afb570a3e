/**
 * GitHub Copilot: VS Code Chat (scope `copilot-chat`), CLI (`github.copilot`), Visual Studio
 * (`vs-copilot`, no scope name) and JetBrains. Recorded with CLI 1.0.102.
 *
 * A subagent of VS Code has a conversation id of its own; those of the CLI share the session's.
 * `github.copilot.cost` is premium requests and `copilot_usage_nano_aiu` a quota, neither is money.
 */
import { textOf } from '../read-attribute.ts'
import type { Dialect } from './dialect.ts'
import { conversationOf, failureOf, operationOf, roleOf, semconv, toolOf } from './semconv.ts'

const SENDER = /^(?:github[.-]copilot|copilot(?:-chat|-cli|-jetbrains)?|vs-copilot)(?:$|[./])/
const ATTRIBUTE = /^(?:copilot_chat|github\.copilot)\./

/** What the CLI writes before every prompt. */
const DATE_BEFORE_PROMPT = /^<current_datetime>[^<]*<\/current_datetime>\s*/

export const copilot: Dialect = {
  ...semconv,
  name: 'GitHub Copilot',
  writes: ({ origin, attributes }) => {
    if (SENDER.test(origin.scopeName)) return true
    if (SENDER.test(textOf(origin.resource, 'service.name') ?? '')) return true
    return Object.keys(attributes).some((key) => ATTRIBUTE.test(key))
  },
  agent: () => 'copilot',
  // Permissions and hooks have spans as well, without an operation.
  role: (span) => (operationOf(span.attributes) === undefined ? 'other' : roleOf(span)),
  sessionId: (attributes) =>
    conversationOf(attributes) ?? textOf(attributes, 'copilot_chat.chat_session_id'),
  subagentsHaveIds: true,
  isSubagent: (attributes) => textOf(attributes, 'github.copilot.initiator') === 'sub-agent',
  costUsd: () => undefined,
  tool: (span) => {
    const tool = toolOf(span)
    return { ...tool, callId: tool.callId?.replace(/^custom_/, '') }
  },
  failure: failureOf,
  contentNote: 'not recorded: set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true',
  prompt: (text) => text.replace(DATE_BEFORE_PROMPT, ''),
}
