/** How far transcripts were read, so that reading goes on there. */
import type { TranscriptRank } from './transcript-rank.ts'

export interface TranscriptPosition {
  /** Absolute. */
  readonly path: string
  /** The byte behind the last line that is stored. */
  readonly position: number
  /** A hash of how the file begins: another one means another file of the same name. */
  readonly head: string
  /** What its reader knows, as JSON. */
  readonly state: string
}

/** The rank of a session's own file. */
export interface SessionRank {
  readonly agent: string
  readonly sessionId: string
  readonly rank: TranscriptRank
}

/** A line of a file that is older than the file, by what telemetry calls the same. */
export interface OlderLine {
  readonly timeMs: number
  /** Duplicate keys of telemetry; none for a prompt. */
  readonly keys: readonly string[]
  readonly promptId?: string | undefined
}

export interface TranscriptPositions {
  get(path: string): Promise<TranscriptPosition | undefined>
  put(positions: readonly TranscriptPosition[], nowMs: number): Promise<void>
  /** The ranks that sessions have, in their order; undefined for those that have none. */
  ranks(
    sessions: readonly Omit<SessionRank, 'rank'>[],
  ): Promise<readonly (TranscriptRank | undefined)[]>
  /** Notes the ranks of sessions that are stored, in place of those that their files had before. */
  rank(sessions: readonly SessionRank[]): Promise<void>
  /** The other sessions whose telemetry told of lines, in their order; undefined for those of which none did. */
  toldBy(
    session: Omit<SessionRank, 'rank'>,
    lines: readonly OlderLine[],
  ): Promise<readonly (string | undefined)[]>
}
