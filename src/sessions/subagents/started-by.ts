/**
 * Which tool started a subagent, and what it was given to do. A hook says it, or the nesting of spans. Where
 * neither is told, a tool of that kind whose type is the subagent's did it if nothing else can have: each of
 * the two is the only one that fits the other, by type and by time.
 */
import type { JsonValue } from '../../domain/json-value.ts'
import { type SubagentTask, subagentTask } from '../../domain/tool-summary.ts'
import { cut } from '../content.ts'
import type { Draft } from '../draft.ts'
import { holds, holdsItem } from '../held.ts'
import { shownToolKey } from '../hooks/reported-content.ts'
import { type CorrelationBounds, look, note } from '../pending-correlations.ts'
import type { OpenTurn, Subagent, SubagentStart } from '../state.ts'
import { ROOT_KEY } from '../turns/turn.ts'

/** Tools of one turn that started subagents. */
const BOUNDS: CorrelationBounds = { entries: 200, bytes: 200_000 }
/** Characters of a task. */
const MAX_TASK_LENGTH = 8_000
/** Times of a tool and of what it started come from two clocks of one process. */
const SLACK_MS = 50

interface Start {
  readonly tool: string
  readonly toolUseId: string | undefined
  readonly lane: string
  /** What it was given, or JSON text of that. */
  readonly input: JsonValue | undefined
  readonly startMs: number
  /** Absent as long as it has no result. */
  readonly endMs?: number
}

/** Notes a tool that may have started a subagent; does nothing for any other. */
export function noteStart(draft: Draft, turn: OpenTurn, told: Start): void {
  const { toolUseId, tool, lane, startMs, endMs } = told
  const task = toolUseId === undefined ? undefined : subagentTask(tool, told.input)
  if (toolUseId === undefined || task === undefined) return
  turn.starts ??= {}
  const known = look(turn.starts, toolUseId)
  const start: SubagentStart = {
    toolUseId,
    lane,
    type: task.type ?? known?.type,
    task: taskText(draft, task) ?? known?.task,
    startMs: Math.min(startMs, known?.startMs ?? startMs),
    ...(endMs !== undefined && { endMs }),
  }
  note(turn.starts, toolUseId, start, BOUNDS)
  holdsItem(draft, [toolUseId, toolUseId, lane, start.type])
  holds(draft, start.task)
}

/** Key of the observation that it hangs under: its tool, if that was shown; else the root. */
export function startedBy(draft: Draft, turn: OpenTurn, subagent: Subagent): string {
  const toolUseId = toolThatStarted(draft, turn, subagent)
  if (toolUseId === undefined || !turn.shownTools.includes(toolUseId)) return ROOT_KEY
  return shownToolKey(draft, toolUseId)
}

/** What a subagent was given to do, where it is recorded and known for certain. */
export function subagentTaskOf(
  draft: Draft,
  turn: OpenTurn,
  subagentId: string,
): { readonly prompt: string; readonly isPart: boolean } | undefined {
  const subagent = Object.values(turn.subagents).find(({ id }) => id === subagentId)
  if (subagent === undefined) return undefined
  const task = look(turn.starts ?? {}, toolThatStarted(draft, turn, subagent))?.task
  return task === undefined ? undefined : { prompt: task, isPart: false }
}

function toolThatStarted(draft: Draft, turn: OpenTurn, subagent: Subagent): string | undefined {
  return toldTool(draft, subagent) ?? onlyTool(draft, turn, subagent)
}

function toldTool({ state: { joins } }: Draft, { id }: Subagent): string | undefined {
  const parentSpanId = look(joins.subagentParents, id)
  return look(joins.subagentTools, id) ?? look(joins.executionOwners, parentSpanId)
}

/** The tool that fits the subagent, if it fits no other and no other tool fits. */
function onlyTool(draft: Draft, turn: OpenTurn, subagent: Subagent): string | undefined {
  if (turn.starts === undefined || subagent.segment > 1) return undefined
  const subagents = Object.values(turn.subagents)
  const taken = new Set(subagents.map((each) => toldTool(draft, each)))
  const open = Object.values(turn.starts).filter(({ toolUseId }) => !taken.has(toolUseId))
  const fitting = open.filter((start) => fits(start, subagent))
  const [tool] = fitting
  if (tool === undefined || fitting.length > 1) return undefined
  const others = subagents.filter(
    (each) => each !== subagent && toldTool(draft, each) === undefined && fits(tool, each),
  )
  return others.length === 0 ? tool.toolUseId : undefined
}

/** One in the background goes on after its tool has returned, but begins while that runs. */
function fits({ type, lane, startMs, endMs }: SubagentStart, subagent: Subagent): boolean {
  if (type === undefined || type !== subagent.type || lane === subagent.id) return false
  if (subagent.startMs < startMs - SLACK_MS) return false
  if (endMs === undefined) return true
  const isBackground = subagent.ended?.isBackground === true
  return isBackground ? subagent.startMs <= endMs + SLACK_MS : subagent.lastMs <= endMs + SLACK_MS
}

function taskText({ policy }: Draft, { prompt }: SubagentTask): string | undefined {
  return prompt && cut(prompt, Math.min(MAX_TASK_LENGTH, policy.maxContentLength))
}
