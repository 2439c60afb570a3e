/** Which of the files that have a line wrote it. */

/**
 * When the file of a transcript was begun and last written, epoch ms. Of two files that have a line, the
 * one that ranks first wrote it: a fork is begun later than what it copies. Where a fork has copied the
 * times as well, it was written longer.
 */
export interface TranscriptRank {
  readonly begunMs: number
  readonly endedMs: number
  /** The line names another session than that of the file as its own: this has it as a copy. */
  readonly isCopied?: boolean
  /** Content was not kept. */
  readonly isWithoutContent?: boolean
}

/** The line itself may tell more than this does. */
export function isPartial(rank: TranscriptRank | undefined): boolean {
  return rank?.isCopied === true || rank?.isWithoutContent === true
}

/** Below zero where the file with the first rank wrote what both have. */
export function compareRanks(a: TranscriptRank, b: TranscriptRank): number {
  return a.begunMs === b.begunMs ? a.endedMs - b.endedMs : a.begunMs - b.begunMs
}
