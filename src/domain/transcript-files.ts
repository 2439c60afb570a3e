/** How far transcripts were read, so that reading goes on there. */
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

export interface TranscriptPositions {
  get(path: string): Promise<TranscriptPosition | undefined>
  put(positions: readonly TranscriptPosition[], nowMs: number): Promise<void>
}
