/**
 * Whether one setting of Claude Code's environment stands in the way of another. Pure.
 */
import type { ClaudeEnvironment } from './claude-environment.ts'
import { type Finding, quote, warning } from './finding.ts'

/** Two places that say different things: one of them is not what its writer believes. */
export function overrideFindings(environment: ClaudeEnvironment): readonly Finding[] {
  return [
    'CLAUDE_CODE_ENABLE_TELEMETRY',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_LOGS_EXPORTER',
  ].flatMap((name) => {
    const set = environment.get(name)
    if (set === undefined || set.over.length === 0) return []
    const what = `${name} is ${quote(set.value)} from ${set.from}, which overrides ${set.over.join(' and ')}`
    return [
      warning(
        'telemetry.overridden',
        what,
        `Remove it from ${set.over.join(' and ')}, or make them agree`,
      ),
    ]
  })
}
