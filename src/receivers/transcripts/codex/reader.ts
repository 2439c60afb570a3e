/**
 * Reads the lines of one rollout of Codex. What a call used is told by a `token_usage_record` since
 * 0.171, before that by `token_count`, which comes again without a call and may fall to zero. What a fork
 * copied is read like everything else and left out at the end, see `lineage.ts`.
 */
import type { AttributeValue } from '../../../domain/json-value.ts'
import {
  attributesOf,
  boundTable,
  countOf,
  cutText,
  folderName,
  type Line,
  listOf,
  objectOf,
  type Place,
  shownText,
  tableOf,
  textOf,
  timeOf,
  type TranscriptEntry,
  type TranscriptReader,
} from '../source.ts'
import {
  beginLineage,
  claimAt,
  isCopied,
  isTaskStart,
  type Lineage,
  noteCopiedMeta,
  noteHistory,
} from './lineage.ts'

/** As Codex counts: input has cached tokens in it. */
interface Tokens {
  readonly input: number
  readonly cached: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

interface OpenTool {
  readonly name: string
  readonly hasFailed?: boolean
}

interface State {
  /** Of the first `session_meta`. */
  thread?: ThreadPlace
  metaId?: string | undefined
  lineage: Lineage
  place: Place
  provider?: string | undefined
  model?: string | undefined
  turnId?: string | undefined
  turnSinceMs?: number | undefined
  sinceMs?: number | undefined
  /** The turn whose prompt was told. */
  promptedTurn?: string | undefined
  prompts: number
  total?: Tokens
  hasUsageRecords?: boolean
  tools: Record<string, OpenTool>
  /** By call id: the answer that called a tool by it last, and how many answers have. */
  uses: Record<string, { readonly answer: number; readonly count: number }>
  /** What the model said since its last call. */
  text: string
  asksForTools: boolean
}

/** Where a thread belongs. */
export interface ThreadPlace {
  readonly threadId: string
  readonly sessionId: string
  /** It is a subagent of that session. */
  readonly subagentId?: string | undefined
  readonly subagentType?: string | undefined
  /** The thread that it copies the beginning of. */
  readonly forkedFrom?: string | undefined
}

const MAX_TABLE = 300
const ROLLOUT = /^rollout-.*-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/
/** What the agent tells the model in the role of the user. */
const TOLD_BY_AGENT = /^\s*(?:<[a-z_]+[>\s]|# AGENTS\.md)/
const CALL =
  /^(?:function_call|custom_tool_call|tool_search_call|local_shell_call|web_search_call)$/
const OUTPUT = /^(?:function_call_output|custom_tool_call_output|tool_search_output)$/
const SCRIPT_FAILED = /^Script failed\b/

/**
 * Telemetry calls a thread a session. Before `session_id` was written, nothing but the rollout tells of
 * a subagent's thread: there it belongs to the session of its parent.
 */
export function placeOfThread(stem: string, meta: Line | undefined): ThreadPlace {
  const threadId = ROLLOUT.exec(stem)?.[1] ?? textOf(meta?.id) ?? stem
  const spawn = objectOf(objectOf(objectOf(meta?.source)?.subagent)?.thread_spawn)
  const parentId = textOf(meta?.parent_thread_id) ?? textOf(spawn?.parent_thread_id)
  const forkedFrom = textOf(meta?.forked_from_id)
  if (parentId === undefined || textOf(meta?.session_id) !== undefined) {
    return { threadId, sessionId: threadId, forkedFrom }
  }
  const subagentType = textOf(meta?.agent_role) ?? textOf(spawn?.agent_role) ?? 'subagent'
  return { threadId, sessionId: parentId, subagentId: threadId, subagentType, forkedFrom }
}

export function createCodexReader(stem: string, former: Line | undefined): TranscriptReader {
  const state = stateOf(former)
  const { lineage } = state

  function thread(): ThreadPlace {
    state.thread ??= placeOfThread(stem, undefined)
    return state.thread
  }

  /** Without the times of lines, which a copy has others of. */
  function claimOf(what: string): string {
    return claimAt(lineage, thread().threadId, what)
  }

  function entry(
    line: Line,
    name: string,
    key: string,
    attributes: Readonly<Record<string, AttributeValue | undefined>>,
    claim = claimOf(key),
  ): TranscriptEntry {
    const { sessionId, threadId, subagentId, subagentType } = thread()
    return {
      name,
      sessionId,
      key: `${key}|${threadId}`,
      claim: `codex|${claim}`,
      timeMs: timeOf(line.timestamp),
      place: state.place,
      attributes: attributesOf({
        ...attributes,
        subagent_id: subagentId,
        subagent_type: attributes.subagent_type ?? subagentType,
        // A subagent's turns are none of its session.
        prompt_id: subagentId === undefined ? state.turnId : undefined,
      }),
    }
  }

  function readMeta(line: Line, meta: Line): TranscriptEntry[] {
    if (state.thread !== undefined) {
      const id = textOf(meta.id)
      if (id !== state.thread.threadId && id !== state.metaId) noteCopiedMeta(lineage, meta)
      return []
    }
    state.thread = placeOfThread(stem, meta)
    state.metaId = textOf(meta.id)
    beginLineage(lineage, line, meta, state.thread.forkedFrom)
    state.provider = textOf(meta.model_provider)
    state.place = {
      folder: folderName(textOf(meta.cwd)),
      branch: textOf(objectOf(meta.git)?.branch),
      version: textOf(meta.cli_version),
    }
    return []
  }

  function readTaskStart(line: Line, told: Line): TranscriptEntry[] {
    const timeMs = timeOf(line.timestamp)
    noteTurn(textOf(told.turn_id))
    state.turnSinceMs = timeMs
    state.sinceMs = timeMs
    state.text = ''
    state.asksForTools = false
    return []
  }

  function noteTurn(turnId: string | undefined): void {
    state.turnId = turnId
    if (turnId !== undefined) noteHistory(lineage, { id: turnId })
  }

  function readPrompt(line: Line, text: string | undefined): TranscriptEntry[] {
    if (text === undefined || TOLD_BY_AGENT.test(text)) return []
    state.sinceMs = timeOf(line.timestamp) ?? state.sinceMs
    const turn = state.turnId ?? `after ${state.prompts} answers`
    if (state.promptedTurn === turn) return []
    state.promptedTurn = turn
    noteHistory(lineage, { text })
    // A subagent is asked by its session.
    if (thread().subagentId !== undefined) return []
    return [
      entry(
        line,
        'prompt',
        `prompt|${state.turnId ?? String(line.timestamp)}`,
        { prompt: cutText(text), prompt_length: text.length },
        claimOf('prompt'),
      ),
    ]
  }

  function readCall(line: Line, item: Line): TranscriptEntry[] {
    const callId = textOf(item.call_id) ?? textOf(item.id)
    if (callId === undefined) return []
    const type = String(item.type)
    const name = textOf(item.name) ?? type.replace(/_call$/, '')
    state.asksForTools = true
    noteHistory(lineage, { id: callId })
    state.tools[callId] = { name }
    const { answer, count = 0 } = state.uses[callId] ?? {}
    if (answer !== state.prompts) state.uses[callId] = { answer: state.prompts, count: count + 1 }
    boundTable(state.tools, MAX_TABLE)
    boundTable(state.uses, MAX_TABLE)
    return [
      entry(line, 'tool_use', `use|${toolKeyOf(callId)}`, {
        tool_name: name,
        tool_use_id: callId,
        input: shownText(item.arguments ?? item.input ?? item.action),
        source: 'transcript',
      }),
    ]
  }

  /** A gateway may give one id to the tools of several answers: then it names the first of them. */
  function toolKeyOf(callId: string): string {
    const { count = 1 } = state.uses[callId] ?? {}
    return count === 1 ? callId : `${callId}|${count}`
  }

  function readOutput(line: Line, callId: string | undefined, output: unknown): TranscriptEntry[] {
    const tool = callId === undefined ? undefined : state.tools[callId]
    if (callId === undefined || tool === undefined) return []
    delete state.tools[callId]
    state.sinceMs = timeOf(line.timestamp) ?? state.sinceMs
    const text = outputText(output)
    const hasFailed = tool.hasFailed === true || SCRIPT_FAILED.test(text ?? '')
    return [
      entry(line, 'tool_result', `tool|${toolKeyOf(callId)}`, {
        tool_name: tool.name,
        tool_use_id: callId,
        output: text,
        success: !hasFailed,
      }),
    ]
  }

  /** What began a thread of its own, and with which. */
  function readSpawn(line: Line, told: Line): TranscriptEntry[] {
    const callId = textOf(told.call_id)
    const startedId = textOf(told.new_thread_id)
    const result = readOutput(line, callId, undefined)
    if (callId === undefined || startedId === undefined) return result
    const start = entry(line, 'subagent_start', `start|${startedId}`, {
      tool_name: 'spawn_agent',
      tool_use_id: callId,
      started_subagent_id: startedId,
    })
    return [...result, start]
  }

  function readUsage(
    line: Line,
    tokens: Tokens,
    of: {
      readonly key: string
      readonly claim?: string | undefined
      readonly model?: string | undefined
    },
  ): TranscriptEntry[] {
    const timeMs = timeOf(line.timestamp)
    const { sinceMs } = state
    const isTimed = sinceMs !== undefined && timeMs !== undefined && timeMs >= sinceMs
    const told = entry(
      line,
      'model_call',
      `call|${of.key}`,
      {
        model: of.model ?? state.model ?? 'unknown',
        provider: 'openai',
        response: state.text === '' ? undefined : state.text,
        asks_for_tools: state.asksForTools,
        duration_ms: isTimed ? timeMs - sinceMs : undefined,
        input_tokens: Math.max(0, tokens.input - tokens.cached - tokens.cacheWrite),
        cache_read_tokens: tokens.cached,
        cache_creation_tokens: tokens.cacheWrite,
        output_tokens: tokens.output,
        reasoning_tokens: tokens.reasoning,
      },
      of.claim,
    )
    state.text = ''
    state.asksForTools = false
    state.prompts += 1
    return [told]
  }

  function readUsageRecord(line: Line, record: Line): TranscriptEntry[] {
    state.hasUsageRecords = true
    const tokens = tokensOf(objectOf(record.usage))
    const id = textOf(record.response_id)
    if (tokens === undefined) return []
    const figures = JSON.stringify(tokens)
    noteHistory(lineage, id === undefined ? { text: figures } : { id })
    // The id of a response is its own, whatever led to it.
    if (id !== undefined) return readUsage(line, tokens, { key: id, claim: id })
    const key = `${String(line.timestamp)}|${figures}`
    return readUsage(line, tokens, { key, claim: claimOf('call') })
  }

  function readTokenCount(line: Line, told: Line): TranscriptEntry[] {
    const info = objectOf(told.info)
    const total = tokensOf(objectOf(info?.total_token_usage))
    const last = tokensOf(objectOf(info?.last_token_usage))
    const before = state.total
    if (total !== undefined) state.total = total
    if (state.hasUsageRecords === true) return []
    // It comes again with the limits of the account.
    if (total !== undefined && before !== undefined && areSame(total, before)) return []
    const tokens = last ?? (total && grown(total, before))
    if (tokens === undefined || tokens.input + tokens.output === 0) return []
    const figures = JSON.stringify([total ?? null, tokens])
    noteHistory(lineage, { text: figures })
    const model = textOf(info?.model) ?? textOf(info?.model_name)
    const key = `${String(line.timestamp)}|${figures}`
    return readUsage(line, tokens, {
      key,
      claim: claimOf('call'),
      model,
    })
  }

  function readTurnEnd(line: Line, told: Line): TranscriptEntry[] {
    const turnId = textOf(told.turn_id) ?? state.turnId
    if (turnId === undefined || thread().subagentId !== undefined) return []
    const reason = told.type === 'turn_aborted' ? (textOf(told.reason) ?? 'aborted') : undefined
    return [
      entry(line, 'turn_end', `turn|${turnId}`, {
        answer: shownText(told.last_agent_message),
        error: reason === undefined ? undefined : `the turn was ${reason}`,
      }),
    ]
  }

  function readEvent(line: Line, told: Line): TranscriptEntry[] {
    if (isTaskStart(told)) return readTaskStart(line, told)
    switch (told.type) {
      case 'task_complete':
      case 'turn_complete':
      case 'turn_aborted':
        return readTurnEnd(line, told)
      case 'user_message':
        return readPrompt(line, textOf(told.message))
      case 'item_completed': {
        const item = objectOf(told.item)
        return item?.type === 'UserMessage' ? readPrompt(line, contentText(item.content)) : []
      }
      case 'token_count':
        return readTokenCount(line, told)
      case 'exec_command_end': {
        const callId = textOf(told.call_id)
        const tool = callId === undefined ? undefined : state.tools[callId]
        if (callId !== undefined && tool !== undefined && told.status === 'failed') {
          state.tools[callId] = { ...tool, hasFailed: true }
        }
        return []
      }
      case 'collab_agent_spawn_end':
        return readSpawn(line, told)
      default:
        return []
    }
  }

  function readItem(line: Line, item: Line): TranscriptEntry[] {
    const type = String(item.type)
    if (CALL.test(type)) return readCall(line, item)
    if (OUTPUT.test(type)) return readOutput(line, textOf(item.call_id), item.output ?? item.tools)
    if (type !== 'message') return []
    const text = contentText(item.content)
    if (item.role === 'user') return readPrompt(line, text)
    if (item.role === 'assistant' && text !== undefined) {
      state.text = cutText(state.text === '' ? text : `${state.text}\n${text}`)
    }
    return []
  }

  function readPayload(line: Line, payload: Line): TranscriptEntry[] {
    switch (line.type) {
      case 'session_meta':
        return readMeta(line, payload)
      case 'turn_context':
        state.model = textOf(payload.model) ?? state.model
        if (state.turnId === undefined) noteTurn(textOf(payload.turn_id))
        return []
      case 'event_msg':
        return readEvent(line, payload)
      case 'response_item':
        return readItem(line, payload)
      case 'token_usage_record':
        return readUsageRecord(line, payload)
      default:
        return []
    }
  }

  return {
    read: (line) => {
      const payload = objectOf(line.payload)
      if (payload === undefined) return []
      const entries = readPayload(line, payload)
      return isCopied(lineage, line, payload, thread().threadId) ? [] : entries
    },
    flush: () => [],
    state: (redact) => ({ ...state, text: redact({ response: state.text }).response ?? '' }),
  }
}

/** What a reader of an earlier version knew of a fork. */
interface Former extends Partial<State> {
  readonly isReplay?: boolean
  readonly beganMs?: number
}

function stateOf(former: Line | undefined): State {
  const { isReplay = false, beganMs, ...known } = (former ?? {}) as Former
  const { forkedFrom } = known.thread ?? {}
  const isFork = isReplay || forkedFrom !== undefined
  return {
    ...known,
    lineage: known.lineage ?? {
      ...{ origin: forkedFrom, isFork, beganMs, history: '', isNamed: false },
      verdict: isReplay ? 'copied' : undefined,
    },
    place: known.place ?? {},
    prompts: known.prompts ?? 0,
    tools: tableOf(known.tools),
    uses: tableOf(known.uses),
    text: known.text ?? '',
    asksForTools: known.asksForTools ?? false,
  }
}

function tokensOf(usage: Line | undefined): Tokens | undefined {
  if (usage === undefined) return undefined
  return {
    input: countOf(usage.input_tokens) ?? 0,
    cached: countOf(usage.cached_input_tokens) ?? 0,
    cacheWrite: countOf(usage.cache_write_input_tokens) ?? 0,
    output: countOf(usage.output_tokens) ?? 0,
    reasoning: countOf(usage.reasoning_output_tokens) ?? 0,
  }
}

const KINDS = ['input', 'cached', 'cacheWrite', 'output', 'reasoning'] as const

function areSame(a: Tokens, b: Tokens): boolean {
  return KINDS.every((kind) => a[kind] === b[kind])
}

/** What was used since; all of it where the counter began again. */
function grown(total: Tokens, before: Tokens | undefined): Tokens {
  if (before === undefined || KINDS.some((kind) => total[kind] < before[kind])) return total
  return {
    input: total.input - before.input,
    cached: total.cached - before.cached,
    cacheWrite: total.cacheWrite - before.cacheWrite,
    output: total.output - before.output,
    reasoning: total.reasoning - before.reasoning,
  }
}

function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return textOf(content)
  const texts = listOf(content)
    .map(objectOf)
    .map((part) => textOf(part?.text))
    .filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : texts.join('\n')
}

function outputText(output: unknown): string | undefined {
  if (output === undefined) return undefined
  const text = contentText(output) ?? contentText(objectOf(output)?.content)
  return text === undefined ? shownText(output) : cutText(text)
}
