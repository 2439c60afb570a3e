/** For how long a destination asked to be left alone, in a place that outlives the process. */
export interface DestinationPause {
  /** Epoch ms; 0 when it never asked. */
  untilMs(): Promise<number>
  set(untilMs: number): Promise<void>
}
