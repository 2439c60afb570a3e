/**
 * The end of one request: its time is up, or the caller stops. Unlike `AbortSignal.timeout` and
 * `AbortSignal.any` it leaves nothing behind once cleared; those keep a timer and two signals
 * for the whole timeout of every request that was answered long ago.
 */

export interface Deadline {
  readonly signal: AbortSignal
  /** True when the time was up, false while it runs or when the caller stopped. */
  isOver(): boolean
  clear(): void
}

export function createDeadline(timeoutMs: number, stop: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  let over = false
  const timer = setTimeout(() => {
    over = true
    controller.abort()
  }, timeoutMs)
  const abort = () => controller.abort(stop?.reason)
  if (stop?.aborted) abort()
  else stop?.addEventListener('abort', abort)

  return {
    signal: controller.signal,
    isOver: () => over,
    clear: () => {
      clearTimeout(timer)
      stop?.removeEventListener('abort', abort)
    },
  }
}
