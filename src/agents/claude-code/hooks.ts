/**
 * Claude Code's hooks, posted as JSON (recording `hooks-http`). They carry no time of their
 * own, so they count as having happened when they arrived; they share session, prompt, tool
 * and agent ids with telemetry.
 */
import { hash } from 'node:crypto'
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import type { ToldModel } from '../../domain/budget-brake.ts'
import type { Attributes, AttributeValue } from '../../domain/json-value.ts'
import { STATUS_LINE_HOOK } from '../../domain/status-line.ts'
import { claudeCodeQuantities } from './quantities.ts'
import type { HookContext, HookReader } from '../profile.ts'
import { believed, numberOf, present, textOf } from '../read-attribute.ts'

type ReadHook = (base: EventBase, body: Attributes) => AgentEvent

const toolReport =
  (state: 'begun' | 'done' | 'failed'): ReadHook =>
  (base, body) => {
    const toolUseId = textOf(body, 'tool_use_id')
    if (toolUseId === undefined) return { ...base, kind: 'other', isHook: true }
    return {
      ...base,
      kind: 'tool_report',
      tool: textOf(body, 'tool_name') ?? 'unknown',
      toolUseId,
      state,
      ...present({
        input: body.tool_input,
        output: state === 'failed' ? body.error : body.tool_response,
        durationMs: numberOf(body, 'duration_ms'),
        startedSubagentId: agentIdIn(body.tool_response),
      }),
    }
  }

const subagentReport =
  (state: 'begun' | 'stopped'): ReadHook =>
  (base, body) => ({
    ...base,
    kind: 'subagent_report',
    subagentType: textOf(body, 'agent_type') ?? 'unknown',
    state,
    ...present({ answer: textOf(body, 'last_assistant_message') }),
  })

/** What a status line tells: the pull request of the branch that somebody is on. */
const statusLine: ReadHook = (base, body) => {
  const url = isObject(body.pr) ? textOf(body.pr, 'url') : undefined
  const isPage = url !== undefined && /^https?:\/\/\S+$/.test(url)
  return { ...base, kind: 'other', isHook: true, ...(isPage && { pullRequest: { url } }) }
}

const hooks: Readonly<Record<string, ReadHook>> = {
  [STATUS_LINE_HOOK]: statusLine,
  UserPromptSubmit: (base, body) => ({
    ...base,
    kind: 'turn_start_report',
    prompt: textOf(body, 'prompt') ?? '',
  }),
  PreToolUse: toolReport('begun'),
  PostToolUse: toolReport('done'),
  PostToolUseFailure: toolReport('failed'),
  SubagentStart: subagentReport('begun'),
  SubagentStop: subagentReport('stopped'),
  Stop: (base, body) => ({
    ...base,
    kind: 'turn_stop_report',
    running: runningTasks(body.background_tasks),
    ...present({ answer: textOf(body, 'last_assistant_message') }),
  }),
  SessionEnd: (base, body) => ({
    ...base,
    kind: 'session_end_report',
    reason: textOf(body, 'reason') ?? 'unknown',
  }),
}

function agentIdIn(response: AttributeValue | undefined): string | undefined {
  return isObject(response) ? textOf(response, 'agentId') : undefined
}

function runningTasks(tasks: AttributeValue | undefined): string[] {
  if (!Array.isArray(tasks)) return []
  return tasks.filter(isObject).flatMap((task) => {
    const id = textOf(task, 'id')
    return id === undefined || textOf(task, 'status') !== 'running' ? [] : [id]
  })
}

function isObject(value: AttributeValue | undefined): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Hooks that happen once for what they name, so that one with the same body was sent twice. */
const identifiedBy: Readonly<Record<string, string>> = {
  UserPromptSubmit: 'prompt_id',
  PreToolUse: 'tool_use_id',
  PostToolUse: 'tool_use_id',
  PostToolUseFailure: 'tool_use_id',
  SubagentStart: 'agent_id',
}

/** Of all others the body may be the same when it happens again: a session that is resumed ends twice. */
function keysOf(
  name: string,
  body: Attributes,
  arrivedMs: number,
): Pick<EventBase, 'dedupKey' | 'resendKey'> {
  const key = `hook|${name}|${hash('sha1', JSON.stringify(body))}`
  const identifier = Object.hasOwn(identifiedBy, name) ? identifiedBy[name] : undefined
  const isOnce = identifier !== undefined && textOf(body, identifier) !== undefined
  return isOnce ? { dedupKey: key } : { dedupKey: `${key}|${arrivedMs}`, resendKey: key }
}

function read(body: Attributes, { arrivedMs, labels }: HookContext): AgentEvent | undefined {
  const sessionId = textOf(body, 'session_id')
  const name = textOf(body, 'hook_event_name')
  if (sessionId === undefined || name === undefined) return undefined
  const { attributes, implausible } = believed(body, claudeCodeQuantities)
  const base: EventBase = {
    agent: 'claude-code',
    sessionId,
    ...keysOf(name, body, arrivedMs),
    name,
    timeMs: arrivedMs,
    identity: Object.keys(labels).length > 0 ? { labels } : {},
    ...present({
      promptId: textOf(body, 'prompt_id'),
      subagentId: textOf(body, 'agent_id'),
      cwd: textOf(body, 'cwd'),
      implausible,
    }),
  }
  const readHook = Object.hasOwn(hooks, name) ? hooks[name] : undefined
  if (readHook === undefined) return { ...base, kind: 'other', isHook: true }
  return readHook(base, attributes)
}

/**
 * Measured with 2.1.329: a prompt that is blocked makes no call; a turn that is not to go on makes
 * none either, but where permissions are skipped the tool still runs unless it is denied as well.
 */
const brakes: HookReader['brakes'] = {
  UserPromptSubmit: {
    step: 'prompt',
    refuse: (reason) => ({ decision: 'block', reason }),
  },
  PreToolUse: {
    step: 'tool',
    refuse: (stopReason) => ({
      continue: false,
      stopReason,
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: stopReason,
      },
    }),
  },
}

/** `SessionStart` names the model; the status line does at each change, with its display name. */
function modelIn(body: Attributes): ToldModel | undefined {
  const { model } = body
  if (body.hook_event_name === STATUS_LINE_HOOK) {
    const id = (model as { readonly id?: unknown } | null | undefined)?.id
    return typeof id === 'string' && id !== '' ? { model: id, isKept: true } : undefined
  }
  return typeof model === 'string' && model !== '' ? { model, isKept: false } : undefined
}

export const claudeCodeHooks: HookReader = {
  folder: (body) => textOf(body, 'cwd'),
  model: modelIn,
  read,
  brakes,
}
