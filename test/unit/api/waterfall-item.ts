/** An item of a turn, as the API tells it. */
import type { WaterfallItem } from '../../../src/api/contract/turn.ts'

/** A tool that ran, but for what is changed of it. */
export function waterfallItem(
  of: Pick<WaterfallItem, 'id' | 'startMs' | 'endMs'> & Partial<WaterfallItem>,
): WaterfallItem {
  return {
    parentId: null,
    kind: 'tool',
    name: 'Bash',
    summary: null,
    level: 'default',
    statusMessage: null,
    costUsd: null,
    costSource: null,
    tokens: null,
    ttftMs: null,
    input: null,
    output: null,
    facts: {},
    truncated: false,
    ...of,
  }
}
