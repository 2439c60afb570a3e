/**
 * The tools that a model asks for, and what comes of them. What a tool was given is told with its result, or
 * by itself where that does not come.
 */
import type { AttributeValue } from '../../../domain/json-value.ts'
import {
  countOf,
  cutText,
  type Line,
  listOf,
  objectOf,
  shownText,
  textOf,
  type TranscriptEntry,
} from '../source.ts'
import { uuidOf } from './line.ts'

/** A tool without its result: what it was given is told with that. */
interface OpenTool {
  readonly name: string
  /** Of the subagent that it starts. */
  readonly type?: string | undefined
  /** Undefined once it was told by itself. */
  readonly use?: TranscriptEntry | undefined
}

export interface ToolTables {
  /** Those without results, by their ids. */
  readonly tools: Record<string, OpenTool>
  /** By tool use id: the call that asked for it last, and how many calls have. */
  readonly uses: Record<string, { readonly callId: string; readonly count: number }>
}

/** Whom a tool is of: the call that asks for it, or that its result belongs to. */
interface ToolUse {
  readonly callId: string
  readonly sessionId: string
  readonly subagentId: string | undefined
  readonly promptId: string | undefined
}

export interface ToolReader {
  /** A model asks for a tool. */
  noteUse(line: Line, block: Line, of: ToolUse): void
  /** What a fork has of its own may be the result of a tool that the copy asks for. */
  noteCopy(line: Line): void
  /** Its result, or that it was refused; and the subagent that it started. */
  readResult(line: Line, block: Line, of: Omit<ToolUse, 'callId'>): TranscriptEntry[]
  /** The oldest tools without results, where the inputs of all take too much memory: told by themselves. */
  usesBeyondBound(): TranscriptEntry[]
  /** Tools whose results may never come, or may still be at work. */
  openTools(): TranscriptEntry[]
}

/** Makes an entry of what a line tells. */
export type EntryOf = (
  line: Line,
  name: string,
  key: string,
  more: Pick<TranscriptEntry, 'sessionId' | 'claim' | 'supersedes'>,
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
) => TranscriptEntry

/** Of all tools whose results are waited for. */
const MAX_INPUT_CHARACTERS = 2_000_000
/** How the model is told that a person did not let a tool run. */
const REFUSED =
  /^(?:The user doesn't want to (?:proceed|take)|\[Request interrupted by user for tool use)/
const NAMED_AGENT = /agentId: ([\w-]+)/

export function createToolReader({ tools, uses }: ToolTables, entry: EntryOf): ToolReader {
  /** A gateway may give one id to the tools of several calls: then it names the first of them. */
  function toolKeyOf(toolUseId: string): string {
    const { count = 1 } = uses[toolUseId] ?? {}
    return count === 1 ? toolUseId : `${toolUseId}|${count}`
  }

  function readResult(
    line: Line,
    block: Line,
    { sessionId, subagentId, promptId }: Omit<ToolUse, 'callId'>,
  ): TranscriptEntry[] {
    const toolUseId = textOf(block.tool_use_id)
    if (toolUseId === undefined) return []
    const tool = tools[toolUseId]
    delete tools[toolUseId]
    const output = resultText(block.content)
    const decision = objectOf(line.permissionDecision)
    const isRefused =
      decision?.decision === 'reject' || (block.is_error === true && REFUSED.test(output ?? ''))
    const place = {
      sessionId,
      claim: `tool|${toolUseId}|${uuidOf(line) ?? ''}`,
      supersedes: tool?.use?.claim,
    }
    const common = {
      input: tool?.use?.attributes.input,
      tool_name: tool?.name,
      tool_use_id: toolUseId,
      subagent_id: subagentId,
      prompt_id: promptId,
    }
    if (isRefused) {
      const source = textOf(decision?.source) ?? 'user_reject'
      return [
        entry(line, 'tool_refusal', `refusal|${toolKeyOf(toolUseId)}`, place, {
          ...common,
          source,
        }),
      ]
    }
    const result = entry(line, 'tool_result', `tool|${toolKeyOf(toolUseId)}`, place, {
      ...common,
      output,
      success: block.is_error !== true,
    })
    return [result, ...readStartedAgent(line, tool, output, { ...common, sessionId })]
  }

  /** What the tool that starts subagents says of the one that it started. */
  function readStartedAgent(
    line: Line,
    tool: OpenTool | undefined,
    output: string | undefined,
    of: {
      readonly sessionId: string
      readonly tool_name: string | undefined
      readonly tool_use_id: string
      readonly prompt_id: string | undefined
    },
  ): TranscriptEntry[] {
    if (tool?.type === undefined) return []
    const told = objectOf(line.toolUseResult)
    const agentId = textOf(told?.agentId) ?? NAMED_AGENT.exec(output ?? '')?.[1]
    if (agentId === undefined) return []
    const { sessionId, tool_name, tool_use_id, prompt_id } = of
    const place = { sessionId }
    const start = entry(line, 'subagent_start', `start|${agentId}`, place, {
      tool_name,
      tool_use_id,
      prompt_id,
      started_subagent_id: agentId,
    })
    if (told?.status !== 'completed' && told?.totalDurationMs === undefined) return [start]
    const claim = `end|${agentId}|${uuidOf(line) ?? ''}`
    const end = entry(
      line,
      'subagent_end',
      `end|${agentId}`,
      { ...place, claim },
      {
        prompt_id,
        subagent_id: agentId,
        subagent_type: textOf(told.agentType) ?? tool.type,
        answer: resultText(told.content),
        duration_ms: countOf(told.totalDurationMs),
        total_tokens: countOf(told.totalTokens),
        total_tool_uses: countOf(told.totalToolUseCount),
      },
    )
    return [start, end]
  }

  return {
    noteUse: (line, block, { callId, sessionId, subagentId, promptId }) => {
      const toolUseId = textOf(block.id)
      if (toolUseId === undefined) return
      const { callId: lastId, count = 0 } = uses[toolUseId] ?? {}
      if (lastId !== callId) uses[toolUseId] = { callId, count: count + 1 }
      const tool = toolOf(block)
      const claim = `use|${toolUseId}|${uuidOf(line) ?? ''}`
      const use = entry(
        line,
        'tool_use',
        `use|${toolKeyOf(toolUseId)}`,
        { sessionId, claim },
        {
          tool_name: tool.name,
          tool_use_id: toolUseId,
          input: shownText(block.input),
          subagent_id: subagentId,
          prompt_id: promptId,
          source: 'transcript',
        },
      )
      tools[toolUseId] = { ...tool, use }
    },
    noteCopy: (line) => {
      for (const block of listOf(objectOf(line.message)?.content).map(objectOf)) {
        const toolUseId = block?.type === 'tool_use' ? textOf(block.id) : undefined
        if (block !== undefined && toolUseId !== undefined) tools[toolUseId] = toolOf(block)
      }
    },
    readResult,
    usesBeyondBound: () => {
      let characters = 0
      const told: TranscriptEntry[] = []
      for (const [id, tool] of Object.entries(tools).reverse()) {
        characters += textOf(tool.use?.attributes.input)?.length ?? 0
        if (tool.use === undefined || characters <= MAX_INPUT_CHARACTERS) continue
        tools[id] = { ...tool, use: undefined }
        told.unshift(tool.use)
      }
      return told
    },
    openTools: () =>
      Object.entries(tools).flatMap(([id, tool]) => {
        if (tool.use === undefined) return []
        tools[id] = { ...tool, use: undefined }
        return [tool.use]
      }),
  }
}

/** What a model asks for. */
function toolOf(block: Line): Pick<OpenTool, 'name' | 'type'> {
  const name = textOf(block.name) ?? 'unknown'
  if (name !== 'Agent' && name !== 'Task') return { name }
  return { name, type: textOf(objectOf(block.input)?.subagent_type) ?? 'general-purpose' }
}

/** The text of a tool's result: a text, or blocks of which some are texts. */
function resultText(content: unknown): string | undefined {
  if (typeof content === 'string') return cutText(content)
  const texts = listOf(content)
    .map(objectOf)
    .map((block) =>
      block?.type === 'text' ? textOf(block.text) : block && `[${String(block.type)}]`,
    )
    .filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : cutText(texts.join('\n'))
}
