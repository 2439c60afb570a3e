/** Time as a dependency, so that tests own it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls back once, after `delayMs`. A pending timer does not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): Timer
}

export interface Timer {
  cancel(): void
}
