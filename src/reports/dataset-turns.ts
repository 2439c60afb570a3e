/**
 * Turns that are worth keeping as examples, as the items of a dataset: what was asked, and where it came
 * from. Prompts are masked whatever the store holds.
 */
import { cutText } from './answer-bounds.ts'
import type { SharedText } from './export/shared-text.ts'
import {
  outlineOf,
  type OutlineDeps,
  type OutlineRow,
  type OutlineTurn,
} from './session-outline.ts'

/** Which turns. Without `failed` and `refused` all of them. */
export interface TurnSelection {
  /** With a failed model call or tool. */
  readonly failed: boolean
  /** With a tool that was refused. */
  readonly refused: boolean
  /** In the prompt or the answer, in any case; empty for all. */
  readonly search: string
}

export interface SelectedTurn {
  readonly sessionKey: string
  readonly turnKey: string
  readonly ordinal: number
  readonly traceId: string
  readonly startMs: number
  readonly costUsd: number | null
  /** Undefined where it was not recorded. */
  readonly prompt: string | undefined
  readonly answer: string | undefined
  readonly models: readonly string[]
  /** What failed or was refused, a line each. */
  readonly problems: readonly string[]
}

/** Of a prompt or an answer. Characters. */
const MAX_TEXT_LENGTH = 100_000
const MAX_PROBLEMS = 20
const MAX_PROBLEM_LENGTH = 300

/** The turns of a session that a person asked for, in order. */
export async function selectedTurns(
  deps: OutlineDeps,
  sessionKey: string,
  selection: TurnSelection,
  shared: SharedText,
): Promise<readonly SelectedTurn[]> {
  const outline = await outlineOf(deps, sessionKey, {
    name: `dataset ${shared.name}`,
    mask: (text) => shared.mask(text),
    maxTextLength: MAX_TEXT_LENGTH,
  })
  if (outline === undefined) return []
  const { turns, traceIds } = outline
  return turns
    .filter((turn) => isAsked(turn) && isSelected(turn, selection))
    .map(({ head, rows }) => {
      const calls = rows.flatMap(({ item }) => (item.kind === 'call' ? [item.name] : []))
      return {
        sessionKey,
        turnKey: head.key,
        ordinal: head.ordinal,
        traceId: traceIds.get(head.key) ?? '',
        startMs: head.startMs,
        costUsd: head.costUsd,
        prompt: head.prompt.text ?? undefined,
        answer: head.answer.text ?? undefined,
        models: [...new Set(calls)].map((name) => shared.line(name)),
        problems: rows
          .filter(({ item }) => item.level !== 'default')
          .slice(0, MAX_PROBLEMS)
          .map(({ item }) => problemLine(item, shared)),
      }
    })
}

/** The agent's own prompts are nobody's task, and a command alone is none. */
function isAsked({ head }: OutlineTurn): boolean {
  return !head.isSynthetic && head.command === null
}

function isSelected({ head, rows }: OutlineTurn, { failed, refused, search }: TurnSelection) {
  const wanted = search.toLowerCase()
  const texts = [head.prompt.text, head.answer.text]
  const isFound = wanted === '' || texts.some((text) => text?.toLowerCase().includes(wanted))
  const isAny = !failed && !refused
  return isFound && (isAny || (failed && head.errors > 0) || (refused && rows.some(isRefused)))
}

function isRefused({ item }: OutlineTurn['rows'][number]): boolean {
  return item.kind === 'tool' && item.isRefused
}

function problemLine({ name, summary, statusMessage }: OutlineRow, shared: SharedText): string {
  const what = [name, summary].filter((part) => part !== null).join(' ')
  const line = shared.line(statusMessage === null ? what : `${what}: ${statusMessage}`)
  return cutText(line, MAX_PROBLEM_LENGTH)
}
