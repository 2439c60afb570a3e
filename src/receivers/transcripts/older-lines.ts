/**
 * A fork has lines that are older than its file: copies of another session's. Where that has no file any
 * more, its telemetry may have told of them: then they are its own, and complete what it has.
 */
import type { TranscriptRecord } from '../../domain/telemetry-record.ts'
import type { OlderLine, TranscriptPositions } from '../../domain/transcript-files.ts'
import type { TranscriptRank } from '../../domain/transcript-rank.ts'
import { agentOfTranscripts, keysOfTelemetry } from '../../processors/transcript-processor.ts'

/** Each record with the session that telemetry says wrote it, as a copy of that one's. */
export async function withWriters(
  records: readonly TranscriptRecord[],
  positions: Pick<TranscriptPositions, 'toldBy'>,
): Promise<readonly TranscriptRecord[]> {
  const older = Map.groupBy(
    records.flatMap((record) => {
      const line = olderLineOf(record)
      return line === undefined ? [] : [{ record, line }]
    }),
    ({ record }) => `${agentOfTranscripts(record.origin)}/${record.sessionId}`,
  )
  if (older.size === 0) return records
  const moved = new Map<TranscriptRecord, TranscriptRecord>()
  for (const some of older.values()) {
    const [first] = some
    if (first === undefined) continue
    const { origin, sessionId } = first.record
    const writers = await positions.toldBy(
      { agent: agentOfTranscripts(origin), sessionId },
      some.map(({ line }) => line),
    )
    for (const [at, { record, line }] of some.entries()) {
      const writer = writers[at]
      if (writer === undefined || record.rank === undefined) continue
      moved.set(record, { ...record, sessionId: writer, rank: rankOf(record.rank, line) })
    }
  }
  return moved.size === 0 ? records : records.map((record) => moved.get(record) ?? record)
}

/** Before all files that have a copy: an earlier import may have given it to one of them. */
function rankOf(rank: TranscriptRank, { timeMs }: OlderLine): TranscriptRank {
  return { ...rank, begunMs: Math.min(rank.begunMs, timeMs), isCopied: true }
}

/** Undefined for what the session of the file wrote, for what names its session, and without an id. */
function olderLineOf({ name, timeMs, rank, attributes }: TranscriptRecord): OlderLine | undefined {
  if (rank === undefined || timeMs === undefined) return undefined
  if (rank.isCopied === true || timeMs >= rank.begunMs) return undefined
  const { prompt_id: promptId } = attributes
  if (name === 'prompt') {
    return typeof promptId === 'string' ? { timeMs, keys: [], promptId } : undefined
  }
  const keys = keysOfTelemetry(attributes)
  return keys.length === 0 ? undefined : { timeMs, keys }
}
