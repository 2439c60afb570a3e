/**
 * Moves a store of one engine into an empty one of another: table by table, in steps that are each one
 * transaction of the target with a note of how far they came. What was interrupted goes on there. In the
 * end both are counted and summed up, and the target is not released for use before they agree.
 *
 * The source stands still meanwhile. If it was changed between two attempts, the move begins anew.
 */
import { err, ok, type Result } from '../domain/result.ts'

/** A row of the source by the names of its columns. */
export type SourceRow = Readonly<Record<string, string | number | null>>

/** Tables with rows of sessions, in the order they are copied. */
export const SESSION_TABLES = [
  'sessions',
  'session_states',
  'record_batches',
  'session_controls',
  'seen',
  'session_attributes',
  'prompts',
  'model_usage',
  'tool_usage',
  'activity',
  'work_segments',
  'plan_windows',
  'transcript_sessions',
  'transcript_claims',
  'transcript_joins',
] as const
/** What they point at. */
export const REFERENCE_TABLES = ['origins', 'policies', 'usage_dimensions'] as const
export const OUTBOX_TABLES = ['outbox', 'outbox_deliveries'] as const
/** What belongs to nothing else; few rows. */
export const OTHER_TABLES = [
  'budget_alerts',
  'quarantine',
  'forwarded',
  'api_keys',
  'audit_log',
  'budget_overrides',
  'budgets',
  'alerts',
  'transcript_files',
  'span_traces',
  'span_trace_parts',
  'pauses',
  'totals',
  'bare_ids',
  'outbox_readers',
] as const

export type SessionTable = (typeof SESSION_TABLES)[number]
export type OutboxTable = (typeof OUTBOX_TABLES)[number]
export type MovedTable =
  | SessionTable
  | OutboxTable
  | (typeof REFERENCE_TABLES)[number]
  | (typeof OTHER_TABLES)[number]

/** Ids from behind the first up to and with the second. */
export interface IdRange {
  readonly afterId: number
  readonly throughId: number
}

/** Counts and sums by name: equal in both stores when everything was copied. */
export type MoveFigures = Readonly<Record<string, number>>

/** A store that nobody writes to while this is open. */
export interface MoveSource {
  /** Tells this store from others. */
  readonly id: string
  /** Another text whenever something in the store was changed. */
  readonly fingerprint: string
  /** How many sessions there are; for showing how far it is. */
  readonly sessions: number
  /** The highest positions and ids that were ever given out. */
  readonly reserved: { readonly positions: number; readonly outbox: number }
  /** The end of the next sessions or items behind an id: so many, or fewer if they are large. */
  endOf(table: 'sessions' | 'outbox', afterId: number): number | undefined
  /** Rows of sessions or items in a range, some at a time, bounded in bytes. */
  within(table: SessionTable | OutboxTable, range: IdRange): Iterable<readonly SourceRow[]>
  all(
    table: (typeof REFERENCE_TABLES | typeof OTHER_TABLES)[number],
  ): Iterable<readonly SourceRow[]>
  /** Where each session stands that was written to since then, epoch ms; sessions without records are left out. */
  changedSince(atMs: number): readonly SessionEnd[]
  /** Rows that `keyOf` makes one are counted once. */
  figures(keyOf: KeyOfMovedRow): MoveFigures
  close(): void
}

/** The newest records of a session. */
export interface SessionEnd {
  readonly key: string
  readonly position: number
  readonly receivedMs: number
}

/** Tables in which two rows may become one, as a key of a row may hold what the target cannot store. */
export type MergedTable = 'seen' | 'session_attributes' | 'prompts'

/** The key by which the target has a row. */
export type KeyOfMovedRow = (table: MergedTable, row: SourceRow) => string

/** What a move does, in this order. */
export const STAGES = ['references', 'sessions', 'outbox', 'others', 'verify', 'done'] as const
export type Stage = (typeof STAGES)[number]

export interface MovePlace {
  readonly stage: Stage
  /** Within the stage: the last session or item that was copied. */
  readonly throughId: number
}

export interface MoveBeginning extends MovePlace {
  /** When a move was done, epoch ms, where the source has changed since. */
  readonly changedSinceMs?: number
}

/** One step: what it adds is stored with the place behind it, or not at all. */
export interface MoveStep {
  readonly insert: (table: MovedTable, rows: readonly SourceRow[]) => Promise<void>
}

/** Nobody uses the target until a move into it is done. */
export interface MoveTarget {
  /** Where an earlier attempt stopped; empties what it left of another state of the source. */
  begin(): Promise<MoveBeginning>
  /** Those of the sessions whose newest records are not there. */
  lacking(sessions: readonly SessionEnd[]): Promise<readonly SessionEnd[]>
  step(
    next: MovePlace,
    range: IdRange | undefined,
    work: (step: MoveStep) => Promise<void>,
  ): Promise<void>
  readonly keyOf: KeyOfMovedRow
  figures(): Promise<MoveFigures>
  close(): Promise<void>
}

export type ShowMove = (place: MovePlace, sessions: number) => void

export interface Moved {
  /** In the order of the report. */
  readonly figures: readonly MovedFigure[]
  /** By an earlier attempt: the target may have been in use since, so it was not looked at. */
  readonly wasDone: boolean
  /** Keys of sessions that came to the source, or went on there, after a move that was done. */
  readonly leftBehind: readonly string[]
}

export interface MovedFigure {
  readonly name: string
  readonly source: number
  readonly target: number
}

/** What was counted on both sides, or that they differ. */
export async function moveStore(
  source: MoveSource,
  target: MoveTarget,
  show: ShowMove = () => {},
): Promise<Result<Moved, Moved>> {
  const beginning = await target.begin()
  if (beginning.stage === 'done') return doneBefore(source, target, beginning)
  let place: MovePlace = beginning
  let sessions = 0
  const step = async (
    next: MovePlace,
    work: (step: MoveStep) => Promise<void>,
    range?: IdRange,
  ) => {
    await target.step(next, range, work)
    place = next
    show(place, sessions)
  }

  async function copyAll(tables: Parameters<MoveSource['all']>[0][], next: Stage): Promise<void> {
    await step({ stage: next, throughId: 0 }, async ({ insert }) => {
      for (const table of tables) for (const rows of source.all(table)) await insert(table, rows)
    })
  }

  async function copyRanges(
    counted: 'sessions' | 'outbox',
    tables: readonly (SessionTable | OutboxTable)[],
    next: Stage,
  ): Promise<void> {
    for (;;) {
      const afterId = place.throughId
      const throughId = source.endOf(counted, afterId)
      if (throughId === undefined) break
      const range = { afterId, throughId }
      let copied = 0
      await step(
        { stage: place.stage, throughId },
        async ({ insert }) => {
          copied = 0
          for (const table of tables) {
            for (const rows of source.within(table, range)) {
              if (table === 'sessions') copied += rows.length
              await insert(table, rows)
            }
          }
        },
        range,
      )
      sessions += copied
      show(place, sessions)
    }
    await step({ stage: next, throughId: 0 }, async () => {})
  }

  if (place.stage === 'references') await copyAll([...REFERENCE_TABLES], 'sessions')
  if (place.stage === 'sessions') await copyRanges('sessions', SESSION_TABLES, 'outbox')
  if (place.stage === 'outbox') await copyRanges('outbox', OUTBOX_TABLES, 'others')
  if (place.stage === 'others') await copyAll([...OTHER_TABLES], 'verify')
  const figures = compared(source.figures(target.keyOf), await target.figures())
  const moved: Moved = { figures, wasDone: false, leftBehind: [] }
  if (figures.some((figure) => !isEqual(figure))) return err(moved)
  if (place.stage === 'verify') await step({ stage: 'done', throughId: 0 }, async () => {})
  return ok(moved)
}

/** Clocks of two machines differ, and whoever moves a store has stopped its bridge just before. */
const CLOCK_SLACK_MS = 60_000

/** An error where the source has changed since, for nothing of that was moved. */
async function doneBefore(
  source: MoveSource,
  target: MoveTarget,
  { changedSinceMs }: MoveBeginning,
): Promise<Result<Moved, Moved>> {
  if (changedSinceMs === undefined) return ok({ figures: [], wasDone: true, leftBehind: [] })
  const changed = source.changedSince(changedSinceMs - CLOCK_SLACK_MS)
  const leftBehind = (await target.lacking(changed)).map(({ key }) => key)
  return err({ figures: [], wasDone: true, leftBehind })
}

function compared(source: MoveFigures, target: MoveFigures): readonly MovedFigure[] {
  const names = new Set([...Object.keys(source), ...Object.keys(target)])
  return [...names].map((name) => {
    return { name, source: source[name] ?? 0, target: target[name] ?? 0 }
  })
}

/** Sums of fractions may differ in their last digits, by the order in which they were added up. */
export function isEqual({ source, target }: MovedFigure): boolean {
  return Math.abs(source - target) <= 1e-9 * Math.max(Math.abs(source), Math.abs(target))
}
