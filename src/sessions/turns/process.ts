/**
 * Which process of the agent a turn is of: several may work on one session at once, and a prompt says
 * nothing of what another one does. Processes are told apart by the count of events that each keeps,
 * as nothing else names them: a record goes on with the count that comes closest before its own.
 */
import type { AgentProcess, OpenTurn, SessionState } from '../state.ts'

const MAX_PROCESSES = 16

/** Notes that an event of a turn has come, and so which process the turn is of. */
export function noteProcess(
  state: SessionState,
  turn: OpenTurn,
  sequence: number | undefined,
): void {
  if (sequence === undefined) return
  turn.process ??= processOf(state, sequence).id
  const { process } = turn
  const index = state.processes.findIndex((each) => each.id === process && each.sequence < sequence)
  if (index >= 0) state.processes = state.processes.with(index, { id: process, sequence })
}

/** Whether a prompt is of another process than a turn, as far as that can be told. */
export function isOfOtherProcess(
  state: SessionState,
  turn: OpenTurn,
  sequence: number | undefined,
): boolean {
  if (turn.process === undefined || sequence === undefined) return false
  return processBefore(state, sequence)?.id !== turn.process
}

function processOf(state: SessionState, sequence: number): AgentProcess {
  const known = processBefore(state, sequence)
  if (known !== undefined) return known
  const begun = { id: (state.processes.at(-1)?.id ?? 0) + 1, sequence }
  state.processes = [...state.processes, begun].slice(-MAX_PROCESSES)
  return begun
}

/** The process whose count comes closest before that number. */
function processBefore({ processes }: SessionState, sequence: number): AgentProcess | undefined {
  let closest: AgentProcess | undefined
  for (const process of processes) {
    const isBefore = process.sequence < sequence
    if (isBefore && process.sequence > (closest?.sequence ?? Number.NEGATIVE_INFINITY)) {
      closest = process
    }
  }
  return closest
}
