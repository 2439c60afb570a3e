/** Whether what waits for Langfuse gets there. Pure: from the bridge's health. */
import { fine, type Finding, warning } from './finding.ts'
import type { Health } from './health-answer.ts'

const LONG_WAIT_MS = 10 * 60_000

export function outboxFindings(health: Health): readonly Finding[] {
  const { pending, dead, dropped, oldestPendingMs } = health
  const findings: Finding[] = []
  if (oldestPendingMs > LONG_WAIT_MS) {
    const minutes = Math.round(oldestPendingMs / 60_000)
    const what = `${pending} items wait for Langfuse, the oldest for ${minutes} minutes`
    findings.push(
      warning('outbox.pending', what, "Look at the bridge's log for what Langfuse answers"),
    )
  }
  if (dead > 0) {
    const what = `${dead} items were put aside: Langfuse refused them, or they grew too old`
    findings.push(
      warning(
        'outbox.dead',
        what,
        'claude-telemetry outbox list shows why; then outbox retry or drop',
      ),
    )
  }
  if (dropped > 0) {
    const what = `${dropped} items were deleted for want of room (OUTBOX_MAX_SIZE)`
    findings.push(
      warning('outbox.dropped', what, 'See to it that Langfuse is reachable, or allow more room'),
    )
  }
  return findings.length > 0 ? findings : [fine('outbox', `${pending} items wait for Langfuse`)]
}
