/**
 * What is known of traces, so that a span that names no session finds the one of its trace, whichever
 * process took the spans before it, and after a restart. What the texts say is up to `processors/`.
 */

/** A trace as far as it was read or written: its row, and the newest of its parts. */
export interface TraceVersion {
  readonly ref: number
  readonly lastPart: number
}

export interface AskedTrace {
  readonly traceId: string
  /** It is begun where nothing is known of it. */
  readonly isBegun: boolean
}

export interface StoredTrace {
  readonly traceId: string
  readonly ref: number
  /** Of the trace as a whole; empty of one that is begun now. */
  readonly facts: string
  /** The parts that were asked for, in order. */
  readonly parts: readonly string[]
  /** They are all of the parts, not only those behind the version that was offered. */
  readonly isWhole: boolean
}

/** What a request adds to a trace. */
export interface TraceChange {
  readonly ref: number
  /** Takes the place of the facts before. */
  readonly facts: string
  readonly part: string
  /** How many spans the part has. */
  readonly spans: number
  /** The part takes the place of all before it. */
  readonly isWhole: boolean
}

export interface TraceStore {
  /**
   * Reads traces of one owner, has `learn` say what is new, and stores that, while nobody else changes
   * these traces. `learn` runs again if the transaction is repeated: before each time it asks `heldVersion`
   * for what is still in memory of a trace, and only parts behind that are read. Traces of which nothing
   * is known, and that are not begun, are left out.
   *
   * Resolves to the version of each trace, by its id. Rejects, with nothing stored, when the disk or the
   * database refuses, or `learn` throws.
   */
  change(
    owner: string,
    traces: readonly AskedTrace[],
    heldVersion: (traceId: string) => TraceVersion | undefined,
    learn: (stored: readonly StoredTrace[]) => readonly TraceChange[],
  ): Promise<ReadonlyMap<string, TraceVersion>>
}

/** Which parts of a trace are read, beside those in memory: all of it where that is of another row, or newer. */
export function partsToRead(
  { ref, lastPart }: TraceVersion,
  held: TraceVersion | undefined,
): { readonly isWhole: boolean; readonly afterPart: number } {
  const isWhole = held?.ref !== ref || held.lastPart > lastPart
  return { isWhole, afterPart: isWhole ? 0 : held.lastPart }
}

/** The versions of traces, by their ids, once `changes` are stored: each of them is one part. */
export function versionsAfter(
  traces: readonly (TraceVersion & Pick<AskedTrace, 'traceId'>)[],
  changes: readonly TraceChange[],
): ReadonlyMap<string, TraceVersion> {
  const changed = new Set(changes.map(({ ref }) => ref))
  return new Map(
    traces.map(({ traceId, ref, lastPart }) => [
      traceId,
      { ref, lastPart: changed.has(ref) ? lastPart + 1 : lastPart },
    ]),
  )
}

export interface TraceBounds {
  /** A trace is forgotten so long after its last span came. */
  readonly ageMs: number
  /** Of all traces of an owner; the longest quiet go first. */
  readonly spansPerOwner: number
}

const DAY_MS = 86_400_000

/** A span takes some two hundred bytes. */
export const traceBounds: TraceBounds = { ageMs: DAY_MS, spansPerOwner: 200_000 }

/**
 * Of an owner's traces, the longest quiet first, those whose spans are too much. The last one stays: of all
 * traces it is the newest, however large it is.
 */
export function excessOf(
  quietest: readonly { readonly id: number; readonly spans: number }[],
  tooMuch: number,
): readonly number[] {
  let left = tooMuch
  return quietest.slice(0, -1).flatMap(({ id, spans }) => {
    if (left <= 0) return []
    left -= spans
    return [id]
  })
}
