/**
 * Reads the lines of one file of Claude Code. An answer of the model is a line for each content block,
 * which all repeat its usage, the last with the final figures: the call is told once, when the next
 * answer begins, or when its end has been written and its tools have run.
 *
 * A fork or a resumed session begins with copies of the lines it goes on from, with their `uuid` and
 * `message.id`: these are what claims are made of.
 */
import type { AttributeValue } from '../../../domain/json-value.ts'
import { CONTINUES } from '../../../domain/transcript-join.ts'
import {
  attributesOf,
  countOf,
  cutText,
  folderName,
  type Line,
  listOf,
  objectOf,
  type Origin,
  type Place,
  textOf,
  timeOf,
  type TranscriptEntry,
  type TranscriptReader,
} from '../source.ts'
import { forkedFrom, uuidOf } from './line.ts'
import { promptOf } from './prompt.ts'
import { boundState, MAX_TABLE, type OpenCall, redacted, stateOf } from './state.ts'
import { createToolReader } from './tools.ts'
import { pricesLifetimes, tokensOf, type Usage, usageOf } from './usage.ts'

/** What a line says of where it was written, and what follows from that. */
interface Surroundings extends Pick<Line, 'cwd' | 'gitBranch' | 'version'> {
  readonly place: Place
  /** Cost figures tell cache writes apart by their lifetime. */
  readonly hasLifetimes: boolean
}

/** Lines after which tables are cut to their bounds. */
const LINES_PER_BOUND = 200
const AGENT_FILE = /^agent-(.+)$/
/** Stands in for a model where the agent itself answers, e.g. that the API cannot be reached. */
const NO_MODEL = '<synthetic>'

export function createClaudeCodeReader(
  stem: string,
  of: {
    readonly former: Line | undefined
    readonly origin: Origin | undefined
    /** Whose file it is; a subagent's lines say by themselves whose they are. */
    readonly sessionId: string
  },
): TranscriptReader {
  const { former, origin } = of
  const state = stateOf(former)
  const ofFile = AGENT_FILE.exec(stem)?.[1]
  if (ofFile === undefined) state.sessionId ??= of.sessionId
  const tools = createToolReader(state, entry)
  const places = new Map<string, Place>()
  let last: Surroundings | undefined
  let lines = 0

  /** Hardly a line has others than the one before. */
  function surroundingsOf(line: Line): Surroundings {
    const { cwd, gitBranch, version } = line
    const isSame = last?.cwd === cwd && last?.gitBranch === gitBranch && last?.version === version
    if (last === undefined || !isSame) {
      const place = readPlace(line)
      last = { cwd, gitBranch, version, place, hasLifetimes: pricesLifetimes(place.version) }
    }
    return last
  }

  function placeOf(line: Line): Place {
    return surroundingsOf(line).place
  }

  function readPlace(line: Line): Place {
    const folder = folderName(textOf(line.cwd))
    const named = textOf(line.gitBranch)
    const branch = named === 'HEAD' ? undefined : named
    const version = textOf(line.version)
    const key = JSON.stringify([folder, branch, version])
    const known = places.get(key)
    if (known !== undefined) return known
    if (places.size >= MAX_TABLE) places.clear()
    const place = { folder, branch, version }
    places.set(key, place)
    return place
  }

  /** The session of the file, by its name where its lines have that id as well. */
  function noteSession(line: Line): void {
    const id = textOf(line.sessionId)
    if (id !== undefined && (state.sessionId === undefined || id === stem)) state.sessionId = id
  }

  /** The session of a copy, by what it says, or that of a copy that no file has any more. */
  function originOf(line: Line): string | undefined {
    const named = textOf(forkedFrom(line)?.sessionId)
    if (named !== undefined) return named
    const timeMs = timeOf(line.timestamp)
    const isCopy = origin !== undefined && timeMs !== undefined && timeMs < origin.begunMs
    return isCopy ? origin.sessionId : undefined
  }

  /** A copied line of a person or a tool has the id of its own session up to 2.0.77. */
  function sessionOf(line: Line): string {
    return originOf(line) ?? textOf(line.sessionId) ?? state.sessionId ?? stem
  }

  function answerSessionOf(line: Line): string {
    const copiedFrom = textOf(line.requestSessionId) ?? originOf(line)
    if (copiedFrom !== undefined) return copiedFrom
    return ofFile === undefined ? (state.sessionId ?? sessionOf(line)) : sessionOf(line)
  }

  /** The subagent that a line is of. */
  function subagentOf(line: Line): string | undefined {
    const named = textOf(line.agentId) ?? ofFile
    if (named !== undefined || line.isSidechain !== true) return named
    const uuid = textOf(line.uuid)
    const parent = textOf(line.parentUuid)
    const root = (parent && state.sidechains[parent]) ?? uuid
    if (uuid !== undefined && root !== undefined) {
      state.sidechains[uuid] = root
    }
    return root
  }

  function entry(
    line: Line,
    name: string,
    key: string,
    more: Pick<TranscriptEntry, 'sessionId' | 'claim' | 'supersedes'>,
    attributes: Readonly<Record<string, AttributeValue | undefined>>,
  ): TranscriptEntry {
    return {
      name,
      key,
      ...more,
      timeMs: timeOf(line.timestamp),
      place: placeOf(line),
      attributes: attributesOf(attributes),
    }
  }

  function readUser(line: Line): TranscriptEntry[] | undefined {
    const message = objectOf(line.message)
    if (message === undefined) return undefined
    const subagentId = subagentOf(line)
    const lane = subagentId ?? ''
    const results = listOf(message.content)
      .map(objectOf)
      .filter((block) => block?.type === 'tool_result')
    if (results.length > 0) return readResults(line, results, subagentId)
    noteSince(line, lane)
    if (subagentId !== undefined) {
      const promptId = textOf(line.promptId)
      if (promptId !== undefined) state.prompts[lane] = promptId
      return []
    }
    const prompt = promptOf(line, message.content)
    const uuid = uuidOf(line)
    if (prompt === undefined) return []
    if (uuid === undefined) return undefined
    const promptId = textOf(line.promptId) ?? uuid
    if (prompt.isSynthetic !== true) state.prompts[''] = promptId
    const told = entry(
      line,
      'prompt',
      `prompt|${uuid}`,
      { sessionId: sessionOf(line), claim: `line|${uuid}` },
      {
        prompt: cutText(prompt.text),
        prompt_length: prompt.text.length,
        prompt_id: prompt.isSynthetic === true ? (state.prompts[''] ?? promptId) : promptId,
        command: prompt.command,
        is_synthetic: prompt.isSynthetic,
      },
    )
    const before = takeOpenPrompt()
    state.openPrompt = { entry: told }
    return [...before, ...closeCalls('', () => true)]
  }

  function readResults(
    line: Line,
    results: readonly (Line | undefined)[],
    subagentId: string | undefined,
  ): TranscriptEntry[] | undefined {
    if (results.every((block) => textOf(block?.tool_use_id) === undefined)) return undefined
    const lane = subagentId ?? ''
    const promptId = textOf(line.promptId) ?? state.prompts[lane] ?? state.prompts['']
    const of = { sessionId: sessionOf(line), subagentId, promptId }
    const told = results.flatMap((block) =>
      block === undefined ? [] : tools.readResult(line, block, of),
    )
    noteSince(line, lane)
    return [...closeCalls(lane, (call) => call.hasEnded), ...told]
  }

  function noteSince(line: Line, lane: string): void {
    const timeMs = timeOf(line.timestamp)
    if (timeMs === undefined) return
    state.sinceMs[lane] = timeMs
  }

  function takeOpenPrompt(): TranscriptEntry[] {
    const open = state.openPrompt
    state.openPrompt = undefined
    return open === undefined ? [] : [open.entry]
  }

  function readAnswer(line: Line): TranscriptEntry[] | undefined {
    const message = objectOf(line.message)
    if (message === undefined) return undefined
    const id = callIdOf(line, message)
    const model = textOf(message.model)
    if (id === undefined || model === undefined) return undefined
    if (model === NO_MODEL) return []
    return takeAnswer(line, message, id, model)
  }

  /** A gateway may give one message id to several requests. A copy in another file may lack its request's. */
  function callIdOf(line: Line, message: Line): string | undefined {
    const requestId = textOf(line.requestId)
    const id = textOf(message.id) ?? requestId ?? textOf(line.uuid)
    if (id === undefined || requestId === undefined) return id
    const first = (state.calls[id] ?? state.told[id])?.requestId
    return first === undefined || first === requestId ? id : `${id}|${requestId}`
  }

  function takeAnswer(line: Line, message: Line, id: string, model: string): TranscriptEntry[] {
    const subagentId = subagentOf(line)
    const lane = subagentId ?? ''
    const sessionId = answerSessionOf(line)
    const isCopy = sessionId !== state.sessionId && ofFile === undefined
    // The prompt of a copy was copied as well: its own session tells it, where it does not say whose it is.
    const told = takeOpenPrompt()
    const prompt = isCopy ? told.filter((open) => open.sessionId !== state.sessionId) : told
    const others = closeCalls(lane, (_, other) => other !== id)
    const call = state.calls[id]
    const known = state.told[id]
    const usage = usageOf(objectOf(message.usage), surroundingsOf(line).hasLifetimes)
    const blocks = listOf(message.content).map(objectOf)
    // A copy has the prompt id of the fork.
    const promptId = isCopy ? undefined : (state.prompts[lane] ?? state.prompts[''])
    const uses = blocks.filter((block) => block?.type === 'tool_use')
    for (const use of uses)
      if (use) tools.noteUse(line, use, { callId: id, sessionId, subagentId, promptId })
    const early = uses.length === 0 ? [] : tools.usesBeyondBound()
    if (known !== undefined && call === undefined) {
      return [
        ...prompt,
        ...others,
        ...early,
        ...amended(line, id, sessionId, usage, textOfBlocks(blocks)),
      ]
    }
    const next = call ?? newCall(line, { sessionId, model, usage, promptId, subagentId })
    state.calls[id] = next
    const text = textOfBlocks(blocks)
    noteLine(next, { timeMs: timeOf(line.timestamp), usage, text, hasTools: uses.length > 0 })
    next.hasEnded ||= textOf(message.stop_reason) !== undefined
    return [...prompt, ...others, ...early]
  }

  function newCall(
    line: Line,
    of: Pick<OpenCall, 'sessionId' | 'model' | 'usage' | 'promptId' | 'subagentId'>,
  ): OpenCall {
    return {
      ...of,
      startMs: state.requests[textOf(line.requestRef) ?? ''] ?? state.sinceMs[of.subagentId ?? ''],
      timeMs: undefined,
      requestId: textOf(line.requestId),
      text: '',
      asksForTools: false,
      hasEnded: false,
      effort: textOf(line.effort),
      subagentType: textOf(line.attributionAgent),
      place: placeOf(line),
    }
  }

  /** The calls of a lane that are over: told, and remembered in case that a line of them comes late. */
  function closeCalls(
    lane: string,
    isOver: (call: OpenCall, id: string) => boolean,
  ): TranscriptEntry[] {
    const closed: TranscriptEntry[] = []
    for (const [id, call] of Object.entries(state.calls)) {
      if ((call.subagentId ?? '') !== lane || !isOver(call, id)) continue
      delete state.calls[id]
      closed.push(callEntry(id, call, {}))
      state.told[id] = { requestId: call.requestId, output: call.usage?.output ?? 0 }
    }
    return closed
  }

  function callEntry(
    id: string,
    call: OpenCall,
    more: Readonly<Record<string, AttributeValue>>,
    lineId?: string,
  ): TranscriptEntry {
    const { usage, startMs, timeMs } = call
    const isTimed = startMs !== undefined && timeMs !== undefined && timeMs >= startMs
    const suffix =
      more.amends === true
        ? `#${usage?.output ?? 0}${lineId === undefined ? '' : `|${lineId}`}`
        : ''
    return {
      name: 'model_call',
      key: `call|${id}${suffix}`,
      claim: `call|${id}`,
      sessionId: call.sessionId,
      timeMs,
      place: call.place,
      attributes: attributesOf({
        model: call.model,
        provider: 'anthropic',
        request_id: call.requestId,
        prompt_id: call.promptId,
        subagent_id: call.subagentId,
        subagent_type: call.subagentType,
        effort: call.effort,
        asks_for_tools: call.asksForTools,
        response: call.text === '' ? undefined : call.text,
        duration_ms: isTimed ? timeMs - startMs : undefined,
        ...tokensOf(usage),
        ...more,
      }),
    }
  }

  /** A line of a call that was told already has figures or text that this lacked. */
  function amended(
    line: Line,
    id: string,
    sessionId: string,
    usage: Usage | undefined,
    text: string,
  ): TranscriptEntry[] {
    const known = state.told[id]
    const message = objectOf(line.message)
    if (known === undefined || usage === undefined) return []
    const hasGrown = usage.output > known.output
    if (!hasGrown && text === '') return []
    state.told[id] = { ...known, output: Math.max(known.output, usage.output) }
    const call: OpenCall = {
      sessionId,
      startMs: undefined,
      timeMs: timeOf(line.timestamp),
      requestId: known.requestId,
      model: textOf(message?.model) ?? 'unknown',
      usage: hasGrown ? usage : { ...usage, output: known.output },
      text,
      asksForTools: false,
      hasEnded: true,
      place: placeOf(line),
      subagentId: subagentOf(line),
    }
    // A line that only adds text is named by itself.
    return [callEntry(id, call, { amends: true }, hasGrown ? undefined : textOf(line.uuid))]
  }

  function readSystem(line: Line): TranscriptEntry[] {
    const uuid = uuidOf(line)
    if (line.subtype !== 'compact_boundary' || uuid === undefined) return []
    const told = objectOf(line.compactMetadata)
    const place = { sessionId: sessionOf(line), claim: `line|${uuid}` }
    return [
      entry(line, 'compaction', `compaction|${uuid}`, place, {
        prompt_id: state.prompts[''],
        trigger: textOf(told?.trigger),
        pre_tokens: countOf(told?.preTokens),
      }),
    ]
  }

  function readTitle(line: Line, title: string | undefined): TranscriptEntry[] {
    if (title === undefined) return []
    const place = { sessionId: sessionOf(line) }
    return [entry(line, 'title', `title|${title.slice(0, 200)}`, place, { title })]
  }

  /** What the agent says that the session cost so far, from its start on; a fork's has its origin's in it. */
  function readCostState(line: Line): TranscriptEntry[] {
    const total = countOf(line.totalCostUSD)
    if (total === undefined) return []
    const place = { sessionId: sessionOf(line) }
    return [
      entry(line, 'cost_state', `cost|${total}|${countOf(line.totalDuration) ?? ''}`, place, {
        total_cost_usd: total,
        has_unknown_cost: line.hasUnknownModelCost === true,
      }),
    ]
  }

  function readLine(line: Line): TranscriptEntry[] | undefined {
    switch (line.type) {
      case 'user':
        return readUser(line)
      case 'assistant':
        return readAnswer(line)
      case 'system':
        return readSystem(line)
      case 'ai-title':
        return readTitle(line, textOf(line.aiTitle))
      case 'custom-title':
        return readTitle(line, textOf(line.customTitle))
      case 'cost-state':
        return readCostState(line)
      case 'api-request': {
        const id = textOf(line.id)
        const timeMs = timeOf(line.timestamp)
        if (id !== undefined && timeMs !== undefined) state.requests[id] = timeMs
        return []
      }
      default:
        return []
    }
  }

  /** The file of another session has the line, and tells it. */
  function isCopy(line: Line): boolean {
    return origin?.sessionOf(uuidOf(line) ?? '') !== undefined
  }

  /** What a fork has of its own may come later: that it is one is told with the first copy. */
  function readContinuation(line: Line): TranscriptEntry[] {
    const { sessionId } = state
    if (ofFile !== undefined || state.isContinuation === true || sessionId === undefined) return []
    state.isContinuation = true
    return [entry(line, CONTINUES, CONTINUES, { sessionId }, {})]
  }

  return {
    read: (line) => {
      noteSession(line)
      lines += 1
      if (lines % LINES_PER_BOUND === 0) boundState(state)
      if (isCopy(line)) {
        tools.noteCopy(line)
        return readContinuation(line)
      }
      const entries = readLine(line)
      const isOwn = entries?.every(({ sessionId }) => sessionId === state.sessionId) ?? true
      return isOwn ? entries : [...readContinuation(line), ...(entries ?? [])]
    },
    flush: (isSettled) => [
      ...takeOpenPrompt(),
      ...tools.openTools(),
      ...Object.keys(
        Object.fromEntries(Object.values(state.calls).map((call) => [call.subagentId ?? '', 1])),
      ).flatMap((lane) => closeCalls(lane, ({ hasEnded }) => hasEnded || isSettled)),
    ],
    state: (redact) => redacted(state, redact),
  }
}

interface AnswerLine {
  readonly timeMs: number | undefined
  readonly usage: Usage | undefined
  readonly text: string
  readonly hasTools: boolean
}

function noteLine(call: OpenCall, { timeMs, usage, text, hasTools }: AnswerLine): void {
  call.timeMs = timeMs ?? call.timeMs
  // Earlier lines may have been written before the answer was complete.
  if (usage !== undefined && usage.output >= (call.usage?.output ?? 0)) call.usage = usage
  if (text !== '') call.text = call.text === '' ? cutText(text) : cutText(`${call.text}\n${text}`)
  call.asksForTools ||= hasTools
}

function textOfBlocks(blocks: readonly (Line | undefined)[]): string {
  return blocks
    .filter((block) => block?.type === 'text')
    .map((block) => textOf(block?.text) ?? '')
    .join('\n')
}
