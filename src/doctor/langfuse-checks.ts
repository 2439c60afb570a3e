/** Whether what waits for Langfuse gets there. Pure: from the bridge's health. */
import { fine, type Finding, warning, fault, skipped } from './finding.ts'
import type { Health } from './bridge-target.ts'
import type { LangfuseConfig } from '../config/config.ts'
import { probeVerdictOf } from '../exporters/langfuse/verdict.ts'
import type { LangfuseClient } from '../exporters/langfuse/client.ts'
import type { LangfuseReader } from '../exporters/langfuse/reading-client.ts'
import { clockFinding } from './machine-checks.ts'

const LONG_WAIT_MS = 10 * 60_000

export function outboxFindings(health: Health): readonly Finding[] {
  const { pending, dead, dropped, oldestPendingMs } = health
  const findings: Finding[] = []
  if (oldestPendingMs > LONG_WAIT_MS) {
    const minutes = Math.round(oldestPendingMs / 60_000)
    const what = `${pending} items wait for Langfuse, the oldest for ${minutes} minutes`
    findings.push(warning('outbox.pending', what, "Check the bridge's log for Langfuse's answers"))
  }
  if (dead > 0) {
    const what = `${dead} items are dead: Langfuse rejected them, or they became too old`
    findings.push(
      warning(
        'outbox.dead',
        what,
        'claude-telemetry outbox list shows why; then outbox retry or drop',
      ),
    )
  }
  if (dropped > 0) {
    const what = `${dropped} items were deleted for lack of space (OUTBOX_MAX_SIZE)`
    findings.push(
      warning('outbox.dropped', what, 'Make sure that Langfuse is reachable, or raise the limit'),
    )
  }
  return findings.length > 0 ? findings : [fine('outbox', `${pending} items wait for Langfuse`)]
}

// Whether Langfuse is there, new enough, and takes what the bridge sends.

/** The first with the endpoint that spans are sent to. */
const OLDEST_VERSION = '3.22.0'

export interface LangfuseExamination {
  readonly findings: readonly Finding[]
  /** It takes spans. */
  readonly takesSpans: boolean
}

export interface LangfuseClients {
  readonly client: LangfuseClient
  readonly reader: LangfuseReader
}

/** `clients` are absent without keys, `health` when the bridge does not answer. */
export async function examineLangfuse(
  config: LangfuseConfig | undefined,
  clients: LangfuseClients | undefined,
  health: Health | undefined,
  now: () => number,
): Promise<LangfuseExamination> {
  if (config === undefined || clients === undefined) {
    return { findings: [unconfigured(health)], takesSpans: false }
  }
  const { client, reader } = clients
  const answer = await reader.health()
  if (answer.kind === 'no_answer') {
    const finding = fault(
      'langfuse.reachable',
      answer.error,
      'Check LANGFUSE_HOST and the network; nothing is lost in the meantime',
    )
    return { findings: [finding], takesSpans: false }
  }
  const findings: Finding[] = [
    versionFinding(config.baseUrl, answer.status, answer.version),
    ...clockFinding('clock.langfuse', 'Langfuse', answer.dateMs, now()),
  ]
  const verdict = probeVerdictOf(await client.probe(), now())
  if (verdict.kind === 'unauthorized') {
    const todo =
      'Use the LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY of a project on this Langfuse server'
    findings.push(fault('langfuse.keys', `Langfuse rejects the keys (${verdict.reason})`, todo))
  } else if (verdict.kind === 'retry') {
    findings.push(
      fault(
        'langfuse.spans',
        `Langfuse does not accept spans (${verdict.reason})`,
        'Check its log, or try again later',
      ),
    )
  } else {
    findings.push(fine('langfuse.keys', 'keys and spans are accepted'))
    findings.push(await writeModeFinding(reader))
  }
  const takesSpans = verdict.kind === 'accepted'
  return { findings: [...findings, ...bridgeDiffers(health, takesSpans)], takesSpans }
}

function unconfigured(health: Health | undefined): Finding {
  const id = 'langfuse.configured'
  if (health !== undefined && health.langfuse !== 'unconfigured') {
    return skipped(
      id,
      `the bridge has Langfuse keys (${health.langfuse}), but this command does not: give it the same settings (--env-file)`,
    )
  }
  const todo =
    'Set LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_HOST; data stored until then is delivered later'
  return warning(id, 'no Langfuse keys are set: everything is stored here only', todo)
}

function versionFinding(baseUrl: string, status: number, version: string | undefined): Finding {
  const id = 'langfuse.version'
  if (version === undefined) {
    const what = `${baseUrl} is not a Langfuse server (HTTP ${status} from its health endpoint)`
    return fault(id, what, 'Check LANGFUSE_HOST: the address alone, without /api')
  }
  if (version.localeCompare(OLDEST_VERSION, 'en', { numeric: true }) < 0) {
    const what = `Langfuse ${version} has no OTLP endpoint`
    return fault(id, what, `Update Langfuse to ${OLDEST_VERSION} or later`)
  }
  return fine(id, `Langfuse ${version} at ${baseUrl}`)
}

async function writeModeFinding(reader: LangfuseReader): Promise<Finding> {
  const id = 'langfuse.write-mode'
  const mode = await reader.writeMode()
  if (mode === 'events') return fine(id, 'writes events (the default of Langfuse 4)')
  if (mode === 'legacy') return fine(id, 'also answers the Langfuse 3 API')
  const what = 'neither API for reading observations answers'
  return warning(id, what, 'The doctor cannot check whether traces arrive: look in Langfuse')
}

/** The bridge may have been started with other settings than those that are read now. */
function bridgeDiffers(health: Health | undefined, takesSpans: boolean): Finding[] {
  if (health === undefined || !takesSpans || health.langfuse === 'connected') return []
  const what = `Langfuse accepts spans, but the bridge reports it as ${health.langfuse}`
  return [
    fault('langfuse.bridge', what, 'Restart the bridge: it is running with different settings'),
  ]
}
