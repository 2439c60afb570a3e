/** Between two slices of a long answer: others run, and whoever asked may have lost interest. */
import { setImmediate } from 'node:timers/promises'

/** Resolves when it is time to go on. Rejects when the answer is not wanted any more. */
export type Pause = () => Promise<void>

/** For who has no reason to stop. */
export const letOthersRun: Pause = () => setImmediate()
