/** Which of the files that have a line wrote it. */

/**
 * Orders the files that have a line: the one that ranks first wrote it. A fork is begun later than what it
 * copies, unless it copies the times as well: `receivers/transcripts/families.ts` orders those.
 */
export interface TranscriptRank {
  /** When the first line of the file was written, epoch ms. */
  readonly begunMs: number
  /** Orders files that were begun at the same time; when the file was last written, where nothing else is known. */
  readonly order: number
  /** The line names another session than that of the file as its own: this has it as a copy. */
  readonly isCopied?: boolean
  /** Content was not kept. */
  readonly isWithoutContent?: boolean
  /** The claim of another entry, of which this one says all and more. */
  readonly supersedes?: string
  /** The file is told again from its beginning, in the place of what was told of it. */
  readonly isRetold?: boolean
}

/** The line itself may tell more than this does. */
export function isPartial(rank: TranscriptRank | undefined): boolean {
  return rank?.isCopied === true || rank?.isWithoutContent === true
}

/** Below zero where the file with the first rank wrote what both have. */
export function compareRanks(a: TranscriptRank, b: TranscriptRank): number {
  return a.begunMs === b.begunMs ? a.order - b.order : a.begunMs - b.begunMs
}
