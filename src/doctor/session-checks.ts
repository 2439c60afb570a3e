/** What the stored sessions of the last day say about the telemetry that arrives. */
import { isStoreMissing, openReader } from '../storage/beside.ts'
import type { StorePlace } from '../storage/store-place.ts'
import { fine, type Finding, warning } from './finding.ts'

const DAY_MS = 86_400_000

/** Nothing where nothing is stored, or it cannot be read: other checks say so. */
export async function sessionFindings(
  place: StorePlace,
  nowMs: number,
): Promise<readonly Finding[]> {
  if (isStoreMissing(place)) return []
  const opened = await openReader(place)
  if (!opened.ok) return []
  try {
    return [eventsFinding(await opened.value.eventGaps.since(nowMs - DAY_MS))]
  } finally {
    await opened.value.close()
  }
}

function eventsFinding({
  sessions,
  metricsUsd,
}: {
  readonly sessions: number
  readonly metricsUsd: number
}): Finding {
  const id = 'sessions.events'
  if (sessions === 0) return fine(id, 'no session of the last day is known from metrics only')
  const which = sessions === 1 ? 'a session' : `${sessions} sessions`
  const what = `events of ${which} of the last day are missing: $${metricsUsd.toFixed(2)} is known from metrics only`
  return warning(
    id,
    what,
    'Check OTEL_LOGS_EXPORTER and the logs endpoint; a resumed session may have stopped sending them: restart it',
  )
}
