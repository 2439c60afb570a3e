/**
 * A whole session in short: its turns, each with one line for whatever happened in it, and the files that
 * its tools wrote to. What stands below a turn is bounded for the session as a whole; the newest is kept.
 */
import type { Emission, Observation } from '../domain/emission.ts'
import { ownText } from '../domain/own-text.ts'
import { type PlacedItem, placedItems } from '../api/contract/turn-tree.ts'
import type { TurnHead } from '../api/contract/turn.ts'
import type { ChangedFile } from '../api/contract/session.ts'
import { cutText } from './answer-bounds.ts'
import { createChangedFiles, inputShown, MAX_INPUT } from './changed-files.ts'
import { noLinks } from './langfuse-links.ts'
import type { Pause } from './pause.ts'
import { createRecordedText, type RecordedText } from './recorded-text.ts'
import type { Gathering, SessionFolds } from './session-folds.ts'
import { createTurnHeads, isRoot, turnKeyOf } from './turn-heads.ts'
import { itemHead, type ItemHead } from './waterfall.ts'

export interface OutlineRow extends ItemHead {
  /** Of a tool: how long it waited for a person; null where that is not told. */
  readonly waitedMs: number | null
  /** Of a tool: somebody or a rule refused it. */
  readonly isRefused: boolean
}

export interface OutlineTurn {
  readonly head: TurnHead
  /** In place below their parents. */
  readonly rows: readonly PlacedItem<OutlineRow>[]
  readonly omittedRows: number
}

export interface SessionOutline {
  /** In order; the newest. */
  readonly turns: readonly OutlineTurn[]
  readonly omittedTurns: number
  /** Ids of the traces that exporters send, by the key of the turn. */
  readonly traceIds: ReadonlyMap<string, string>
  /** As they were written first. */
  readonly files: readonly ChangedFile[]
  readonly omittedFiles: number
}

export interface OutlineOptions {
  /** Names what `mask` does: what was gathered under one is not used for another. */
  readonly name: string
  /** Takes out of a text what is not to be shown, before it is cut. */
  readonly mask: (text: string) => string
  /** Longer prompts and answers are cut. Characters. */
  readonly maxTextLength: number
}

/** Of all turns together. */
export const MAX_OUTLINE_ROWS = 10_000
const MAX_MESSAGE = 500

/** Undefined when the session has no records. */
export async function outlineOf(
  { folds, pause, maxContentLength }: OutlineDeps,
  sessionKey: string,
  options: OutlineOptions,
): Promise<SessionOutline | undefined> {
  const gather = () => {
    const recorded = createRecordedText(maxContentLength)
    const text = maskedText(recorded, options.mask)
    const heads = createTurnHeads({ sessionKey, text, maxTextLength: options.maxTextLength })
    const rows = createRows(sessionKey, options.mask)
    const files = createChangedFiles(options.mask)
    return {
      ...{ heads, rows, files },
      add: (...[emissions, arrivals]: Parameters<Gathering['add']>) => {
        recorded.see(arrivals)
        heads.add(emissions)
        rows.add(emissions)
        files.add(emissions)
      },
    }
  }
  const told = await folds.tell(sessionKey, `outline ${options.name}`, gather, pause)
  if (told === undefined) return undefined
  const { emissions } = told.closing
  const heads = told.gathered.heads.fork()
  heads.add(emissions)
  const rows = told.gathered.rows.fork()
  rows.add(emissions)
  const files = told.gathered.files.fork()
  files.add(emissions)
  const { turns, omitted } = heads.result(noLinks)
  return {
    turns: turns.map((head) => ({ head, ...rows.of(head.key) })),
    omittedTurns: omitted,
    traceIds: heads.traceIds(),
    ...files.result(),
  }
}

export interface OutlineDeps {
  readonly folds: SessionFolds
  readonly pause: Pause
  readonly maxContentLength: number
}

function maskedText(recorded: RecordedText, mask: (text: string) => string): RecordedText {
  return {
    ...recorded,
    contentOf: (value) => {
      const content = recorded.contentOf(value)
      return typeof content?.text === 'string' ? { ...content, text: mask(content.text) } : content
    },
  }
}

interface Rows {
  add(emissions: readonly Emission[]): void
  fork(): Rows
  of(turnKey: string): Pick<OutlineTurn, 'rows' | 'omittedRows'>
}

interface TurnRows {
  rows: OutlineRow[]
  omitted: number
}

interface GatheredRows {
  /** The turn that began first is the first. */
  readonly turns: Map<string, TurnRows>
  /** Of all turns. */
  count: number
}

function createRows(
  sessionKey: string,
  mask: (text: string) => string,
  gathered: GatheredRows = { turns: new Map(), count: 0 },
): Rows {
  function add(observation: Observation): void {
    const key = turnKeyOf(observation, sessionKey)
    if (key === undefined || isRoot(observation)) return
    const turn = gathered.turns.get(key) ?? { rows: [], omitted: 0 }
    gathered.turns.set(key, turn)
    const input = inputShown(observation, mask)
    const { input: _, ...rest } = observation
    const told = {
      ...rest,
      ...(input !== undefined && { input }),
      ...messageShown(observation, mask),
    }
    const head = itemHead(told)
    const summary = head.summary === null ? null : ownText(head.summary)
    turn.rows.push({
      ...head,
      summary,
      waitedMs: waitedMs(observation),
      isRefused: observation.metadata.decision === 'reject',
    })
    gathered.count += 1
    if (gathered.count > MAX_OUTLINE_ROWS) leaveOutOldest()
  }

  /** The rows of the oldest turn; of the only one those that ended first. */
  function leaveOutOldest(): void {
    for (const turn of gathered.turns.values()) {
      if (turn.rows.length === 0) continue
      const isOnly = turn.rows.length === gathered.count
      const left = isOnly ? Math.ceil(MAX_OUTLINE_ROWS / 10) : turn.rows.length
      turn.rows = turn.rows.slice(left)
      turn.omitted += left
      gathered.count -= left
      return
    }
  }

  return {
    add: (emissions) => {
      for (const emission of emissions) if (emission.kind === 'observation') add(emission)
    },
    fork: () =>
      createRows(sessionKey, mask, {
        ...gathered,
        turns: new Map(
          [...gathered.turns].map(([key, turn]) => [key, { ...turn, rows: [...turn.rows] }]),
        ),
      }),
    of: (turnKey) => {
      const { rows, omitted } = gathered.turns.get(turnKey) ?? { rows: [], omitted: 0 }
      return { rows: placedItems(rows), omittedRows: omitted }
    },
  }
}

function messageShown(
  { statusMessage }: Observation,
  mask: (text: string) => string,
): Pick<Observation, 'statusMessage'> {
  if (statusMessage === undefined) return {}
  return { statusMessage: ownText(cutText(mask(statusMessage.slice(0, MAX_INPUT)), MAX_MESSAGE)) }
}

function waitedMs({ type, metadata }: Observation): number | null {
  const { blocked_on_user_ms: waited } = metadata
  return type === 'tool' && typeof waited === 'number' && waited > 0 ? waited : null
}
