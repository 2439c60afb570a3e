/** The tables of a session's card: its models, tools and prompts. Pure. */
import type { ToolUse } from '../api/contract/overview.ts'
import type { ModelUse } from '../api/contract/session.ts'
import type { TurnHead } from '../api/contract/turn.ts'
import { costColumns } from './cost-columns.ts'
import { countText, durationText, shareText } from '../domain/figure-text.ts'
import { allTokens } from './session-table.ts'
import type { Column } from './table.ts'
import { clockText } from './zoned-time.ts'

export function modelColumns(models: readonly ModelUse[]): readonly Column<ModelUse>[] {
  return [
    { title: 'MODEL', text: ({ model }) => model, shrinksTo: 16 },
    { title: 'CALLS', align: 'right', text: ({ calls }) => countText(calls) },
    failures('FAILED', ({ errors }) => errors),
    ...costColumns(models, ({ calls }) => calls),
    { title: 'TOKENS', align: 'right', text: (use) => countText(allTokens(use)) },
    { title: 'MEAN', align: 'right', text: ({ avgMs }) => tookText(avgMs), rank: 3 },
    { title: 'P95', align: 'right', text: ({ p95Ms }) => tookText(p95Ms), rank: 1 },
    { title: 'FIRST TOKEN', align: 'right', text: ({ ttftMs }) => tookText(ttftMs), rank: 2 },
  ]
}

export const toolColumns: readonly Column<ToolUse>[] = [
  { title: 'TOOL', text: ({ tool }) => tool, shrinksTo: 16 },
  { title: 'RESULTS', align: 'right', text: ({ results }) => countText(results) },
  failures('FAILED', (use) => use.failures),
  failures('REFUSED', (use) => use.refusals),
  {
    title: 'SUCCESS',
    align: 'right',
    text: ({ successRate }) => (successRate === null ? '–' : shareText(successRate)),
  },
  { title: 'MEAN', align: 'right', text: ({ avgMs }) => tookText(avgMs), rank: 1 },
  { title: 'P95', align: 'right', text: ({ p95Ms }) => tookText(p95Ms), rank: 2 },
]

export function promptColumns(
  turns: readonly TurnHead[],
  timeZone: string,
): readonly Column<TurnHead>[] {
  return [
    { title: '#', align: 'right', text: ({ ordinal }) => String(ordinal) },
    { title: 'AT', text: ({ startMs }) => clockText(startMs, timeZone) },
    {
      title: 'TOOK',
      align: 'right',
      text: ({ startMs, endMs }) => durationText(endMs - startMs),
    },
    ...costColumns(turns, ({ modelCalls }) => modelCalls),
    { title: 'TOKENS', align: 'right', text: (turn) => countText(allTokens(turn)), rank: 3 },
    { title: 'CALLS', align: 'right', text: ({ modelCalls }) => countText(modelCalls), rank: 1 },
    { title: 'TOOLS', align: 'right', text: ({ toolResults }) => countText(toolResults), rank: 2 },
    { ...failures<TurnHead>('ERRORS', ({ errors }) => errors), rank: 4 },
    { title: 'PROMPT', text: promptText, shrinksTo: 16 },
  ]
}

function promptText({ prompt, command, isSynthetic }: TurnHead): string {
  if (prompt.text !== null) return prompt.text
  if (command !== null) return `/${command}`
  return isSynthetic ? '(the agent to itself)' : '(not recorded)'
}

function tookText(ms: number | null): string {
  return ms === null ? '–' : durationText(ms)
}

/** Nothing where nothing failed, so that what did stands out. */
function failures<R>(title: string, count: (row: R) => number): Column<R> {
  return {
    title,
    align: 'right',
    text: (row) => (count(row) === 0 ? '' : countText(count(row))),
    colour: () => 'yellow',
  }
}
