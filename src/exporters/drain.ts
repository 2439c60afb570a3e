import type { Clock } from '../domain/clock.ts'

/** How one turn of the delivery loop ended; `restMs` is how long nothing is to be done. */
export type Step =
  | { readonly kind: 'worked' }
  /** Nothing was due; `pending` when something will be. */
  | { readonly kind: 'idle'; readonly restMs: number; readonly pending: boolean }
  /** Nothing may be sent at present. */
  | { readonly kind: 'held'; readonly restMs: number }
  /** The outbox failed. */
  | { readonly kind: 'broken'; readonly restMs: number }

// One attempt to leave nothing behind before the process ends, and when it is over.

export interface DrainOptions {
  readonly timeoutMs: number
  /**
   * Nobody goes on who would deliver the rest: what others hold that are about to stop is waited for, and
   * delivered once they have let go of it.
   */
  readonly isLast?: boolean
}

export interface Drain {
  readonly isLast: boolean
  /** Resolves to whether the outbox was emptied. */
  readonly done: Promise<boolean>
  /** Decides, at the end of a turn without work, whether to go on. */
  consider(step: Exclude<Step, { kind: 'worked' }>, hopeless: boolean): void
  finish(empty: boolean): void
}

/** Over after `timeoutMs` at the latest; `onDone` is called once, however often it is finished. */
export function createDrain(
  clock: Clock,
  { timeoutMs, isLast = false }: DrainOptions,
  onDone: () => void,
): Drain {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const untilMs = clock.now() + timeoutMs
  const timer = clock.setTimer(() => finish(false), timeoutMs)
  let over = false

  function finish(empty: boolean): void {
    if (over) return
    over = true
    timer.cancel()
    onDone()
    resolve(empty)
  }

  return {
    isLast,
    done: promise,
    finish,
    consider: (step, hopeless) => {
      const isTimeLeft = clock.now() + step.restMs < untilMs
      if (step.kind === 'idle' && isLast && step.pending && isTimeLeft) return
      if (step.kind === 'idle') finish(!step.pending)
      // A wait that ends in time is waited for, unless nothing would be different after it.
      else if (step.kind === 'broken' || hopeless || !isTimeLeft) finish(false)
    },
  }
}
