/**
 * `statusline`: the line that Claude Code shows below its prompt. Reads what the agent tells, asks the
 * bridge, which also records it, and makes do without the bridge.
 */
import { askStatus } from '../../api/status-client.ts'
import type { Platform } from '../../config/folders.ts'
import { readStatusInput, recordedPart } from './input.ts'
import { MAX_STATUS_WIDTH, STATUS_PARTS, statusLine, type StatusPart } from './line.ts'
import { statusLineSettings } from './settings.ts'

export interface StatusLineWish {
  readonly parts: readonly StatusPart[]
  readonly width: number
}

export interface StatusLineProcess {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly platform: Platform
  /** What the agent wrote. */
  readonly input: string
  readonly nowMs: number
}

/** How long the bridge is waited for. Its answer takes some milliseconds. */
const TIMEOUT_MS = 100

export const USUAL_LINE: StatusLineWish = { parts: STATUS_PARTS, width: MAX_STATUS_WIDTH }

/** The line, without its end; empty when neither the agent nor the bridge tells anything. */
export async function runStatusLine(
  { parts, width }: StatusLineWish,
  { environment, platform, input, nowMs }: StatusLineProcess,
): Promise<string> {
  const told = parsed(input)
  const known = readStatusInput(told)
  const figures =
    known.sessionId === undefined
      ? undefined
      : await askStatus({
          ...statusLineSettings(environment, platform),
          agent: 'claude-code',
          body: JSON.stringify(recordedPart(told)),
          timeoutMs: TIMEOUT_MS,
        })
  return statusLine(known, figures, { parts, width, nowMs })
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
