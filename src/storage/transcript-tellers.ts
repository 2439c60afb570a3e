/** What both engines look for when telemetry may have told of lines in a file of another session. */
import type { OlderLine } from '../domain/transcript-files.ts'

/** Sessions of that time that are looked through. */
export const MAX_NEAR = 200
/** Telemetry dates a call later than its line does. */
const SLACK_MS = 60_000

/** A key or a prompt's id, and the session whose telemetry has it. */
export interface Told {
  readonly told: string
  readonly sessionId: string
}

/** When sessions that wrote them were at work, epoch ms. */
export function spanOf(lines: readonly OlderLine[]): {
  readonly fromMs: number
  readonly toMs: number
} {
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { timeMs } of lines) {
    fromMs = Math.min(fromMs, timeMs)
    toMs = Math.max(toMs, timeMs)
  }
  return { fromMs: fromMs - SLACK_MS, toMs: toMs + SLACK_MS }
}

export function soughtOf(lines: readonly OlderLine[]): {
  readonly keys: readonly string[]
  readonly promptIds: readonly string[]
} {
  const promptIds = lines.flatMap(({ promptId }) => (promptId === undefined ? [] : [promptId]))
  return { keys: lines.flatMap(({ keys }) => keys), promptIds }
}

/** In the order of the lines. */
export function writersOf(
  lines: readonly OlderLine[],
  told: readonly Told[],
): readonly (string | undefined)[] {
  const writers = new Map(told.map((row) => [row.told, row.sessionId]))
  return lines.map(({ keys, promptId = '' }) => {
    for (const id of [...keys, promptId]) {
      const writer = writers.get(id)
      if (writer !== undefined) return writer
    }
    return undefined
  })
}
