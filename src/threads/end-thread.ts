/**
 * Ends a worker thread. Terminating one that is still loading its modules, or is inside a native
 * addon, can bring down the whole process (nodejs/node#56312, WiseLibs/better-sqlite3#1507), so a
 * thread is asked to end, and terminated only where it does not.
 */
import { setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

/** A thread answers what it is at within this; after it, it counts as stuck. */
const GRACE_MS = 5_000

/**
 * Posts `message`, on which the thread closes its port, and resolves once it has ended. It keeps
 * the process alive until then.
 *
 * @param graceMs how long it may take before it is terminated
 */
export async function endThread(
  thread: Worker,
  message: unknown,
  graceMs = GRACE_MS,
): Promise<void> {
  // One that has ended has no id, and no exit is told any more.
  if (thread.threadId === -1) return
  // Not `once`, which rejects where the thread fails before it exits.
  const exited = new Promise<false>((resolve) => thread.once('exit', () => resolve(false)))
  const settled = new AbortController()
  thread.ref()
  thread.postMessage(message)
  const stuck = setTimeout(graceMs, true, { signal: settled.signal }).catch(() => false)
  const isStuck = await Promise.race([exited, stuck])
  settled.abort()
  if (isStuck) await thread.terminate()
}
