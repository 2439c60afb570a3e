/** The waterfall of one turn: its observations as items, parents before their children. */
import { jsonText } from '../domain/decimal.ts'
import type { Emission, Observation } from '../domain/emission.ts'
import type { Shown } from '../domain/shown.ts'
import type { WaterfallItem } from '../web/contract/turn.ts'
import type { RecordedText } from './recorded-text.ts'
import { tokensOf } from './token-sums.ts'
import { isRoot, turnKeyOf } from './turn-heads.ts'

const MAX_ITEMS = 2000

export interface Waterfall {
  add(emissions: readonly Emission[]): void
  /** By start; those beyond the first 2000 are only counted. */
  result(): { readonly items: readonly WaterfallItem[]; readonly omitted: number }
}

/** Of one turn of a session. */
export function createWaterfall(
  sessionKey: string,
  turnKey: string,
  text: RecordedText,
): Waterfall {
  const items: WaterfallItem[] = []
  let omitted = 0

  function add(observation: Observation): void {
    if (turnKeyOf(observation, sessionKey) !== turnKey || isRoot(observation)) return
    if (items.length < MAX_ITEMS) items.push(itemOf(observation, text))
    else omitted += 1
  }

  return {
    add: (emissions) => {
      for (const emission of emissions) if (emission.kind === 'observation') add(emission)
    },
    result: () => ({ items: inOrder(items), omitted }),
  }
}

function itemOf(observation: Observation, text: RecordedText): WaterfallItem {
  const { key, parentKey = null, startMs, endMs, level, statusMessage } = observation
  const { completionStartMs, usage, costUsd, output } = observation
  const isFailure = output === `[failed: ${statusMessage ?? ''}]`
  return {
    id: key,
    parentId: parentKey,
    kind: kindOf(observation),
    name: nameOf(observation),
    startMs,
    endMs: Math.max(startMs, endMs),
    level: levels[level],
    statusMessage: statusMessage ?? null,
    costUsd: costUsd ?? null,
    tokens: usage === undefined ? null : tokensOf(usage),
    ttftMs: completionStartMs === undefined ? null : Math.max(0, completionStartMs - startMs),
    input: text.contentOf(observation.input),
    output: isFailure ? null : text.contentOf(output),
    facts: factsOf(observation),
  }
}

const levels = { DEFAULT: 'default', WARNING: 'warning', ERROR: 'error' } as const

function kindOf({ type, key }: Observation): WaterfallItem['kind'] {
  switch (type) {
    case 'generation':
      return 'call'
    case 'tool':
      return 'tool'
    case 'agent':
      return 'subagent'
    case 'span':
      return key.endsWith('|wait') ? 'waiting' : 'note'
    case 'event':
      return 'note'
  }
}

function nameOf({ type, name, model }: Observation): string {
  if (type === 'generation') return model ?? name
  return type === 'agent' ? name.replace(/^subagent /, '') : name
}

function factsOf({ metadata, modelParameters }: Observation): Record<string, string> {
  const facts: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...modelParameters, ...metadata })) {
    if (value !== undefined && value !== null) facts[name] = factText(value)
  }
  return facts
}

function factText(value: Exclude<Shown, null>): string {
  return typeof value === 'string' ? value : jsonText(value)
}

/** By start, but no child before its parent; a parent that is not there counts as none. */
function inOrder(items: readonly WaterfallItem[]): WaterfallItem[] {
  const byId = new Map(items.map((item) => [item.id, item]))
  const ordered: WaterfallItem[] = []
  const placed = new Set<string>()

  function place(item: WaterfallItem): void {
    if (placed.has(item.id)) return
    placed.add(item.id)
    const parent = item.parentId === null ? undefined : byId.get(item.parentId)
    if (parent !== undefined) place(parent)
    ordered.push({ ...item, parentId: parent?.id ?? null })
  }

  for (const item of items.toSorted((a, b) => a.startMs - b.startMs)) place(item)
  return ordered
}
