/** The slash command that a turn was begun with: what the turn's calls count for. */
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import { type CorrelationBounds, look, note } from '../pending-correlations.ts'
import type { SessionState } from '../state.ts'

/** By prompt id, of the newest turns that had one. */
const COMMANDS: CorrelationBounds = { entries: 200, bytes: 20_000 }

/** Notes what a prompt tells, whoever tells it. */
export function noteCommand(state: SessionState, event: AgentEvent): void {
  const told = event.kind === 'transcript' || event.kind === 'fallback' ? event.event : event
  if (told.kind !== 'prompt' || told.promptId === undefined || told.command === undefined) return
  state.commands ??= {}
  note(state.commands, told.promptId, told.command, COMMANDS)
}

/** The command of the turn that a call belongs to; agents that name no turn go on with the current one. */
export function commandOf(
  { commands = {}, currentTurn, turns }: SessionState,
  { promptId }: Pick<EventBase, 'promptId'>,
): string | undefined {
  if (promptId !== undefined) return look(commands, promptId)
  return currentTurn === undefined ? undefined : turns[currentTurn]?.command
}
