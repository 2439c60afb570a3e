/**
 * How long a test waits for something to happen: far beyond what it takes, also on a machine that
 * does other things, since only something that never happens is to be found out by it.
 */
export const PATIENCE_MS = 90_000
